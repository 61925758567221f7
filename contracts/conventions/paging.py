"""Lists come in pages: what the pages hold, what the headers tell, what happens to numbers that make no sense."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from waldur_billing_mock.contracts.context import Context, count_of, key_of, need
from waldur_billing_mock.contracts.declare import convention
from waldur_billing_mock.contracts.exchange import Complaint, Exchange, NotExercised
from waldur_billing_mock.contracts.judging import UNSTABLE
from waldur_billing_mock.contracts.readings.discovery import BillingData, billing_data, month_of_invoice
from waldur_billing_mock.contracts.readings.example_targets import ExampleTarget, example_target
from waldur_billing_mock.contracts.readings.lookups import invoice_of
from waldur_billing_mock.contracts.values import Month, Row, hyphenated, identity_of, instant, plain

_SIZES: Final = (7, 3, 1)
_LARGEST: Final = 300
_LINK: Final = re.compile(r'<([^>]*)>; rel="(\w+)"')
_SMALL: Final = 2
"""The size of the pages that are asked for around others; always the same, so that few of them cost a request."""
_WALK: Final = 6
"""In about how many pages a long list is read."""
_TOTAL_ORDERS: Final[Mapping[str, tuple[str, Callable[[Row], object]]]] = {
    "invoices_list": ("customer", lambda row: (row["year"], row["month"])),
    "invoice_items_list": ("resource", lambda row: instant(row["start"])),
}
"""A field whose filter cuts a list into parts, and what the rows of a part are sorted by."""


@convention(lambda description, operation: "page" in operation.query)
def pages_partition_the_whole(context: Context, operation_id: str) -> None:
    """All pages together hold every row once, in one order, and each tells the number of all rows."""
    about = example_target(context, operation_id)
    whole = need(context.in_order(operation_id, query=about.query, of=about.of), "row")
    size = next((size for size in _SIZES if len(whole) > size), 1)
    if len(whole) > _WALK * size:
        # Some servers give fewer rows than are asked for; `page_sizes_are_bounded` notes that.
        most = len(context.first_page(operation_id, query=about.query, of=about.of).json)
        size = min(most, len(whole) // _WALK + 1)
    pages = _pages(context, operation_id, about, size, len(whole))
    names = [identity_of(row) for exchange in pages for row in exchange.json]
    expected = [identity_of(row) for row in whole]
    context.survey.looked_for.add(UNSTABLE)
    if names != expected and context.forgives:
        rows = [row for exchange in pages for row in exchange.json]
        if _keys(context, operation_id, rows) == _keys(context, operation_id, whole) != []:
            # Rows that are equal in order have changed places, which may have put one on two pages.
            context.tell_unstable(context.description.place(context.description.operations[operation_id]))
            return
    first, *_ = pages
    twice = len(names) - len(set(names))
    first.must.hold(not twice, "no row may stand on two pages", twice)
    first.must.agree("the rows of all pages and the whole", names, expected)


@convention(lambda description, operation: operation.operation_id in _TOTAL_ORDERS)
def pages_of_a_total_order_partition_it(context: Context, operation_id: str) -> None:
    """Where no two rows are equal in order, all pages together hold every row once, in that order."""
    name, key = _TOTAL_ORDERS[operation_id]
    groups: dict[str, list[Row]] = {}
    for row in context.rows(operation_id):
        if row.get(name):
            groups.setdefault(key_of(row, name), []).append(row)
    distinct = [
        owner
        for owner, group in groups.items()
        if 4 <= len(group) <= 60 and len({key(row) for row in group}) == len(group)
    ]
    owner = context.one_of(need(distinct, "part of the list without equal rows"))
    query = {f"{name}_uuid": hyphenated(owner)}
    expected = [identity_of(row) for row in context.in_order(operation_id, query=query)]
    size = max(3, len(expected) // _WALK + 1)
    pages = _pages(context, operation_id, ExampleTarget("", query), size, len(expected))
    first, *_ = pages
    names = [identity_of(row) for exchange in pages for row in exchange.json]
    first.must.agree("the rows of all pages and the whole", names, expected)


@convention(lambda description, operation: "page" in operation.query)
def the_last_page_has_a_name(context: Context, operation_id: str) -> None:
    """`page=last` is the page with the highest number."""
    about = example_target(context, operation_id)
    last = _last(context, operation_id, about)
    named = _page(context, operation_id, about, page="last", page_size=_SMALL)
    numbered = _page(context, operation_id, about, page=last, page_size=_SMALL)
    context.must_be_the_same("the rows of the last page by name and by number", named, numbered)


@convention(lambda description, operation: "page" in operation.query)
def links_lead_to_the_pages_around(context: Context, operation_id: str) -> None:
    """`Link` leads to the first, previous, next and last page, where there are such, and keeps the other parameters."""
    about = example_target(context, operation_id)
    last = _last(context, operation_id, about)
    for number in sorted({1, min(2, last), max(1, last - 1), last}):
        exchange = _page(context, operation_id, about, page=number, page_size=_SMALL)
        links = {rel: url for url, rel in _LINK.findall(exchange.must.have_header("Link"))}
        expected = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
        expected = {rel: page for rel, page in expected.items() if 1 <= page <= last}
        exchange.must.agree("the relations of Link, in their order", list(links), list(expected))
        for rel, page in expected.items():
            address = urlsplit(links[rel])
            query = parse_qs(address.query)
            exchange.must.agree(f"the path of the {rel} link", address.path, exchange.request.path)
            exchange.must.agree(f"the page of the {rel} link", query.get("page", ["1"]), [str(page)])
            exchange.must.agree(f"the page size of the {rel} link", query.get("page_size"), [str(_SMALL)])
            for name, value in about.query.items():
                exchange.must.agree(f"the {name} of the {rel} link", query.get(name), [str(value)])
        exchange.must.hold(
            "page" not in parse_qs(urlsplit(links["first"]).query), "the first page must be written without a number"
        )


@convention(lambda description, operation: "page" in operation.query)
def page_sizes_are_bounded(context: Context, operation_id: str) -> None:
    """Without a size there are ten rows; sizes that make no sense count as ten, and more than 300 are never given."""
    about = example_target(context, operation_id)
    ten = _page(context, operation_id, about)
    count = count_of(ten)
    ten.must.hold(len(ten.must.show_rows()) == min(10, count), "there must be ten rows on a page", len(ten.json))
    for size in (0, -1, "abc", ""):
        exchange = _page(context, operation_id, about, page_size=size)
        context.must_be_the_same("the rows for a size that makes no sense and without one", exchange, ten)
    small = _page(context, operation_id, about, page_size=2)
    small.must.hold(len(small.must.show_rows()) == min(2, count), "page_size must be kept", len(small.json))
    if count <= 1000 or context.target.in_process:
        large = _page(context, operation_id, about, page_size=1000)
        got = len(large.must.show_rows())
        if context.forgives and got < min(_LARGEST, count):
            place = context.description.place(context.description.operations[operation_id])
            context.note(Complaint("a page does not hold all rows up to 300", place, None, got, large))
            return
        large.must.hold(got == min(_LARGEST, count), "a page must hold all rows up to 300", got)


@convention(lambda description, operation: "page" in operation.query)
def pages_that_are_not_there(context: Context, operation_id: str) -> None:
    """A page number below one, beyond the last, or that is no number answers 404."""
    about = example_target(context, operation_id)
    count = count_of(_page(context, operation_id, about))
    for number in (0, -1, count + 2, "first"):
        exchange = context.ask(operation_id, of=about.of, query={**about.query, "page": number})
        exchange.must.have_status(404)
        reason = context.reason_of(exchange)
        if not context.forgives:
            exchange.must.agree("the sentence", exchange.must.show_row().get("detail"), "Invalid page.")
        elif reason is not None:  # in the language of the server
            explained = isinstance(reason, dict) and isinstance(reason.get("detail"), str)
            exchange.must.hold(explained, "the body must tell why", plain(reason))


def _keys(context: Context, operation_id: str, rows: Sequence[Row]) -> list[object]:
    """What rows are sorted by where nothing else is asked for; empty where that is not known."""
    match operation_id:
        case "invoices_list":
            return [(row.get("year"), row.get("month")) for row in rows]
        case "invoice_items_list":
            return [row.get("start") for row in rows]
        case "provider_invoice_items_list":
            data = billing_data(context)
            return [_month(data, row) for row in rows]
    return []


def _month(data: BillingData, row: Row) -> Month | None:
    """The month of the invoice of an item, None where the role does not see the invoice."""
    try:
        return month_of_invoice(invoice_of(data, row))
    except NotExercised:
        return None


def _pages(context: Context, operation_id: str, about: ExampleTarget, size: int, count: int) -> list[Exchange]:
    """All pages of a size; each is full but the last, and tells the number of all rows."""
    pages = []
    for number in range(1, -(-count // size) + 1):
        exchange = _page(context, operation_id, about, page=number, page_size=size)
        rows = exchange.must.show_rows()
        exchange.must.agree("X-Result-Count and the number of all rows", count_of(exchange), count)
        full = size if number * size <= count else count % size
        exchange.must.hold(len(rows) == full, "a page must be full unless it is the last", len(rows))
        pages.append(exchange)
    return pages


def _last(context: Context, operation_id: str, about: ExampleTarget) -> int:
    """The number of the last small page."""
    count = count_of(_page(context, operation_id, about, page_size=_SMALL))
    return max(1, -(-count // _SMALL))


def _page(context: Context, operation_id: str, about: ExampleTarget, **query: Any) -> Exchange:
    exchange = context.ask(operation_id, of=about.of, query={**about.query, **query})
    exchange.must.have_status(200)
    return exchange
