"""Nobody sees more by one way than by another: lists, filters, items, details and sums of a role fit together.

None of it needs to know on what a role is held: what a role sees of invoices decides what it may see elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from waldur_billing_mock.contracts.context import Context, count_of, key_of, need
from waldur_billing_mock.contracts.conventions.filters import FILTERS
from waldur_billing_mock.contracts.declare import always
from waldur_billing_mock.contracts.exchange import Exchange, NotExercised
from waldur_billing_mock.contracts.readings.discovery import billing_data
from waldur_billing_mock.contracts.roles import WIDEST, table
from waldur_billing_mock.contracts.settings import READER
from waldur_billing_mock.contracts.values import Row, hyphenated, identity_of

_LISTS: Final = ("invoices_list", "invoice_items_list", "provider_invoice_items_list")
_SECOND_PAGE: Final[dict[str, object]] = {"page": 2, "page_size": 3}
_EVERY_DAY: Final = {"start_date": "1990-01-01", "end_date": "2100-01-01"}
"""Days that every invoice was made after and before."""
_OWNERS: Final = ("owner", "owner2", "customer_manager", "provider_owner", "provider_manager", "customer_support")


def _roles(context: Context, *among: str) -> Iterator[str]:
    """The roles with a token that see a part of what is billed."""
    chosen = [
        role
        for role in context.target.identities
        if role not in (WIDEST, "support", READER, "anonymous", "inactive") and (not among or role in among)
    ]
    yield from need(chosen, "token of a role that sees a part: --role-token owner=…")


@always("roles")
def items_are_seen_with_their_invoices(context: Context) -> None:
    """A role that sees an item sees its invoice; and of an invoice that it sees, it sees all lines among the items."""
    for role in _roles(context, *_OWNERS):
        data = billing_data(context, role)
        exchange = context.first_page("invoice_items_list", role)
        hidden = [item for item in data.items if key_of(item, "invoice") not in data.invoice_by_key]
        exchange.must.hold(not hidden, f"{role} must see no item on an invoice that it does not see", len(hidden))
        listed = {key_of(item) for item in data.items}
        missing = [key for key in data.line_by_key if key not in listed]
        exchange.must.hold(not missing, f"{role} must see every line of its invoices among the items", len(missing))


@always("roles")
def a_customer_is_seen_whole(context: Context) -> None:
    """Who sees one invoice of a customer sees all of that customer's, wherever the customer is billed."""
    if WIDEST not in context.target.identities:
        raise NotExercised("it takes a token of staff, who sees all")
    of_customer: dict[str, set[str]] = {}
    for row in context.rows("invoices_list", WIDEST):
        of_customer.setdefault(key_of(row, "customer"), set()).add(key_of(row))
    for role in _roles(context, *_OWNERS):
        seen: dict[str, set[str]] = {}
        for row in context.rows("invoices_list", role):
            seen.setdefault(key_of(row, "customer"), set()).add(key_of(row))
        exchange = context.first_page("invoices_list", role)
        partly = [customer for customer, keys in seen.items() if keys != of_customer.get(customer, set())]
        what = f"{role} must see all invoices of a customer or none"
        exchange.must.hold(not partly, what, len(partly))


@always("roles")
def filters_show_nobody_more(context: Context) -> None:
    """No filter, order, page or choice of fields shows a role a row that the list without it does not show."""
    for role in _roles(context):
        for operation_id in _LISTS:
            if operation_id in context.description.operations and operation_id not in context.survey.operations:
                _nothing_shows_more(context, role, operation_id)


def _nothing_shows_more(context: Context, role: str, operation_id: str) -> None:
    """Asks for a row that the role does not see: by all there is at once, and by each alone where that shows it."""
    own = {identity_of(row) for row in context.rows(operation_id, role)}
    foreign = [row for row in context.rows(operation_id) if identity_of(row) not in own]
    for row in context.sample(foreign, size=1):
        for query in _queries(context, operation_id, row):
            what = f"{role} must see no other row by {_named(query)}"
            if query != _SECOND_PAGE and _more(context, role, operation_id, query, own)[1]:
                for name, value in query.items():
                    exchange, more = _more(context, role, operation_id, {name: value}, own)
                    exchange.must.hold(not more, f"{role} must see no other row by {_named({name: value})}", more)
            exchange, more = _more(context, role, operation_id, query, own)
            exchange.must.hold(not more, what, more)


def _queries(context: Context, operation_id: str, row: Row) -> Iterator[dict[str, object]]:
    """What may find a row: all filters that fit it, the day of an invoice, all orders and a field, a page."""
    known = context.description.operations[operation_id].query
    there = [name for name in known if (operation_id, name) not in context.survey.parameters]
    values = {name: _value(context, operation_id, name, row) for name in there if name in FILTERS[operation_id]}
    fitting: dict[str, object] = {name: value for name, value in values.items() if value is not None}
    fitting |= {name: day for name, day in _EVERY_DAY.items() if name in there}
    yield fitting
    if "created" in there:
        # The day of an invoice is a guess, which would hide the row from the other filters.
        yield {"created": f"{row['year']:04}-{row['month']:02}-01"}
    shown: dict[str, object] = {"field": "uuid"} if "field" in there else {}
    if "o" in there:
        shown["o"] = ",".join(sorted(map(str, context.description.choices(known["o"])), key=_is_descending))
    if shown:
        yield shown
    yield _SECOND_PAGE


def _is_descending(order: str) -> bool:
    return order.startswith("-")


def _more(
    context: Context, role: str, operation_id: str, query: Mapping[str, object], own: set[str]
) -> tuple[Exchange, int]:
    """How many rows a query shows that the list without it does not show."""
    exchange = context.ask(operation_id, role, query={"page_size": 300, **query})
    if exchange.status == 404 and query == _SECOND_PAGE:
        return exchange, 0  # the role sees too few rows
    exchange.must.have_status(200)
    return exchange, len({identity_of(row) for row in exchange.must.show_rows()} - own)


def _named(query: Mapping[str, object]) -> str:
    if query == _SECOND_PAGE:
        return "a page after the first"
    names = list(query)
    if names in (["o"], ["field"]):
        return "an order" if names == ["o"] else "a choice of fields"
    if names == ["field", "o"]:
        return "an order and a choice of fields"
    return f"the filter {names[0]}" if len(names) == 1 else "filters together"


def _value(context: Context, operation_id: str, name: str, row: Row) -> str | None:
    """The value of a row for a filter, None where it has none or nothing tells it."""
    expected_value = FILTERS[operation_id][name]
    try:
        value = expected_value.value(billing_data(context), row)
    except NotExercised:
        return None
    return None if value is None else expected_value.write(value)


@always("roles")
def filters_hide_nothing_of_ones_own(context: Context) -> None:
    """The filter by its customer shows a role all that it sees of that customer; HEAD counts what GET shows."""
    for role in _roles(context, *_OWNERS):
        rows = context.rows("invoices_list", role)
        for row in context.sample(rows, size=1):
            customer = key_of(row, "customer")
            query = {"customer_uuid": hyphenated(customer)}
            own = {key_of(one) for one in rows if key_of(one, "customer") == customer}
            found = {key_of(one) for one in context.rows("invoices_list", role, query=query)}
            exchange = context.first_page("invoices_list", role, query=query)
            exchange.must.hold(found == own, f"{role} must see all invoices of its customer by the filter", len(found))
    role = next(_roles(context))
    for operation_id in _LISTS:
        if operation_id not in context.survey.operations:
            head = context.ask(operation_id, role, method="HEAD")
            head.must.agree("the count of HEAD and the rows", count_of(head), len(context.rows(operation_id, role)))


@always("roles")
def managers_see_what_owners_of_their_customer_see(context: Context) -> None:
    """Two roles that share a customer see the same invoices of it."""
    seen: dict[str, dict[str, set[str]]] = {}
    for role in _roles(context, *(role for role in _OWNERS if table()["sees"][role]["billed"] == "own")):
        for row in context.rows("invoices_list", role):
            seen.setdefault(key_of(row, "customer"), {}).setdefault(role, set()).add(key_of(row))
    shared = need([roles for roles in seen.values() if len(roles) > 1], "customer that two roles share")
    for roles in shared:
        exchange = context.first_page("invoices_list", next(iter(roles)))
        different = len({frozenset(keys) for keys in roles.values()}) > 1
        exchange.must.hold(not different, "two roles that share a customer must see the same invoices of it")
