"""The contracts as a pytest plugin: one test a check. Knows the bench; knows nothing of what is checked."""

from collections.abc import Callable, Generator
from typing import Any, Final

import pytest

from waldur_billing_mock.contracts.bench import Bench
from waldur_billing_mock.contracts.checks import Check
from waldur_billing_mock.contracts.findings import Result, Verdict

NAME: Final = "waldur-contracts"
_RESULT: Final = pytest.StashKey[Result]()


class ContractBroken(AssertionError):
    """A check that found a broken contract; the text is that of the report."""


class ContractPlugin:
    """Gives the tests their checks, keeps the results, and has every change taken back."""

    def __init__(self, bench: Bench, progress: Callable[[Result, int, int], None]) -> None:
        self.bench: Final = bench
        self.results: Final[list[Result]] = []
        self._progress: Final = progress
        self._verdict: Verdict | None = None

    def verdict(self) -> Verdict:
        """The verdict on what was judged so far; undoes what is still changed."""
        if self._verdict is None:
            self._verdict = self.bench.verdict(self.results)
        return self._verdict

    def judge(self, check: Check) -> Result:
        """The result of one check. Raises `ContractBroken` where it is broken, or a deviation that must not be."""
        result = self.bench.judge(check)
        self._keep(result)
        strict = self.bench.settings.strict and result.outcome == "known deviation"
        if result.outcome == "broken" or strict:
            raise ContractBroken("; ".join(finding.complaint.what for finding in result.findings))
        return result

    def _keep(self, result: Result) -> None:
        self.results.append(result)
        self._progress(result, len(self.results), len(self.bench.checks))

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test gets the checks of the kind after which its module is named."""
        if "check" in metafunc.fixturenames:
            kind = metafunc.module.__name__.rpartition(".")[2].removeprefix("test_")
            chosen = [check for check in self.bench.checks if check.kind == kind]
            metafunc.parametrize("check", chosen, ids=[check.id for check in chosen])

    @pytest.fixture
    def judge_check(self, request: pytest.FixtureRequest) -> Callable[[Check], None]:
        """Judges a check and keeps what became of it."""

        def judge(check: Check) -> None:
            request.node.stash[_RESULT] = self.judge(check)

        return judge

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """The order of the checks is that of the bench: reading before writing, fuzzing last."""
        order = {check.id: number for number, check in enumerate(self.bench.checks)}

        found = [(check, item) for item in items if isinstance(check := _check_of(item), Check)]
        found.sort(key=lambda pair: order[pair[0].id])
        items[:] = [item for _, item in found]

    def pytest_keyboard_interrupt(self) -> None:
        """A run that somebody ends has not judged everything."""
        self.bench.stopped = "interrupted"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """What was not exercised is reported as skipped, never as passed. A check that gave up has a result as well."""
        report = yield
        error = call.excinfo.value if call.excinfo is not None else None
        check = _check_of(item)
        if isinstance(error, Exception) and not isinstance(error, ContractBroken) and isinstance(check, Check):
            self._keep(self.bench.not_judged(check, error))
        result = item.stash.get(_RESULT, None)
        if report.when == "call" and result is not None and result.outcome == "not exercised":
            report.outcome = "skipped"
            report.longrepr = (str(item.path), 0, f"not exercised: {result.reason}")
        return report


def _check_of(item: Any) -> object:
    return item.callspec.params.get("check") if hasattr(item, "callspec") else None
