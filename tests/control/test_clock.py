"""The clock is read, set and advanced; the answer tells what happened on the way."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.serving import serving
from waldur_billing_mock.fixtures import Size
from waldur_billing_mock.mock_server.control import ctl
from waldur_billing_mock.mock_server.control.client import MockError
from waldur_billing_mock.mock_server.testing.mock import Mock, MockSession


def test_the_clock_is_told_and_set(mock: Mock) -> None:
    assert mock.clock.now().isoformat() == "2025-12-05T09:00:00+00:00"

    answer = mock.clock.set("2025-12-31T23:59:59Z")

    assert (answer["before"], answer["now"]) == ("2025-12-05T09:00:00+00:00", "2025-12-31T23:59:59+00:00")
    assert answer["happened"] == []
    assert mock.clock.now().isoformat() == "2025-12-31T23:59:59+00:00"


@pytest.mark.parametrize(
    ("move", "now"),
    [
        ({"by": "P1M"}, "2026-01-05T09:00:00+00:00"),
        ({"by": "P1Y2M"}, "2027-02-05T09:00:00+00:00"),
        ({"by": "PT36H"}, "2025-12-06T21:00:00+00:00"),
        ({"by": "P2W"}, "2025-12-19T09:00:00+00:00"),
        ({"to": "2026-04-01"}, "2026-04-01T00:00:00+00:00"),
        ({"to": "2026-04-01T02:00:00+02:00"}, "2026-04-01T00:00:00+00:00"),
        ({"until": "month-end"}, "2026-01-01T00:00:00+00:00"),
    ],
)
def test_time_passes_by_a_duration_to_an_instant_or_until_the_end_of_the_month(
    mock: Mock, move: dict[str, Any], now: str
) -> None:
    assert mock.clock.advance(**move)["now"] == now
    assert mock.clock.now().isoformat() == now


def test_a_month_that_ends_is_finalized_and_the_next_one_is_opened() -> None:
    with Mock() as mock, mock.client() as client:
        pending = client.get("/api/invoices/", params={"state": "pending", "page_size": 300}).json()

        answer = mock.clock.advance(until="month-end")

        closed = {row["uuid"] for row in answer["happened"] if row["type"] in ("invoice_created", "invoice_paid")}
        opened = {row["uuid"] for row in answer["happened"] if row["type"] == "invoice_opened"}
        assert closed == {row["uuid"] for row in pending}
        assert answer["counts"]["month_closed"] == 1
        assert answer["counts"]["credit_applied"] >= 1
        for row in pending:
            now = client.get(f"/api/invoices/{row['uuid']}/").json()
            assert (now["state"] in ("created", "paid"), now["invoice_date"], now["due_date"]) == (
                True,
                "2025-12-01",
                "2025-12-31",
            )
        now_pending = client.get("/api/invoices/", params={"state": "pending", "page_size": 300}).json()
        assert {row["uuid"] for row in now_pending} == opened
        assert {(row["year"], row["month"]) for row in now_pending} == {(2025, 12)}
        assert any(float(row["price"]) > 0 for row in now_pending)


def test_a_year_in_one_call_is_a_year_in_twelve() -> None:
    with Mock(size=Size(5, 2, 4)) as mock:
        at_once, by_month = mock.session("at-once"), mock.session("by-month")

        answer = at_once.clock.advance("P1Y")
        one_by_one = []
        for _ in range(12):
            one_by_one += by_month.clock.advance("P1M")["happened"]
            figures_must_agree(by_month)

        figures_must_agree(at_once)
        assert at_once.world.export() == by_month.world.export()
        assert answer["happened"] == one_by_one
        assert answer["counts"]["month_closed"] == 12


def figures_must_agree(session: MockSession) -> None:
    """What the API says of invoices, items and totals follows from the items."""
    with session.client() as client:
        invoices = client.get("/api/invoices/", params={"page_size": 300}).json()
        items = client.get("/api/invoice-items/", params={"page_size": 300})
        total = client.get("/api/invoice-items/total_price/").json()["total_price"]
        growth = client.get("/api/invoices/growth/").json()
    by_invoice: dict[str, Decimal] = {}
    exact = Decimal(0)
    for item in items.json():
        exact += Decimal(item["unit_price"]) * Decimal(item["quantity"])
        by_invoice[item["invoice"]] = by_invoice.get(item["invoice"], Decimal(0)) + Decimal(str(item["price"]))
    assert int(items.headers["X-Result-Count"]) == len(items.json()) < 300
    assert Decimal(total) == exact
    gross: dict[str, Decimal] = {}
    for invoice in invoices:
        net, tax = Decimal(str(invoice["price"])), Decimal(str(invoice["tax"]))
        assert net == by_invoice.get(invoice["url"], Decimal(0))
        assert Decimal(str(invoice["total"])) == net + tax
        month = f"{invoice['year']}-{invoice['month']}"
        gross[month] = gross.get(month, Decimal(0)) + net + tax
    for month, figure in zip(growth["periods"], growth["total_periods"], strict=True):
        assert abs(Decimal(str(figure)) - gross.get(month, Decimal(0))) < Decimal("0.1")


def test_each_thing_that_happened_is_an_event(mock: Mock) -> None:
    answer = mock.clock.advance("P2M")

    events = list(mock.events.stream(since=0, limit=len(answer["happened"])))

    assert [{name: event[name] for name in event if name not in ("id", "session")} for event in events] == answer[
        "happened"
    ]


def test_set_back_only_the_clock_changes_and_no_month_is_billed_twice(mock: Mock) -> None:
    mock.clock.advance(until="month-end")
    there = mock.world.export()

    back = mock.clock.set("2025-12-05T09:00:00Z")
    again = mock.clock.set("2026-01-01")

    assert (back["now"], back["happened"]) == ("2025-12-05T09:00:00+00:00", [])
    assert again["counts"] == {"month_closed": 1}
    assert mock.world.export() == there


@pytest.mark.parametrize(
    ("move", "field", "message"),
    [
        ({}, "non_field_errors", "Give at least one field."),
        ({"by": "P1M", "to": "2026-04-01"}, "non_field_errors", "Give at most one field, not by, to."),
        ({"by": "a month"}, "by", "'a month' is not a duration; write it as P1M"),
        ({"by": "P0.5M"}, "by", "fractional"),
        ({"by": "-P1M"}, "by", "goes back in time"),
        ({"by": "P9999Y"}, "by", "cannot be added"),
        ({"by": "P7000Y"}, "by", "at most 120 months"),
        ({"by": "P20Y"}, "by", "at most 120 months"),
        ({"to": "yesterday"}, "to", "'yesterday' is not a date"),
        ({"to": "2025-12-01"}, "to", "is before the clock"),
        ({"to": "1700-01-01"}, "to", "between the years 1900 and 9990"),
        ({"until": "year-end"}, "until", "is not a valid choice"),
        ({"weeks": 2}, "weeks", "This field is not known."),
    ],
)
def test_a_move_that_makes_no_sense_changes_nothing(mock: Mock, move: dict[str, Any], field: str, message: str) -> None:
    before = mock.world.export()

    with pytest.raises(MockError) as caught:
        mock.call("clock_advance", body=move)

    assert caught.value.status == 400
    assert message in caught.value.said[field][0]
    assert mock.world.export() == before


def test_commands_move_the_clock(capsys: pytest.CaptureFixture[str]) -> None:
    with serving("--scenario", "one-invoice") as served:
        at = ("--url", served.url, "clock")

        assert ctl.main([*at, "advance", "--by", "P1M"]) == 0
        assert ctl.main([*at, "set", "--now", "2026-03-01"]) == 0
        assert ctl.main([*at, "advance", "--until", "month-end"]) == 0
        capsys.readouterr()
        assert ctl.main([*at, "get"]) == 0

    assert "2026-04-01T00:00:00+00:00" in capsys.readouterr().out


class TimeOfDay:
    """A clock on the wall that stands where it is put."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_with_a_real_clock_time_passes_by_itself_and_months_end(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = TimeOfDay()
    monkeypatch.setattr("waldur_billing_mock.mock_server.app._now", wall)
    with Mock(scenario="month-end", clock="real") as mock, mock.client() as client:
        assert mock.call("clock_get") == {"now": "2025-11-30T23:55:00+00:00", "mode": "real"}
        wall.now += timedelta(minutes=4, seconds=59.9)
        assert client.get("/api/invoices/", params={"state": "pending"}).headers["X-Result-Count"] == "10"
        assert mock.clock.now().isoformat() == "2025-11-30T23:59:59+00:00"

        wall.now += timedelta(seconds=1)

        rows = client.get("/api/invoices/", params={"state": "pending", "page_size": 300}).json()
        assert {(row["year"], row["month"]) for row in rows} == {(2025, 12)}
        assert [event["type"] for event in mock.events.stream(since=0, limit=1)] in (
            ["credit_applied"],
            ["invoice_created"],
            ["invoice_paid"],
        )


def test_a_real_clock_that_is_set_goes_on_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = TimeOfDay()
    monkeypatch.setattr("waldur_billing_mock.mock_server.app._now", wall)
    with Mock(scenario="one-invoice", clock="real") as mock:
        other = mock.session("other")
        assert mock.clock.now() == other.clock.now()
        for now in ("2026-03-01T00:00:00+00:00", "2025-01-01T00:00:00+00:00"):
            mock.clock.set(now)
            wall.now += timedelta(days=2)
            assert mock.clock.now() == datetime.fromisoformat(now) + timedelta(days=2)
        mock.reset()

        assert mock.clock.now().isoformat() == "2025-12-05T09:00:00+00:00"
        assert other.clock.now().isoformat() == "2025-12-09T09:00:00+00:00"
