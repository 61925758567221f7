"""Keeps results in a file while they come, so that a run that was stopped can go on where it ended."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from waldur_billing_mock.contracts.checks import Check
from waldur_billing_mock.contracts.findings import Result
from waldur_billing_mock.contracts.redaction import Redactor
from waldur_billing_mock.contracts.reports.mask import Mask
from waldur_billing_mock.contracts.reports.report import ReportedResult, reported, result_of
from waldur_billing_mock.contracts.runner import Progress, Runner
from waldur_billing_mock.contracts.settings import Unusable


class Resume:
    """A file with a line for the run and one for each result. Raises `Unusable` where it is of another run."""

    def __init__(self, path: Path, runner: Runner, redact: Redactor) -> None:
        self._path: Final = path
        self._runner: Final = runner
        self._redact: Final = redact
        self._mask: Final = Mask(runner.settings.shows_data, runner.description.words)
        self._head: Final = {
            "target": runner.target.name,
            "revision": runner.description.revision,
            "dialect": runner.description.dialect,
            "profile": runner.settings.profile.name,
            "seed": runner.settings.seed,
        }
        self.earlier: Final = tuple(self._read())

    def remaining(self, checks: Sequence[Check]) -> Sequence[Check]:
        """The checks that are still to be made; what the server lacks is always looked at."""
        known = {result.id for result in self.earlier}
        return [check for check in checks if check.kind == "survey" or check.id not in known]

    def watched(self, progress: Progress) -> Callable[[Result, int, int], None]:
        """A progress that also keeps each result."""

        def keep(result: Result, number: int, of_all: int) -> None:
            if not (self._runner.stopped and result.outcome == "not exercised"):
                record = reported(result, self._runner.target.base, self._mask)
                self._append(json.dumps(asdict(record)))
            progress(result, number, of_all)

        return keep

    def finish(self) -> None:
        """Removes the file of a run that has come to its end."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> list[ReportedResult]:
        if not self._path.exists():
            self._append(json.dumps(self._head))
            return []
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
            head = json.loads(lines[0])
            results = [result_of(json.loads(line)) for line in lines[1:]]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise Unusable(
                f"--resume {self._path}: this is no file of an earlier run ({type(error).__name__})."
            ) from None
        if head != self._head:
            raise Unusable(f"--resume {self._path}: it is of another run ({head}).")
        return [result for result in results if result.kind != "survey"]

    def _append(self, line: str) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(self._redact(line) + "\n")
        except OSError as error:
            raise Unusable(f"--resume {self._path} cannot be written: {error}.") from None
