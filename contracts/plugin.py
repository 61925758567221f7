"""The contracts as a pytest plugin, the second way to make the same checks: one test a check."""

from collections.abc import Callable, Generator
from typing import Any, Final

import pytest

from waldur_billing_mock.contracts.checks import Check
from waldur_billing_mock.contracts.findings import Result, Verdict
from waldur_billing_mock.contracts.runner import Runner

NAME: Final = "waldur-contracts"
_RESULT: Final = pytest.StashKey[Result]()


class ContractBroken(AssertionError):
    """A check that found a broken contract, or that ended in an error; the text is that of the report."""


class ContractPlugin:
    """Gives the tests their checks, keeps the results, and has every change undone."""

    def __init__(self, runner: Runner) -> None:
        self.runner: Final = runner
        self._verdict: Verdict | None = None

    def verdict(self) -> Verdict:
        """The verdict on what was judged so far; undoes what is still changed."""
        if self._verdict is None:
            self._verdict = self.runner.verdict()
        return self._verdict

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test gets the checks of the kind after which its module is named."""
        if "check" in metafunc.fixturenames:
            kind = metafunc.module.__name__.rpartition(".")[2].removeprefix("test_")
            chosen = [check for check in self.runner.checks if check.kind == kind]
            metafunc.parametrize("check", chosen, ids=[check.id for check in chosen])

    @pytest.fixture
    def judge_check(self, request: pytest.FixtureRequest) -> Callable[[Check], None]:
        """Makes a check. Raises `ContractBroken` where it is broken, or a deviation that must not be."""

        def judge(check: Check) -> None:
            result = request.node.stash[_RESULT] = self.runner.judge(check)
            self.runner.results.append(result)
            strict = self.runner.settings.strict and result.outcome in ("known deviation", "note")
            if result.outcome in ("broken", "error") or strict:
                complaints = "; ".join(finding.complaint.what for finding in result.findings)
                raise ContractBroken(complaints or result.reason)

        return judge

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """The order of the checks is that of the runner: reading before writing, generated requests last."""
        order = {check.id: number for number, check in enumerate(self.runner.checks)}
        found = [(check, item) for item in items if isinstance(check := _check_of(item), Check)]
        found.sort(key=lambda pair: order[pair[0].id])
        items[:] = [item for _, item in found]

    def pytest_keyboard_interrupt(self) -> None:
        """A run that somebody ends has not judged everything."""
        self.runner.stopped = "interrupted"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """What was not exercised is reported as skipped, never as passed."""
        report = yield
        result = item.stash.get(_RESULT, None)
        if report.when == "call" and result is not None and result.outcome == "not exercised":
            report.outcome = "skipped"
            report.longrepr = (str(item.path), 0, f"not exercised: {result.reason}")
        return report


def _check_of(item: Any) -> object:
    return item.callspec.params.get("check") if hasattr(item, "callspec") else None
