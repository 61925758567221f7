"""The suite catches planted defects; all of them are tried by `make mutants`, one of each chapter here."""

import pytest

from tests.mutants import run
from tests.mutants.combined import unknown
from tests.mutants.defects import CHAPTERS, DEFECTS
from tests.mutants.run import Task, judge, main


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_defect_of_each_chapter_is_caught(chapter: str) -> None:
    defect = CHAPTERS[chapter][0]

    outcome = judge(Task(defect.identifier, chapter, deployed=False))

    assert outcome.fate == "caught", outcome.what


def test_a_defect_of_a_deployment_is_told_from_its_known_deviations() -> None:
    outcome = judge(Task("tax-on-the-wrong-base", "money"))

    assert outcome.fate == "caught", outcome.what
    assert outcome.check.startswith("invariants/")


def test_what_the_healthy_mock_is_blamed_for_too_catches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_alarms", lambda check, healthy: frozenset({check}))
    monkeypatch.setattr(run, "ALL", ("invariants/invoices_growth_retrieve",))
    monkeypatch.setattr(run, "LIKELY", {})

    outcome = judge(Task("growth-one-month-off", "months", deployed=False))

    assert outcome.fate == "survived"


def test_defects_and_peculiarities_that_are_combined_exist() -> None:
    assert unknown() == set()


def test_only_defects_that_reading_cannot_show_are_run_with_writes_allowed() -> None:
    tasks = [task for task in run.chosen((), "quick", deployed=True, read_only=False) if task.defect != run.HEALTHY]

    assert all(task.writes != DEFECTS[task.defect].by_reading for task in tasks)


def test_an_unknown_name_is_refused_with_the_chapters(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--only", "money", "--only", "no-such-defect"])

    assert code == 2
    assert "No defect is named no-such-defect; chapters are forms, money" in capsys.readouterr().err
