"""What an invoice shows of itself: each check passes a healthy mock, and reports what was altered in its answers."""

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.contracts.altered import BILLS, INVOICES, context, judged, lines, rows, said, setting, without
from tests.contracts.scripted import answer
from waldur_billing_mock.contracts.exchange import Answer, Broken, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.readings import arithmetic
from waldur_billing_mock.contracts.values import Month

CHECKS: Final = (
    "the_price_is_the_sum_of_the_lines",
    "the_total_is_price_and_tax",
    "compensations_are_what_credits_pay",
    "incurred_costs_are_all_other_lines",
    "the_tax_has_one_rate",
    "lines_are_taxed_like_their_invoice",
    "the_total_of_a_line_includes_its_tax",
    "the_price_of_a_line_is_unit_price_times_quantity",
    "the_invoice_date_follows_from_the_state",
    "an_invoice_is_due_30_days_after_its_date",
)
DUE: Final = "an_invoice_is_due_30_days_after_its_date"
DATED: Final = "the_invoice_date_follows_from_the_state"
FACTOR: Final = "some line must show its factor"
RATES: Final = "a customer must not have a tax rate for each invoice"


def more(name: str, by: str = "0.01") -> Any:
    """An edit that adds to a number."""

    def edit(row: Any) -> None:
        row[name] = str(Decimal(str(row[name])) + Decimal(by))

    return edit


def in_state(state: str, name: str, value: object) -> Any:
    """An edit of the invoices in a state."""

    def edit(row: Any) -> None:
        if row["state"] == state:
            row[name] = value

    return edit


@pytest.mark.parametrize("operation", ["invoices_list", "invoices_retrieve"])
@pytest.mark.parametrize("check", CHECKS)
def test_a_healthy_mock_passes(check: str, operation: str) -> None:
    found = judged(f"invariants/{operation}/{check}")

    assert (found.said, found.noted) == ("kept", ())
    alone = [one for one in found.sent if one.path != INVOICES]
    assert bool(alone) is (operation == "invoices_retrieve")


@pytest.mark.parametrize("operation", ["invoices_list", "invoices_retrieve"])
@pytest.mark.parametrize(
    ("check", "edit", "what"),
    [
        (CHECKS[0], more("price"), "the price of an invoice and the sum of its lines must agree"),
        (CHECKS[1], more("total"), "the total and price + tax must agree"),
        (CHECKS[1], more("tax", "-1"), "the total and price + tax must agree"),
        (CHECKS[2], more("compensations"), "the compensations and the lines that a credit pays must agree"),
        (CHECKS[3], more("incurred_costs"), "the incurred costs and all other lines must agree"),
        (CHECKS[4], more("tax"), "the tax of an invoice and a rate of two places on its price must agree"),
        (CHECKS[4], setting(price="100", tax="101"), "the tax rate must lie between 0 and 100 percent"),
        (CHECKS[4], setting(price="100", tax="-1"), "the tax rate must lie between 0 and 100 percent"),
        (DATED, in_state("pending", "invoice_date", "2025-11-01"), "a pending invoice must not have an invoice date"),
        (DATED, in_state("created", "invoice_date", None), "a created invoice must have an invoice date"),
        (DATED, in_state("paid", "invoice_date", None), "a paid invoice must have an invoice date"),
        (
            DATED,
            setting(state="pending_finalization", invoice_date="2025-11-01"),
            "a pending_finalization invoice must not have an invoice date",
        ),
        (DUE, in_state("pending", "due_date", "2025-12-31"), "an invoice without a date must not have a due date"),
        (DUE, in_state("paid", "due_date", "2025-12-31"), "the due date and 30 days after the invoice date must agree"),
        (DUE, setting(invoice_date="soon", due_date=None), "the invoice date must be an ISO 8601 date"),
    ],
)
def test_what_is_wrong_with_an_invoice_is_told(operation: str, check: str, edit: Any, what: str) -> None:
    assert said(f"invariants/{operation}/{check}", rows(BILLS, edit)) == what


@pytest.mark.parametrize("operation", ["invoices_list", "invoices_retrieve"])
@pytest.mark.parametrize(
    ("check", "edit", "what"),
    [
        (CHECKS[5], more("tax"), "the tax of a line and the rate of its invoice must agree"),
        (CHECKS[6], more("total"), "the total of a line and its price with tax must agree"),
        (CHECKS[7], more("price"), "the price of an item and unit price × quantity must agree"),
    ],
)
def test_what_is_wrong_with_a_line_is_told(operation: str, check: str, edit: Any, what: str) -> None:
    assert said(f"invariants/{operation}/{check}", lines(edit)) == what


def test_rates_of_nothing_and_of_all_and_states_without_a_rule_are_no_breach() -> None:
    free = rows(BILLS, setting(price="0", tax="0", total="0"))

    for check in (CHECKS[4], CHECKS[5], CHECKS[6]):
        assert said(f"invariants/invoices_list/{check}", free) == "kept"
    assert arithmetic.rate_of(Decimal(0), Decimal(0)) == 0
    assert said(f"invariants/invoices_list/{CHECKS[4]}", rows(BILLS, setting(price="100", tax="100"))) == "kept"
    assert said(f"invariants/invoices_list/{CHECKS[4]}", rows(BILLS, setting(price="100", tax="0"))) == "kept"
    for date in (None, "2025-11-01"):
        edit = setting(state="canceled", invoice_date=date)
        assert said(f"invariants/invoices_list/{DATED}", rows(BILLS, edit)) == "kept"


def test_what_an_invoice_does_not_show_cannot_be_added_up() -> None:
    assert said(f"invariants/invoices_list/{CHECKS[0]}", rows(BILLS, without("items"))) == (
        "not exercised: the field items is missing"
    )
    assert said(f"invariants/invoices_list/{CHECKS[0]}", rows(BILLS, setting(items=None, price="0"))) == "kept"
    assert said(f"invariants/invoices_list/{CHECKS[7]}", lines(without("price"))) == "kept"
    assert said(f"invariants/invoices_list/{CHECKS[0]}", rows(BILLS, setting(price="much"))) == (
        "the field price must be a number or numeric text"
    )


def test_an_invoice_of_few_lines_is_looked_at_by_itself_where_all_others_have_more() -> None:
    asking, _ = context()
    few = str(asking.rows("invoices_list")[-1]["uuid"])

    def cut(row: Any) -> None:
        row.update(state="paid", items=(row["items"] * 2)[: 3 if row["uuid"] == few else 4])

    found = judged("invariants/invoices_retrieve/the_tax_has_one_rate", rows(INVOICES, cut))

    asked = {one.path.split("/")[3] for one in found.sent if len(one.path) > 40}
    assert few in asked
    assert len(asked) == asking.profile.sample


def test_a_factor_is_looked_for_among_all_lines_of_a_deployment() -> None:
    check = "invariants/invoices_list/lines_show_their_factor"
    first = iter([True])

    def one(row: Any) -> None:
        if next(first, False):
            row["items"][-1]["factor"] = 1

    assert said(check) == "not exercised: the factor may be left out"
    assert judged(check, lines(without("factor")), forgives=True)[:2] == ("kept", ("factor-absent",))
    assert judged(check, rows(INVOICES, one), forgives=True)[:2] == ("kept", ())


def test_a_customer_may_have_two_rates_of_tax_but_not_three() -> None:
    check = "invariants/invoices_list/a_customer_is_taxed_at_one_rate"

    def taxed(*rates: int, price: str = "1") -> Any:
        def edit(row: Any) -> None:
            rate = rates[row["month"] % len(rates)]
            row.update(price=price, tax=str(Decimal(price) * rate / 100))

        return rows(BILLS, edit)

    assert said(check) == "kept"
    assert said(check, taxed(10, 20)) == "kept"
    assert said(check, taxed(10, 20, 30)) == RATES
    assert said(check, taxed(10, 20, 30, price="-1")) == RATES
    assert said(check, taxed(10, 20, 30, price="0.99")) == "kept"


def exchange(found: Answer) -> Exchange:
    return Exchange(Request("GET", INVOICES), found, "staff", "/paths")


def test_objects_of_an_answer_are_those_that_have_all_fields() -> None:
    body = b'[{"price": 1, "tax": 2}, {"price": 1}, 3, "price and tax"]'

    def found(status: int, body: bytes) -> list[Any]:
        return list(arithmetic.objects_with(exchange(answer(status, body=body)), ("price", "tax")))

    assert found(200, body) == found(299, body) == [{"price": 1, "tax": 2}]
    assert found(200, b'{"price": 1, "tax": 2}') == [{"price": 1, "tax": 2}]
    assert found(300, body) == found(199, body) == found(200, b"[") == []


def bill(**fields: Any) -> dict[str, Any]:
    """An invoice of two lines, one of which a credit pays."""
    paid = {"unit_price": "-10", "quantity": "1", "price": "-10.00", "tax": "-2.00", "credit": True}
    line = {"unit_price": "30", "quantity": "1", "price": "30.00", "tax": "6.00", "credit": False}
    sums = {"price": "20", "tax": "4", "total": "24", "compensations": "-10", "incurred_costs": "30"}
    return {**sums, "items": [line, paid], **fields}


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"price": "21"}, "the price of an invoice and the sum of its lines"),
        ({"total": "25"}, "the total and price"),
        ({"compensations": "-11"}, "the compensations"),
        ({"incurred_costs": "31"}, "the incurred costs"),
        ({"tax": "-4", "total": "16"}, "the tax rate"),
        ({"tax": "5", "total": "25"}, "the tax of a line"),
        ({"items": [{**bill()["items"][0], "price": "31"}], "price": "31", "total": "35"}, "the price of an item"),
    ],
)
def test_all_sums_of_an_invoice_are_looked_at_after_a_write(wrong: dict[str, Any], what: str) -> None:
    asking, _ = context()

    arithmetic.sums_of_invoice(asking, exchange(answer()), bill())
    with pytest.raises(Broken, match=what):
        arithmetic.sums_of_invoice(asking, exchange(answer()), bill(**wrong))


def test_sums_that_older_servers_lack_are_not_asked_for() -> None:
    asking, _ = context()

    for name in ("compensations", "incurred_costs"):
        row = bill()
        del row[name]
        arithmetic.sums_of_invoice(asking, exchange(answer()), row)
        with pytest.raises(Broken, match=f"the {name.replace('_', ' ')}"):
            arithmetic.sums_of_invoice(asking, exchange(answer()), bill(**{name: "999"}))


def test_a_label_of_growth_is_a_month_or_not() -> None:
    assert arithmetic.month_of("2025-9") == Month(2025, 9)
    for label in ("2025", "2025-x", "x-9", ""):
        with pytest.raises(NotExercised, match="no months"):
            arithmetic.month_of(label)
