"""What the composition root takes from the description for the world that it builds."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.descriptions import description
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.start_world import FIRST_WITH_GRACE, create_stage
from waldur_billing_mock.mock_server.testing import Mock
from waldur_billing_mock.openapi.revision import choose, revisions


@pytest.mark.parametrize(
    ("revision", "wire", "copied"), [("8.0.9", True, True), ("8.0.9", False, False), ("documents", True, False)]
)
def test_the_details_of_credit_compensations_are_copied_where_the_description_says_so(
    revision: str, wire: bool, copied: bool
) -> None:
    world = create_stage(Settings(revision=revision, wire=wire)).world

    paid = [item for item in world.invoice_items if item.credit]

    assert paid
    assert all(bool(item.details) is copied for item in paid)
    assert all(world.invoice_items.get(str(item.details["compensation_of_item"])) for item in paid if copied)


@pytest.mark.parametrize("wire", [False, True], ids=["documented", "wire"])
@pytest.mark.parametrize("revision", ["8.0.2", "8.0.9", "latest"])
def test_an_invoice_waits_to_be_finalized_in_the_releases_that_have_the_state(revision: str, wire: bool) -> None:
    chosen = choose(DESCRIPTION, revision).revision
    with Mock(revision=chosen, wire=wire, grace_hours=24) as mock, mock.client() as client:
        pending = client.get("/api/invoices/", params={"state": "pending", "page_size": 300}).json()

        counts = mock.clock.advance(until="month-end")["counts"]

        waiting = client.get("/api/invoices/", params={"state": "pending_finalization", "page_size": 300}).json()
        assert counts["invoice_pending_finalization"] == len(pending) == len(waiting) > 0
        assert {row["uuid"] for row in waiting} == {row["uuid"] for row in pending}
        assert {row["invoice_date"] for row in waiting} == {None}
        assert client.post(f"/api/invoices/{waiting[0]['uuid']}/paid/").status_code == 409
        mock.clock.advance(by="P1D")
        assert client.get("/api/invoices/", params={"state": "pending_finalization"}).json() == []
        closed = client.get(f"/api/invoices/{waiting[0]['uuid']}/").json()
        assert (closed["state"] in ("created", "paid"), closed["invoice_date"]) == (True, "2025-12-02")


@pytest.mark.parametrize("revision", ["documents", "8.0.0"])
def test_a_release_without_the_state_has_no_grace_period(revision: str) -> None:
    with pytest.raises(ValueError, match=rf"the revision {revision} has no state pending_finalization"):
        create_stage(Settings(revision=revision, grace_hours=1))


def test_the_first_release_with_the_state_is_the_one_that_messages_name() -> None:
    names = list(revisions(DESCRIPTION))
    before = names[names.index(FIRST_WITH_GRACE) - 1]

    states = [
        description(name)["components"]["schemas"]["InvoiceStateEnum"]["enum"] for name in (before, FIRST_WITH_GRACE)
    ]

    assert ["pending_finalization" in found for found in states] == [False, True]


@pytest.mark.parametrize(("revision", "state"), [("documents", "pending"), ("8.1.3", "pending_finalization")])
def test_an_invoice_of_a_file_that_waits_is_still_pending_in_older_releases(
    revision: str, state: str, tmp_path: Path
) -> None:
    content = {
        "grace_period_hours": 5,
        "users": [{"username": "staff", "token": "YOUR_API_TOKEN", "is_staff": True}],
        "customers": [{"uuid": "5f1c2b3a000040008000000000000001", "name": "University"}],
        "invoices": [{"customer_uuid": "5f1c2b3a000040008000000000000001", "state": "pending_finalization"}],
    }
    file = tmp_path / "world.json"
    file.write_text(json.dumps(content), encoding="utf-8")

    world = create_stage(Settings(revision=revision, world=file)).world

    assert [invoice.state for invoice in world.invoices] == [state]
    assert world.settings.grace_period == timedelta(hours=5 if state == "pending_finalization" else 0)
