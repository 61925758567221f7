"""The checks as a whole: there is one for everything, each explains itself, and the baseline is kept."""

from datetime import date
from pathlib import Path

import pytest

from waldur_billing_mock.contracts.__main__ import main
from waldur_billing_mock.contracts.baseline import load
from waldur_billing_mock.contracts.checks import checks
from waldur_billing_mock.contracts.description import FOLDER, REVISIONS, describe
from waldur_billing_mock.contracts.exchange import Complaint
from waldur_billing_mock.contracts.roles import table
from waldur_billing_mock.contracts.settings import PROFILES, Unusable
from waldur_billing_mock.openapi import revision as revisions

TODAY = date(2026, 11, 22)
COMPLAINT = Complaint("the price must agree", "/components/schemas/Invoice/properties/price")


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_operation_has_an_invariant_a_role_for_everybody_and_a_shape(revision: str) -> None:
    description = describe(revision)

    made = {check.id for check in checks(description, tuple(table()["sees"]), PROFILES["quick"])}
    judged = {id.split("/")[1] for id in made if id.startswith("invariants/")}

    assert judged == set(description.operations)
    for operation_id in description.operations:
        assert {f"shapes/{operation_id}", f"roles/staff/{operation_id}"} <= made


def test_every_check_says_in_a_sentence_what_it_requires() -> None:
    made = checks(describe("documents"), tuple(table()["sees"]), PROFILES["night"])

    assert len({check.id for check in made}) == len(made)
    assert all(check.requirement.endswith(".") for check in made)


def test_a_check_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["explain", "invariants/invoices_paid"])

    assert code == 0
    assert "POST /api/invoices/{uuid}/paid/" in capsys.readouterr().out


def test_a_check_that_does_not_exist_cannot_be_explained() -> None:
    assert main(["explain", "invariants/nothing"]) == 2


def test_the_baseline_accepts_until_its_day_and_tells_what_is_stale(tmp_path: Path) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(
        "- {check: 'invariants/a', reason: known, expires: 2026-12-31}\n"
        "- {check: 'invariants/b', reason: past, expires: 2026-01-01}\n"
        "- {check: 'invariants/c', reason: gone, expires: 2026-12-31}\n",
        encoding="utf-8",
    )
    baseline = load(path, TODAY)

    accepted = [baseline.reason(f"invariants/{name}", COMPLAINT) for name in "ab"]

    assert accepted == ["known (until 2026-12-31)", ""]
    assert baseline.stale() == (
        "invariants/b: expired on 2026-01-01",
        "invariants/c: nothing matches it any more",
    )


def test_a_baseline_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text("- {check: 'invariants/a', expires: 2026-12-31}\n", encoding="utf-8")

    with pytest.raises(Unusable, match="reason"):
        load(path, TODAY)


@pytest.mark.slow
def test_schemathesis_still_works_as_the_shapes_need_it(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--profile", "quick", "--only", "shapes/"])

    assert code == 0, capsys.readouterr().out
    assert describe("documents").document == revisions.describe(FOLDER, "documents", tolerant=True)
