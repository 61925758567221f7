"""The checks as a whole: there is one for everything, and each explains itself."""

import pytest

from waldur_billing_mock.contracts.__main__ import main
from waldur_billing_mock.contracts.checks import checks
from waldur_billing_mock.contracts.description import FOLDER, REVISIONS, describe
from waldur_billing_mock.contracts.roles import table
from waldur_billing_mock.contracts.settings import PROFILES
from waldur_billing_mock.openapi import revision as revisions


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


@pytest.mark.slow
def test_schemathesis_still_works_as_the_shapes_need_it(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--profile", "quick", "--only", "shapes/"])

    assert code == 0, capsys.readouterr().out
    assert describe("documents").document == revisions.describe(FOLDER, "documents", tolerant=True)
