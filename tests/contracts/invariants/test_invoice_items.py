"""Invoice items: each check passes a healthy mock, and reports what was altered in its answers."""

from typing import Any, Final

import pytest

from tests.contracts.altered import (
    BILLS,
    INVOICES,
    ITEM,
    ITEMS,
    UUID,
    answered,
    context,
    judged,
    lines,
    rows,
    said,
    setting,
    shown,
    without,
)

LIST: Final = "invariants/invoice_items_list"
ALONE: Final = "invariants/invoice_items_retrieve"
MONTHS: Final = "invariants/invoice_items_consumptions_list"
CHECKS: Final = (
    f"{LIST}/the_earliest_start_comes_first",
    f"{LIST}/the_price_of_an_item_is_unit_price_times_quantity",
    f"{LIST}/every_line_is_among_the_items",
    f"{LIST}/every_item_with_a_price_is_a_line",
    f"{LIST}/an_item_links_to_the_invoice_that_shows_it",
    f"{ALONE}/an_item_tells_what_its_line_tells",
    f"{ALONE}/an_item_by_itself_links_to_its_invoice",
    f"{ALONE}/an_item_by_itself_has_the_price_of_its_line",
    f"{ALONE}/an_item_names_the_customer_of_its_invoice",
    f"{ALONE}/an_item_is_shown_whatever_filters_say",
    f"{MONTHS}/nothing_is_consumed_without_a_credit",
    f"{MONTHS}/consumptions_come_by_month",
    f"{MONTHS}/consumptions_are_what_the_credit_paid",
)
CONSUMPTIONS: Final = f"/api/invoice-items/{UUID}/consumptions/"
OTHER: Final = "http://mock.invalid/api/invoices/" + "f" * 32 + "/"
PRICE: Final = "the price of an item and unit price × quantity must agree"
LINKED: Final = "the invoice of an item and the one that shows it must agree"


@pytest.mark.parametrize("check", CHECKS)
def test_a_healthy_mock_passes(check: str) -> None:
    assert judged(check)[:2] == ("kept", ())


@pytest.mark.parametrize(
    ("check", "change", "what"),
    [
        (CHECKS[0], shown(ITEMS, lambda value: value[::-1]), "the earliest start must come first"),
        (CHECKS[1], rows(ITEMS, setting(price="7")), PRICE),
        (CHECKS[2], shown(ITEMS, lambda value: value[-1:]), "every line of an invoice must be among the items"),
        (CHECKS[3], lines(setting(uuid="e" * 32)), "an item with a price must be a line of its invoice"),
        (CHECKS[3], shown(INVOICES, lambda value: value[1:]), "the invoice of an item must be listed"),
        (CHECKS[4], rows(ITEMS, setting(invoice=OTHER)), LINKED),
        (CHECKS[5], rows(ITEM, setting(name="other")), "the name of an item and of its line must agree"),
        (CHECKS[5], rows(ITEM, setting(unit_price="7")), "the unit_price of an item and of its line must agree"),
        (CHECKS[5], rows(ITEM, setting(project_name="x")), "the project_name of an item and of its line must agree"),
        (CHECKS[5], rows(ITEM, without("project_name")), "kept"),
        (CHECKS[6], rows(ITEM, setting(invoice=OTHER)), LINKED),
        (CHECKS[7], rows(ITEM, setting(price="7")), PRICE),
        (
            CHECKS[8],
            rows(ITEM, setting(customer_uuid="e" * 32)),
            "the customer of an item and of its invoice must agree",
        ),
        (
            CHECKS[8],
            rows(ITEM, setting(customer_name="x")),
            "the name of the customer and that on the invoice must agree",
        ),
        (CHECKS[9], answered(ITEM, 404, query="year="), "the status must be 200, not 404"),
        (
            CHECKS[10],
            shown(CONSUMPTIONS, lambda value: [{"month": "2025-11"}]),
            "the months of an item without a credit and nothing must agree",
        ),
        (
            CHECKS[11],
            shown(CONSUMPTIONS, lambda value: [{"month": "2025-11"}, {"month": "2025-10"}]),
            "the earliest month must come first",
        ),
        (
            CHECKS[11],
            shown(CONSUMPTIONS, lambda value: [{"month": "2025-11"}] * 2),
            "the earliest month must come first",
        ),
        (
            CHECKS[12],
            rows(CONSUMPTIONS, setting(price="-7")),
            "each month and the items that the credit paid must agree",
        ),
    ],
)
def test_what_is_wrong_is_told(check: str, change: Any, what: str) -> None:
    assert said(check, change) == what


def test_the_items_may_be_the_lines_and_no_more() -> None:
    asking, _ = context()
    of_lines = {line["uuid"] for row in asking.rows("invoices_list") for line in row["items"]}

    alone = shown(ITEMS, lambda value: [row for row in value if row["uuid"] in of_lines])

    assert said(CHECKS[2], alone) == "kept"


def test_an_item_that_costs_nothing_need_be_no_line() -> None:
    other = lines(setting(uuid="e" * 32))

    assert said(CHECKS[3], other, rows(ITEMS, setting(unit_price="0"))) == "kept"
    assert said(CHECKS[3], other, rows(ITEMS, setting(unit_price="1", quantity="1"))) != "kept"


def test_an_item_that_is_no_line_links_to_no_other_invoice() -> None:
    assert said(CHECKS[4], lines(setting(uuid="e" * 32)), rows(ITEMS, setting(invoice=OTHER))) == "kept"


def test_an_item_is_asked_for_in_the_year_before_once() -> None:
    (asked,) = [one.target for one in judged(CHECKS[9]).sent if "year=" in one.target]

    assert asked.endswith("?year=2024")


def test_real_servers_filter_a_single_item_as_well() -> None:
    missing = answered(ITEM, 404, query="year=")

    assert judged(CHECKS[9], missing, forgives=True)[:2] == ("kept", ("item-retrieve-filtered",))
    assert said(CHECKS[9], missing, dialect="wire") == "kept"
    assert said(CHECKS[9], dialect="wire") == "the status must be 404, not 200"


def test_items_without_a_credit_are_asked_about_twice() -> None:
    asking, _ = context()
    paid = {line["uuid"] for row in asking.rows("invoices_list") for line in row["items"] if line["credit"]}

    asked = [one.path.split("/")[3] for one in judged(CHECKS[10]).sent if one.path.endswith("/consumptions/")]

    assert len(asked) == 2
    assert not paid & set(asked)


@pytest.mark.parametrize(
    "line",
    [
        {"credit": True, "price": "5"},
        {"credit": True, "price": "0"},
        {"credit": True, "price": "0.50"},
        {"credit": False, "price": "-5"},
        {"price": "-5"},
    ],
)
def test_only_negative_lines_of_a_credit_are_what_it_paid(line: dict[str, Any]) -> None:
    """The line is added to all invoices of the customers that a credit pays for."""
    asking, _ = context()
    paid = {row["customer"]: line for row in asking.rows("invoices_list") for line in row["items"] if line["credit"]}

    def more(row: Any) -> None:
        if row["customer"] in paid:
            row["items"].append({"uuid": paid[row["customer"]]["uuid"], "unit_price": "1", "quantity": "1", **line})

    assert said(CHECKS[12], rows(BILLS, more)) == "kept"


def test_where_no_credit_pays_there_is_nothing_to_look_at() -> None:
    assert (
        said(CHECKS[12], lines(setting(credit=False)))
        == "not exercised: there is no item that a credit pays to look at"
    )
    assert said(CHECKS[10], lines(without("credit"))) == (
        "not exercised: there is no item that no credit pays to look at"
    )


def test_consumptions_of_old_releases_are_the_item_itself() -> None:
    check = "invariants/invoice_items_consumptions_retrieve/consumptions_show_the_item_itself"

    found = judged(check, revision="7.8.8")

    assert found.said == "kept"
    assert len([one for one in found.sent if one.path.endswith("/consumptions/")]) == 3
    other = rows(CONSUMPTIONS, setting(name="other"))
    assert said(check, other, revision="7.8.8") == "the answer and the item by itself must agree"
