"""Arithmetic, dates and paging as checks of Schemathesis: `SCHEMATHESIS_HOOKS=waldur_billing_mock.contracts.hooks`.

Each check looks at one answer alone, whatever schema the run uses, and says nothing of answers that show no invoice or
item. What needs several answers (roles, filters, effects of writes) is what `waldur-contracts` is for.
"""

from collections.abc import Callable
from typing import Any

import schemathesis

from waldur_billing_mock.contracts.context import Context, count_of
from waldur_billing_mock.contracts.exchange import Answer, Broken, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.readings import arithmetic
from waldur_billing_mock.contracts.values import Malformed, Row

Requirement = Callable[[Context, Exchange, Row], None]


class _Places:
    """A substitute for a description, of which a single answer needs the names of places alone."""

    def place_of_field(self, schema: str, name: str) -> str:
        return f"/components/schemas/{schema}/properties/{name}"


class _Answers:
    """A substitute for a context, of which a single answer needs no more than its places."""

    description = _Places()


def _check(name: str, requirement: Requirement, fields: tuple[str, ...]) -> None:
    """Registers a requirement of every object in an answer that has the fields."""

    def check(ctx: Any, response: Any, case: Any) -> None:
        exchange = _exchange(response)
        for row in arithmetic.objects_with(exchange, fields):
            _verify(requirement, exchange, row)

    check.__name__ = name
    check.__doc__ = requirement.__doc__
    schemathesis.check(check)


def _verify(requirement: Requirement, exchange: Exchange, row: Row) -> None:
    context: Any = _Answers()
    try:
        requirement(context, exchange, row)
    except NotExercised:
        return
    except Broken as error:
        raise AssertionError(_told(error)) from None
    except Malformed as error:
        raise AssertionError(f"a value must be {error}") from None


@schemathesis.check
def waldur_a_page_is_counted(ctx: Any, response: Any, case: Any) -> None:
    """`X-Result-Count` is a number, and not less than the rows of the page."""
    exchange = _exchange(response)
    if exchange.status != 200 or "x-result-count" not in exchange.headers or case.method.upper() != "GET":
        return
    try:
        count = count_of(exchange)
        value = exchange.json
    except Broken as error:
        raise AssertionError(_told(error)) from None
    except Malformed:
        return
    if isinstance(value, list) and len(value) > count:
        raise AssertionError(f"X-Result-Count must not be less than the rows of the page: {count} and {len(value)}")


def _exchange(response: Any) -> Exchange:
    headers = {name.lower(): ", ".join(values) for name, values in response.headers.items()}
    answer = Answer(response.status_code, headers, response.content or b"", response.elapsed)
    return Exchange(Request("GET", "/"), answer, "staff", "/paths")


def _told(error: Broken) -> str:
    return "; ".join(f"{one.what}: expected {one.expected}, got {one.got}" for one in error.complaints)


def _price_of_item(context: Context, exchange: Exchange, row: Row) -> None:
    """The price of an item is its unit price times its quantity, rounded away from zero to cents."""
    arithmetic.price_of_item(context, exchange, row, "InvoiceItem")


_check("waldur_the_price_of_an_invoice_is_the_sum_of_its_lines", arithmetic.price_of_invoice, arithmetic.OF_INVOICES)
_check("waldur_the_total_is_price_and_tax", arithmetic.total_of_invoice, arithmetic.OF_INVOICES)
_check("waldur_the_tax_has_one_rate", arithmetic.tax_of_invoice, arithmetic.OF_INVOICES)
_check("waldur_lines_are_taxed_like_their_invoice", arithmetic.taxes_of_lines, arithmetic.OF_INVOICES)
_check("waldur_an_invoice_is_due_30_days_after_its_date", arithmetic.due_date_of, arithmetic.OF_INVOICES)
_check("waldur_the_invoice_date_follows_from_the_state", arithmetic.invoice_date_of, arithmetic.OF_INVOICES)
_check("waldur_the_price_of_an_item_is_unit_price_times_quantity", _price_of_item, arithmetic.OF_ITEMS)
