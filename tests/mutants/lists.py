"""Defects in what lists do: filters, order, pages, headers, projection, HEAD."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from tests.wrapping.changes import (
    COSTS,
    GROWTH,
    INVOICE,
    INVOICES,
    ITEMS,
    LINES,
    PROVIDER_ITEMS,
    STATS,
    TOTAL_PRICE,
    Defect,
    always,
    header_changed,
    matches,
    parameters_ignored,
    request_changed,
)
from tests.wrapping.proxy import Content, Request, Response, Route, Server

FILTERS_OF_ITEMS: Final = (
    "year",
    "month",
    "start_year",
    "start_month",
    "resource_uuid",
    "offering_uuid",
    "project_uuid",
    "customer_uuid",
    "credit_uuid",
)


def _last_value(name: str) -> Callable[[Request], Request]:
    """Of a repeated parameter only the last value counts."""

    def change(request: Request) -> Request:
        values = request.values(name)
        return request.asking([*request.without(name).parameters, (name, values[-1])]) if values else request

    return change


async def _first_filter(request: Request, server: Server) -> Response:
    """Of several filters of items only the first one counts."""
    response = await server.ask(request)
    sent = [name for name, _ in request.parameters if name in FILTERS_OF_ITEMS]
    if response.status == 400 or len(sent) < 2 or not matches(request, [ITEMS]):
        return response
    return await server.ask(request.without(*sent[1:]))


def _day_before(name: str) -> Callable[[Request], Request]:
    def change(request: Request) -> Request:
        pairs = []
        for key, value in request.parameters:
            try:
                before = (date.fromisoformat(value) - timedelta(days=1)).isoformat() if key == name else value
            except ValueError:
                before = value
            pairs.append((key, before))
        return request.asking(pairs)

    return change


def _turned_around(request: Request) -> Request:
    """Ascending is descending."""

    def turn(names: str) -> str:
        return ",".join(name[1:] if name.startswith("-") else f"-{name}" for name in names.split(","))

    return request.asking((key, turn(value) if key == "o" else value) for key, value in request.parameters)


def _first_order(request: Request) -> Request:
    return request.asking((key, value.partition(",")[0] if key == "o" else value) for key, value in request.parameters)


def _without_minus(request: Request) -> Request:
    return request.asking((key, value.replace("-", "") if key == "o" else value) for key, value in request.parameters)


def _page(request: Request) -> int:
    """The page asked for; 0 for one that has no number."""
    text = "".join(request.values("page")) or "1"
    return int(text) if text.isdecimal() else 0


async def _overlapping(request: Request, server: Server) -> Response:
    """Every page after the first begins with the last row of the page before."""
    response = await server.ask(request)
    number = _page(request)
    if request.method != "GET" or response.status != 200 or not matches(request, [INVOICES]) or number < 2:
        return response
    before = await server.ask(_to_page(request, str(number - 1)))
    return response.saying([before.json[-1], *response.json[:-1]])


async def _losing(request: Request, server: Server) -> Response:
    """Every page after the first lacks its first row."""
    response = await server.ask(request)
    if request.method != "GET" or response.status != 200 or not matches(request, [ITEMS]) or _page(request) < 2:
        return response
    return response.saying(response.json[1:])


async def _uncapped(request: Request, server: Server) -> Response:
    """A page is as long as was asked for."""
    response = await server.ask(request)
    size = "".join(request.values("page_size"))
    many = size.isdecimal() and int(size) > 300
    if request.method != "GET" or response.status != 200 or not matches(request, [ITEMS]) or not many:
        return response
    others = {name: value for name, value in request.parameters if name not in ("page", "page_size")}
    rows = await server.rows(request.path, request, **others)
    return response.saying(rows[: int(size)])


async def _empty_beyond(request: Request, server: Server) -> Response:
    """A page beyond the last is empty instead of not found."""
    response = await server.ask(request)
    if response.status != 404 or not matches(request, [INVOICES, ITEMS]) or _page(request) < 2:
        return response
    first = await server.ask(_to_page(request, "1"))
    return first.saying([])


async def _unknown_last(request: Request, server: Server) -> Response:
    """`page=last` is no page."""
    if matches(request, [ITEMS]) and request.values("page") == ["last"]:
        return await server.ask(_to_page(request, "no-page"))
    return await server.ask(request)


async def _count_of_the_page(request: Request, server: Server) -> Response:
    """The count is that of the rows on the page."""
    response = await server.ask(request)
    if response.status != 200 or not matches(request, [INVOICES]):
        return response
    page = await server.ask(replace(request, method="GET"))
    return response.with_header("x-result-count", str(len(page.json)))


async def _head_with_body(request: Request, server: Server) -> Response:
    """HEAD answers with the body of GET."""
    return await server.ask(replace(request, method="GET") if matches(request, [INVOICES]) else request)


async def _head_counts_more(request: Request, server: Server) -> Response:
    response = await server.ask(request)
    count = response.header("x-result-count")
    if request.method != "HEAD" or count is None or not matches(request, [ITEMS]):
        return response
    return response.with_header("x-result-count", str(int(count) + 1))


async def _head_not_allowed(request: Request, server: Server) -> Response:
    if request.method == "HEAD" and matches(request, [GROWTH]):
        refused = await server.ask(replace(request, method="PUT"))
        return replace(refused, content=Content(b""))
    return await server.ask(request)


async def _always_with_uuid(request: Request, server: Server) -> Response:
    """The uuid is shown, whatever fields were asked for."""
    if matches(request, [INVOICES, INVOICE]) and request.values("field"):
        return await server.ask(request.asking([*request.parameters, ("field", "uuid")]))
    return await server.ask(request)


def _to_page(request: Request, page: str) -> Request:
    return request.asking([*request.without("page").parameters, ("page", page)])


def _default_size(request: Request) -> Request:
    return request if request.values("page_size") else request.asking([*request.parameters, ("page_size", "20")])


def _next_but_one(link: str) -> str:
    """`next` leads to the last page."""
    parts = (part.partition("; ") for part in link.split(", "))
    addresses = {relation: address for address, _, relation in parts}
    if 'rel="next"' in addresses:
        addresses['rel="next"'] = addresses['rel="last"']
    return ", ".join(f"{address}; {relation}" for relation, address in addresses.items())


def _without_parameters(link: str) -> str:
    """The links keep the page alone."""
    kept = []
    for part in link.split(", "):
        address, relation = part.removeprefix("<").split(">; ")
        path, _, query = address.partition("?")
        page = [pair for pair in query.split("&") if pair.startswith("page=")]
        kept.append(f"<{path}{'?' if page else ''}{'&'.join(page)}>; {relation}")
    return ", ".join(kept)


def _ignored(identifier: str, sentence: str, route: Route, *names: str) -> Defect:
    return Defect(identifier, sentence, parameters_ignored(route, *names))


LISTS: Final = (
    _ignored("state-ignored", "The filter of invoices by state has no effect.", INVOICES, "state"),
    _ignored(
        "invoices-of-a-customer-ignored", "The filter of invoices by customer has no effect.", INVOICES, "customer_uuid"
    ),
    _ignored(
        "customer-link-ignored", "The filter of invoices by the link of a customer has no effect.", INVOICES, "customer"
    ),
    _ignored("start-date-ignored", "The filter of invoices by start date has no effect.", INVOICES, "start_date"),
    _ignored("created-ignored", "The filter of invoices by the day they were made has no effect.", INVOICES, "created"),
    _ignored("project-of-items-ignored", "The filter of items by project has no effect.", ITEMS, "project_uuid"),
    _ignored(
        "start-month-ignored", "The filter of items by the month of their start has no effect.", ITEMS, "start_month"
    ),
    _ignored("resource-ignored", "The filter of items by resource has no effect.", ITEMS, "resource_uuid"),
    _ignored(
        "offering-of-lines-ignored",
        "The filter of an invoice's items by offering has no effect.",
        LINES,
        "offering_uuid",
    ),
    _ignored("query-ignored", "The filter of an invoice's items by a word has no effect.", LINES, "query"),
    _ignored(
        "conceal-ignored",
        "Compensations cannot be concealed among an invoice's items.",
        LINES,
        "conceal_compensation_items",
    ),
    _ignored(
        "provider-year-ignored", "The filter of provider items by year has no effect.", PROVIDER_ITEMS, "invoice_year"
    ),
    _ignored(
        "provider-customer-ignored",
        "The filter of provider items by customer has no effect.",
        PROVIDER_ITEMS,
        "customer_uuid",
    ),
    _ignored("stats-provider-ignored", "The filter of statistics by provider has no effect.", STATS, "provider_uuid"),
    _ignored("project-of-costs-ignored", "Costs are those of all projects.", COSTS, "project_uuid"),
    _ignored("number-of-customers-ignored", "Growth always names four customers.", GROWTH, "customers_count"),
    _ignored("total-price-of-all-projects", "The total price is that of all projects.", TOTAL_PRICE, "project_uuid"),
    Defect(
        "one-state-only",
        "Of several states only the last one counts.",
        request_changed([INVOICES], _last_value("state")),
    ),
    Defect(
        "one-filter-only",
        "Of several filters of items only the first one counts.",
        always(_first_filter),
    ),
    Defect(
        "start-date-inclusive",
        "Invoices made on the start date itself are kept.",
        request_changed([INVOICES], _day_before("start_date")),
    ),
    Defect(
        "order-reversed",
        "Ascending is descending in the list of invoices.",
        request_changed([INVOICES], _turned_around),
    ),
    Defect(
        "order-never-descends", "A minus sign before an order has no effect.", request_changed([LINES], _without_minus)
    ),
    _ignored("order-ignored", "Provider items always come in the same order.", PROVIDER_ITEMS, "o"),
    Defect(
        "second-order-ignored",
        "Of several orders only the first one counts.",
        request_changed([INVOICES], _first_order),
    ),
    Defect("pages-overlap", "A page of invoices begins with the last row of the page before.", always(_overlapping)),
    Defect("page-loses-a-row", "A page of items lacks its first row.", always(_losing)),
    Defect("page-size-not-capped", "A page of items may have more than 300 rows.", always(_uncapped)),
    _ignored("page-size-ignored", "A page of provider items always has ten rows.", PROVIDER_ITEMS, "page_size"),
    Defect(
        "default-page-size",
        "Without a size, a page of invoices has twenty rows.",
        request_changed([INVOICES], _default_size),
    ),
    Defect("last-page-unknown", "There is no last page of items by that name.", always(_unknown_last)),
    Defect("page-beyond-the-last", "A page beyond the last is empty instead of not found.", always(_empty_beyond)),
    Defect("count-of-the-page", "The count of invoices is that of the page.", always(_count_of_the_page)),
    Defect(
        "count-one-too-high",
        "The count of provider items is one too high.",
        header_changed([PROVIDER_ITEMS], "x-result-count", lambda count: str(int(count) + 1)),
    ),
    Defect(
        "count-missing",
        "There is no count of the months with costs.",
        header_changed([COSTS], "x-result-count", lambda count: None),
    ),
    Defect(
        "link-missing",
        "The list of items has no links to its pages.",
        header_changed([ITEMS], "link", lambda link: None),
    ),
    Defect(
        "link-to-the-wrong-page",
        "The link to the next page leads to the last one.",
        header_changed([INVOICES], "link", _next_but_one),
    ),
    Defect(
        "links-forget-parameters",
        "The links to other pages forget how the list was asked for.",
        header_changed([ITEMS], "link", _without_parameters),
    ),
    _ignored("field-ignored", "Invoices always show all fields.", INVOICES, "field"),
    _ignored("field-ignored-by-one", "An invoice by itself always shows all fields.", INVOICE, "field"),
    Defect("field-and-uuid", "Invoices always show the uuid.", always(_always_with_uuid)),
    Defect(
        "head-with-a-body",
        "HEAD of the list of invoices has a body.",
        always(_head_with_body),
        lawful="HTTP servers leave the body out.",
    ),
    Defect("head-counts-more", "HEAD counts one item more than GET.", always(_head_counts_more)),
    Defect("head-not-allowed", "HEAD is not allowed for growth.", always(_head_not_allowed)),
)
