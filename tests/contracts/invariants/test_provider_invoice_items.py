"""Provider items: each check passes a healthy mock, and reports what was altered in its answers."""

import json
from typing import Any, Final

import pytest

from tests.contracts.altered import (
    INVOICES,
    PROVIDER_ITEMS,
    Change,
    answered,
    context,
    judged,
    lines,
    rows,
    said,
    setting,
    shown,
)

LIST: Final = "invariants/provider_invoice_items_list"
CHECKS: Final = (
    f"{LIST}/the_price_of_a_provider_item_is_unit_price_times_quantity",
    f"{LIST}/what_a_provider_sold_is_what_invoices_show",
    f"{LIST}/the_latest_invoices_come_first",
    f"{LIST}/staff_sees_every_line",
    "invariants/provider_invoice_items_retrieve/an_item_by_its_number_is_the_item_of_the_list",
)
BY_NUMBER: Final = "/api/provider-invoice-items/[0-9]+/"
LATEST: Final = "the latest invoices must come first"


@pytest.mark.parametrize("check", CHECKS)
def test_a_healthy_mock_passes(check: str) -> None:
    assert judged(check)[:2] == ("kept", ())


@pytest.mark.parametrize(
    ("check", "change", "what"),
    [
        (
            CHECKS[0],
            rows(PROVIDER_ITEMS, setting(price="7")),
            "the price of an item and unit price × quantity must agree",
        ),
        (
            CHECKS[1],
            rows(PROVIDER_ITEMS, setting(name="x")),
            "a provider item and the line of the invoice must agree",
        ),
        (CHECKS[1], lines(setting(uuid="e" * 32)), "kept"),
        (CHECKS[2], shown(PROVIDER_ITEMS, lambda value: value[::-1]), LATEST),
        (CHECKS[3], shown(PROVIDER_ITEMS, lambda value: value[1:]), "staff must see every line of every invoice"),
        (CHECKS[4], rows(BY_NUMBER, setting(name="x")), "the item and the row of the list must agree"),
        (
            CHECKS[4],
            rows(BY_NUMBER, setting(url="http://mock.invalid/" + "e" * 32 + "/")),
            "the url and the identifier of an object must agree",
        ),
        (
            CHECKS[4],
            answered(BY_NUMBER, 404),
            "not exercised: no number of a provider item is known; answers do not show them",
        ),
    ],
)
def test_what_is_wrong_is_told(check: str, change: Change, what: str) -> None:
    assert said(check, change) == what


def test_only_staff_sees_all_that_is_sold() -> None:
    assert said(CHECKS[3], role="owner") == "not exercised: only staff sees all that is sold"


def test_what_is_sold_may_be_the_lines_and_no_more() -> None:
    asking, _ = context()
    of_lines = {line["uuid"] for row in asking.rows("invoices_list") for line in row["items"]}

    alone = shown(PROVIDER_ITEMS, lambda value: [row for row in value if row["uuid"] in of_lines])

    assert said(CHECKS[3], alone) == "kept"


def early(*positions: int) -> tuple[Change, list[dict[str, Any]]]:
    """The items of some invoices come before all others; with the invoices, counted from the oldest."""
    asking, _ = context()
    invoices = [dict(asking.rows("invoices_list")[-position]) for position in positions]
    first = [line["uuid"] for invoice in invoices for line in invoice["items"]]
    return shown(PROVIDER_ITEMS, lambda value: sorted(value, key=lambda row: row["uuid"] not in first)), invoices


def made_late(invoice: dict[str, Any]) -> Change:
    """Of an invoice alone the server says that it was made after a day."""
    body = json.dumps([{"uuid": invoice["uuid"]}]).encode()
    query = f"start_date=.*&year={invoice['year']}&month={invoice['month']}&"
    return answered(INVOICES, body=body, query=query, x_result_count="1")


def test_an_invoice_that_was_brought_in_later_may_come_early_on_a_deployment() -> None:
    change, (invoice,) = early(1)

    found = judged(CHECKS[2], change, made_late(invoice), forgives=True)

    assert found.said == "kept"
    asked = [one.target for one in found.sent if "start_date" in one.target]
    assert asked == [f"{INVOICES}?start_date=2025-07-31&year=2025&month=7&page_size=300"]
    assert said(CHECKS[2], change, forgives=True) == LATEST
    assert said(CHECKS[2], change, made_late(invoice)) == LATEST


def test_one_invoice_that_was_brought_in_later_excuses_no_other() -> None:
    change, (_, other) = early(1, 6)

    assert said(CHECKS[2], change, made_late(other), forgives=True) == LATEST
