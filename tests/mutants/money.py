"""Defects in what invoices and their items show: sums, taxes, dates, and answers that disagree."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from tests.wrapping.changes import (
    INVOICE,
    ITEM,
    LINES,
    STATS,
    Defect,
    body_changed,
    counted,
    details_changed,
    field,
    invoices_changed,
    lines_changed,
    response_changed,
    rows_changed,
)
from tests.wrapping.proxy import Response, Row

CENT: Final = Decimal("0.01")


def number(value: Any) -> Decimal:
    """The number in a field that is a number in one dialect and text in the other."""
    return Decimal(str(value))


def like(value: Decimal, old: Any) -> Any:
    """A new number as the old one was written: as text with as many places, or as a number."""
    if not isinstance(old, str):
        return value
    places = -number(old).as_tuple().exponent if "." in old else 0  # type: ignore[operator]
    return str(value.quantize(Decimal(1).scaleb(-places)))


def shifted(name: str, by: Decimal) -> Callable[[Row], None]:
    """Adds to a number field."""
    return field(name, lambda old: like(number(old) + by, old))


def exact(row: Row) -> Decimal:
    """Unit price × quantity."""
    return number(row["unit_price"]) * number(row["quantity"])


def _price_cut_off(row: Row) -> None:
    """What is less than a cent is dropped instead of rounded."""
    if "price" in row:
        row["price"] = like(exact(row).quantize(CENT, ROUND_DOWN), row["price"])


def _lines_reversed(row: Row) -> None:
    row.get("items", []).reverse()


def _taxed_without_compensations(row: Row) -> None:
    """The tax rate is put on the incurred costs."""
    if {"price", "tax", "total", "incurred_costs"} <= row.keys() and number(row["price"]):
        price, tax = number(row["price"]), number(row["tax"])
        wrong = tax / price * number(row["incurred_costs"])
        row["tax"], row["total"] = like(wrong, row["tax"]), like(price + wrong, row["total"])


def _taxed_on_the_total(row: Row) -> None:
    """The rate is put on the price with tax."""
    if {"price", "tax", "total"} <= row.keys() and number(row["price"]):
        price, tax = number(row["price"]), number(row["tax"])
        wrong = tax + tax * tax / price
        row["tax"], row["total"] = like(wrong, row["tax"]), like(price + wrong, row["total"])


def _taxed_by_rounded_lines(row: Row) -> None:
    """The tax of an invoice is a cent more than the rate makes of its price."""
    if {"price", "tax", "total"} <= row.keys() and number(row["tax"]):
        wrong = number(row["tax"]) + CENT
        row["tax"], row["total"] = like(wrong, row["tax"]), like(number(row["price"]) + wrong, row["total"])


def _line_taxed_on_unit_price(row: Row) -> None:
    """The tax of a line is that of one unit."""
    if number(row["price"]) and number(row["tax"]):
        wrong = number(row["tax"]) / number(row["price"]) * number(row["unit_price"])
        row["tax"] = like(wrong.quantize(CENT), row["tax"])
        row["total"] = like((number(row["price"]) + wrong).quantize(CENT), row["total"])


def _taxed_twice_as_much(row: Row) -> None:
    """Invoices of more than one hundred have another rate than their lines."""
    if {"price", "tax", "total"} <= row.keys() and number(row["price"]) > 100:
        row["tax"] = like(number(row["tax"]) * 2, row["tax"])
        row["total"] = like(number(row["price"]) + number(row["tax"]), row["total"])


def _total_without_tax(row: Row) -> None:
    if {"price", "total"} <= row.keys():
        row["total"] = row["price"]


def _untaxed_line(row: Row) -> None:
    """A negative line bears no tax."""
    if number(row["price"]) < 0:
        row["tax"], row["total"] = like(Decimal(0), row["tax"]), like(number(row["price"]), row["total"])


def _costs_with_compensations(row: Row) -> None:
    if {"price", "incurred_costs"} <= row.keys():
        row["incurred_costs"] = like(number(row["price"]), row["incurred_costs"])


def _stats_without_tax(row: Row) -> None:
    row["aggregated_tax"] = like(Decimal(0), row["aggregated_tax"])
    row["aggregated_total"] = row["aggregated_price"]


def _without_last(response: Response) -> Response:
    rows = response.json
    return counted(response, rows[:-1])


def _without_last_line(row: Row) -> None:
    if row.get("items"):
        row["items"] = row["items"][:-1]


def _later(text: str) -> str:
    return (date.fromisoformat(text) + timedelta(days=1)).isoformat()


def _due(change: Callable[[date], date], *states: str) -> Callable[[Row], None]:
    """Another due date, of invoices in some states or of all."""

    def edit(row: Row) -> None:
        if row.get("due_date") and row.get("invoice_date") and (not states or row.get("state") in states):
            row["due_date"] = change(date.fromisoformat(row["invoice_date"])).isoformat()

    return edit


def _a_month_later(day: date) -> date:
    """The same day of the next month, which is 30 days later only after months of 30 days."""
    year, month = divmod(day.year * 12 + day.month, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, 28))


def _paid_without_date(row: Row) -> None:
    if row.get("state") == "paid" and "invoice_date" in row:
        row["invoice_date"] = None
        row.pop("due_date", None)


def _pending_with_date(row: Row) -> None:
    if row.get("state") == "pending" and "invoice_date" in row:
        row["invoice_date"] = f"{row['year']}-{row['month']:02}-01"


MONEY: Final = (
    Defect(
        "item-price-off-by-a-cent", "The price of an item is a cent too high.", details_changed(shifted("price", CENT))
    ),
    Defect(
        "line-price-off-by-a-cent", "The price of a line is a cent too high.", lines_changed(shifted("price", CENT))
    ),
    Defect(
        "invoice-price-off-by-a-cent",
        "The price of an invoice is a cent too low.",
        invoices_changed(shifted("price", -CENT)),
    ),
    Defect(
        "price-cut-off",
        "The price of an item is cut off after the cents instead of rounded.",
        details_changed(_price_cut_off),
    ),
    Defect(
        "tax-on-the-wrong-base",
        "The tax of an invoice is computed without its compensations.",
        invoices_changed(_taxed_without_compensations),
    ),
    Defect("lines-in-reverse", "The lines of an invoice come last project first.", invoices_changed(_lines_reversed)),
    Defect("total-without-tax", "The total of an invoice is its price.", invoices_changed(_total_without_tax)),
    Defect("untaxed-line", "A negative line bears no tax.", lines_changed(_untaxed_line)),
    Defect(
        "compensations-with-the-wrong-sign",
        "The compensations of an invoice are positive.",
        invoices_changed(field("compensations", lambda old: like(abs(number(old)), old))),
    ),
    Defect(
        "incurred-costs-with-compensations",
        "The incurred costs are the price.",
        invoices_changed(_costs_with_compensations),
    ),
    Defect("stats-without-tax", "Statistics leave the tax out.", rows_changed([STATS], _stats_without_tax)),
    Defect(
        "stats-skip-an-offering", "Statistics leave the last offering out.", response_changed([STATS], _without_last)
    ),
    Defect(
        "tax-on-the-total", "The tax of an invoice is computed on its total.", invoices_changed(_taxed_on_the_total)
    ),
    Defect("tax-off-by-a-cent", "The tax of an invoice is a cent too high.", invoices_changed(_taxed_by_rounded_lines)),
    Defect("line-tax-of-a-unit", "The tax of a line is that of one unit.", lines_changed(_line_taxed_on_unit_price)),
    Defect(
        "large-invoices-taxed-twice",
        "Large invoices are taxed at twice the rate.",
        invoices_changed(_taxed_twice_as_much),
    ),
    Defect(
        "due-date-a-day-early",
        "An invoice is due a day too early.",
        invoices_changed(_due(lambda day: day + timedelta(days=29))),
    ),
    Defect(
        "due-date-by-month",
        "An invoice is due a month later instead of 30 days.",
        invoices_changed(_due(_a_month_later)),
    ),
    Defect(
        "paid-due-date-off",
        "Paid invoices are due a day later.",
        invoices_changed(_due(lambda day: day + timedelta(days=31), "paid")),
    ),
    Defect(
        "due-date-of-one-off",
        "An invoice by itself is due a day later than in the list.",
        rows_changed([INVOICE], _due(lambda day: day + timedelta(days=31))),
    ),
    Defect("due-date-off-by-a-day", "An invoice is due a day later.", invoices_changed(field("due_date", _later))),
    Defect("paid-without-a-date", "A paid invoice has no invoice date.", invoices_changed(_paid_without_date)),
    Defect("pending-with-a-date", "A pending invoice has an invoice date.", invoices_changed(_pending_with_date)),
    Defect(
        "items-hide-an-item",
        "The items of an invoice lack the last one.",
        body_changed([LINES], lambda rows: rows[:-1]),
    ),
    Defect("invoice-hides-a-line", "An invoice shows all lines but the last.", invoices_changed(_without_last_line)),
    Defect(
        "invoice-differs-from-its-row",
        "An invoice by itself has another number than in the list.",
        rows_changed([INVOICE], field("number", lambda number: number + 1)),
    ),
    Defect(
        "item-differs-from-its-row",
        "An item by itself has another measured unit than in the list.",
        rows_changed([ITEM], field("measured_unit", lambda unit: unit.upper() + ".")),
    ),
    Defect(
        "line-differs-from-its-item",
        "The article code of a line is not that of the item.",
        lines_changed(field("article_code", lambda code: f"{code}-1")),
    ),
    Defect(
        "numbers-repeat",
        "Two invoices share a number.",
        invoices_changed(field("number", lambda number: number - number % 2)),
    ),
)
