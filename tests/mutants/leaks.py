"""Defects in what one customer sees of another: all or a part, by list, filter, detail, sum, and role."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final

from tests.mutants.money import like, number
from tests.wrapping.changes import (
    CONSUMPTIONS,
    CUSTOMER,
    CUSTOMER_COSTS,
    CUSTOMER_CREDITS,
    CUSTOMERS,
    DOCUMENTED,
    GROWTH,
    INVOICE,
    INVOICES,
    ITEM,
    ITEMS,
    LINES,
    PROJECT_COSTS,
    PROVIDER_ITEM,
    PROVIDER_ITEMS,
    STATS,
    TOTAL_PRICE,
    Defect,
    Make,
    always,
    matches,
)
from tests.wrapping.proxy import Request, Response, Route, Row, Server
from tests.wrapping.whole_lists import filters, has_repeated, in_pages

OWNERS: Final = {"owner": "owner2", "owner2": "owner"}
"""Users of two customers, each of which may see what the other sees."""
Applies = Callable[[Request], bool]
Which = Callable[[list[Row]], list[Row]]


def _asked_with(*names: str) -> Applies:
    """Whether a request sends one of the parameters, and not without a value."""
    return lambda request: any("".join(request.values(name)) for name in names)


def _always(request: Request) -> bool:
    return True


async def _role_of(request: Request, server: Server, roles: Iterable[str]) -> str | None:
    """The role of the caller, if it is one of these."""
    tokens = await server.tokens()
    return next((role for role in roles if tokens.get(role) == request.token), None)


def _as_staff(routes: Iterable[Route], roles: Iterable[str], applies: Applies = _always) -> Make:
    """Some requests of some roles are answered as staff would be."""
    wanted, asking = tuple(routes), tuple(roles)

    async def plant(request: Request, server: Server) -> Response:
        if not matches(request, wanted) or not applies(request) or not await _role_of(request, server, asking):
            return await server.ask(request)
        return await server.ask(request.by((await server.tokens())["staff"]))

    return always(plant)


def _as_each_other(routes: Iterable[Route], others: Mapping[str, str] = OWNERS) -> Make:
    """What the caller may not see is answered as the other user would be."""
    wanted = tuple(routes)

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        role = await _role_of(request, server, others) if matches(request, wanted) else None
        if role is None or response.status == 200:
            return response
        other = await server.ask(request.by((await server.tokens())[others[role]]))
        return other if other.status == 200 else response

    return always(plant)


def _everything(rows: list[Row]) -> list[Row]:
    return rows


def _first(rows: list[Row]) -> list[Row]:
    return rows[:1]


def _also_seen(route: Route, others: Mapping[str, str], which: Which = _everything, applies: Applies = _always) -> Make:
    """A list shows its caller all rows of another user, too, or some of them, in the order that staff sees."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        role = await _role_of(request, server, others) if matches(request, [route]) and applies(request) else None
        if role is None or response.status != 200 or has_repeated(request):
            return response
        tokens, query = await server.tokens(), filters(request)
        own = await server.rows(request.path, request, **query)
        foreign = await server.rows(request.path, request.by(tokens[others[role]]), **query)
        seen = {row.get("uuid") for row in (*own, *which(foreign))}
        whole = await server.rows(request.path, request.by(tokens["staff"]), **query)
        return in_pages(response, [row for row in whole if row.get("uuid") in seen], request)

    return always(plant)


def _not_seen(route: Route, roles: Iterable[str], hidden: Which, applies: Applies = _always) -> Make:
    """A list hides some rows from those who ought to see them."""
    asking = tuple(roles)

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        listed = matches(request, [route]) and applies(request) and response.status == 200
        if not listed or has_repeated(request) or not await _role_of(request, server, asking):
            return response
        rows = await server.rows(request.path, request, **filters(request))
        gone = {row.get("uuid") for row in hidden(rows)}
        return in_pages(response, [row for row in rows if row.get("uuid") not in gone], request)

    return always(plant)


def _count_of_all(routes: Iterable[Route], methods: Iterable[str]) -> Make:
    """The count of a list is that of staff."""
    wanted, asked = tuple(routes), tuple(methods)

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if request.method not in asked or not matches(request, wanted):
            return response
        whole = await server.ask(request.by((await server.tokens())["staff"]))
        if response.status != 200 or whole.status != 200:
            return response
        return response.with_header("x-result-count", whole.header("x-result-count"))

    return always(plant)


async def _total_price_of_two(request: Request, server: Server) -> Response:
    """The total price of an owner counts the items of another one, too."""
    response = await server.ask(request)
    role = await _role_of(request, server, OWNERS) if matches(request, [TOTAL_PRICE]) else None
    if role is None or response.status != 200 or request.method == "HEAD":
        return response
    other = await server.ask(request.by((await server.tokens())[OWNERS[role]]))
    value = response.json
    both = number(value["total_price"]) + number(other.json["total_price"])
    return response.saying({"total_price": like(both, value["total_price"])})


def _growth_of_two(*, named: bool) -> Make:
    """The growth of an owner adds up the invoices of another one, too, whom it names or not."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        role = await _role_of(request, server, OWNERS) if matches(request, [GROWTH]) else None
        if role is None or response.status != 200 or request.method == "HEAD":
            return response
        other = (await server.ask(request.by((await server.tokens())[OWNERS[role]]))).json
        value = response.json
        changed = ("total_periods",) if named else ("total_periods", "other_periods")
        for name in changed:
            value[name] = [_added(one, two) for one, two in zip(value[name], other["total_periods"], strict=True)]
        if named:
            value["other_periods"] = [
                _added(one, two) for one, two in zip(value["other_periods"], other["other_periods"], strict=True)
            ]
            together = [*value["customer_periods"], *other["customer_periods"]]
            value["customer_periods"] = sorted(together, key=lambda row: str(row["name"]))
        return response.saying(value)

    return always(plant)


def _added(one: object, two: object) -> object:
    total = number(one) + number(two)
    return str(total.quantize(Decimal("0.01"))) if isinstance(one, str) or isinstance(two, str) else total


def _list_leak(identifier: str, sentence: str, route: Route, applies: Applies) -> Defect:
    """Owners see the rows of everybody in some requests for a list."""
    return Defect(identifier, sentence, _as_staff([route], OWNERS, applies))


_BEYOND_THE_FIRST: Final = _asked_with("page")
_ONE_WAY: Final = {"owner": "owner2"}

LEAKS: Final = (
    Defect(
        "invoices-of-another-customer-listed",
        "The list of invoices also shows an owner those of one other customer.",
        _also_seen(INVOICES, OWNERS),
    ),
    Defect(
        "invoices-leak-one-way",
        "Only one of two owners sees the invoices of the other.",
        _also_seen(INVOICES, _ONE_WAY),
    ),
    Defect(
        "one-foreign-invoice-listed",
        "The list of invoices also shows an owner a single invoice of another customer.",
        _also_seen(INVOICES, OWNERS, _first),
    ),
    Defect(
        "items-of-another-customer-listed",
        "The list of items also shows an owner those of one other customer.",
        _also_seen(ITEMS, OWNERS),
    ),
    Defect(
        "one-foreign-item-listed",
        "The list of items also shows an owner a single item of another customer.",
        _also_seen(ITEMS, OWNERS, _first),
    ),
    Defect(
        "managers-see-another-customer",
        "A manager of a customer also sees the invoices of another one.",
        _also_seen(INVOICES, {"customer_manager": "owner2"}),
    ),
    Defect(
        "supporters-see-another-customer",
        "A supporter of a customer also sees the items of another one.",
        _also_seen(ITEMS, {"customer_support": "owner2"}),
    ),
    Defect(
        "providers-see-their-buyers",
        "A provider also sees all invoices of a customer.",
        _also_seen(INVOICES, {"provider_owner": "owner"}),
    ),
    Defect(
        "owners-see-sold-items",
        "An owner sees what a provider sold.",
        _also_seen(PROVIDER_ITEMS, {"owner": "provider_owner"}),
    ),
    Defect(
        "one-sold-item-of-another-provider",
        "A manager of an offering sees one item more than staff says it sells.",
        _also_seen(PROVIDER_ITEMS, {"customer_manager": "provider_owner"}, _first),
    ),
    Defect(
        "members-see-invoices-of-the-project",
        "A member of a project sees the invoices of its customer.",
        _also_seen(INVOICES, {"project_member": "owner"}),
    ),
    Defect(
        "nobody-sees-an-invoice", "Who has no role sees an invoice.", _also_seen(INVOICES, {"nobody": "owner"}, _first)
    ),
    Defect(
        "customers-listed-to-every-owner",
        "The list of customers shows an owner all of them.",
        _as_staff([CUSTOMERS], OWNERS),
    ),
    Defect(
        "credits-listed-to-every-manager",
        "The list of credits shows a manager of a customer those of everybody.",
        _as_staff([CUSTOMER_CREDITS], ["customer_manager"]),
    ),
    Defect(
        "customer-of-the-other-owner",
        "Two owners can each read the customer of the other.",
        _as_each_other([CUSTOMER]),
    ),
    _list_leak(
        "invoices-by-foreign-customer",
        "The filter by customer shows invoices of any customer.",
        INVOICES,
        _asked_with("customer_uuid", "customer"),
    ),
    _list_leak(
        "invoices-by-state-of-everybody",
        "The filter by state shows invoices of everybody.",
        INVOICES,
        _asked_with("state"),
    ),
    _list_leak(
        "invoices-by-year-of-everybody",
        "The filter by year shows invoices of everybody.",
        INVOICES,
        _asked_with("year"),
    ),
    _list_leak(
        "invoices-by-month-of-everybody",
        "The filter by month shows invoices of everybody.",
        INVOICES,
        _asked_with("month"),
    ),
    _list_leak(
        "invoices-by-date-of-everybody",
        "The filters by date show invoices of everybody.",
        INVOICES,
        _asked_with("start_date", "end_date", "created"),
    ),
    _list_leak("invoices-in-order-of-everybody", "An order shows invoices of everybody.", INVOICES, _asked_with("o")),
    _list_leak(
        "invoice-fields-of-everybody",
        "Chosen fields are shown of everybody's invoices.",
        INVOICES,
        _asked_with("field"),
    ),
    _list_leak(
        "items-by-foreign-customer",
        "The filter by customer shows items of any customer.",
        ITEMS,
        _asked_with("customer_uuid"),
    ),
    _list_leak(
        "items-by-foreign-project",
        "The filter by project shows items of any project.",
        ITEMS,
        _asked_with("project_uuid"),
    ),
    _list_leak(
        "items-by-foreign-resource",
        "The filter by resource shows items of any resource.",
        ITEMS,
        _asked_with("resource_uuid"),
    ),
    _list_leak(
        "items-by-year-of-everybody", "The filter by year shows items of everybody.", ITEMS, _asked_with("year")
    ),
    _list_leak(
        "items-by-month-of-everybody", "The filter by month shows items of everybody.", ITEMS, _asked_with("month")
    ),
    Defect(
        "sold-items-by-foreign-customer",
        "The filter by customer shows a provider what others sold to it.",
        _as_staff([PROVIDER_ITEMS], ["provider_owner", "provider_manager"], _asked_with("customer_uuid")),
    ),
    Defect(
        "sold-items-by-year-of-everybody",
        "The filter by year shows a provider what others sold.",
        _as_staff([PROVIDER_ITEMS], ["provider_owner", "provider_manager"], _asked_with("invoice_year")),
    ),
    _list_leak(
        "second-page-of-everybody", "Pages after the first show invoices of everybody.", INVOICES, _BEYOND_THE_FIRST
    ),
    Defect(
        "count-of-all-invoices",
        "The count of invoices is that of everybody.",
        _count_of_all([INVOICES], ["GET", "HEAD"]),
    ),
    Defect("head-counts-all-items", "HEAD counts the items of everybody.", _count_of_all([ITEMS], ["HEAD"])),
    Defect(
        "invoice-of-the-other-owner",
        "Two owners can each read an invoice of the other.",
        _as_each_other([INVOICE]),
    ),
    Defect(
        "lines-of-the-other-owner", "Two owners can each read items of the other's invoices.", _as_each_other([LINES])
    ),
    Defect("stats-of-the-other-owner", "Two owners can each read statistics of the other.", _as_each_other([STATS])),
    Defect("item-of-the-other-owner", "Two owners can each read an item of the other.", _as_each_other([ITEM])),
    Defect(
        "consumptions-of-the-other-owner",
        "Two owners can each read the consumptions of the other.",
        _as_each_other([CONSUMPTIONS]),
        dialects=DOCUMENTED,
    ),
    Defect(
        "costs-of-the-other-owner",
        "Two owners can each ask for the costs of the other.",
        _as_each_other([CUSTOMER_COSTS]),
    ),
    Defect(
        "project-costs-of-the-other-owner",
        "Two owners can each ask for the costs of the other's projects.",
        _as_each_other([PROJECT_COSTS]),
    ),
    Defect(
        "invoice-open-to-providers",
        "A provider can read the invoice of a customer.",
        _as_each_other([INVOICE], {"provider_owner": "owner"}),
    ),
    Defect("invoice-open-to-managers", "A manager can read any invoice.", _as_staff([INVOICE], ["customer_manager"])),
    Defect(
        "lines-open-to-supporters",
        "A supporter can read items of any invoice.",
        _as_staff([LINES], ["customer_support"]),
    ),
    Defect(
        "item-open-to-members",
        "A member of a project can read any item.",
        _as_staff([ITEM], ["project_admin", "project_manager", "project_member"]),
    ),
    Defect("item-open-to-nobody", "Who has no role can read an item.", _as_staff([ITEM], ["nobody"])),
    Defect("stats-open-to-nobody", "Who has no role can read statistics.", _as_staff([STATS], ["nobody"])),
    Defect(
        "sold-item-open-to-support",
        "Support can read an item as only its provider may.",
        _as_staff([PROVIDER_ITEM], ["support"]),
    ),
    Defect("total-price-of-two", "The total price of an owner counts another customer.", always(_total_price_of_two)),
    Defect(
        "total-price-of-any-customer",
        "The total price can be asked for any customer.",
        _as_staff([TOTAL_PRICE], OWNERS, _asked_with("customer_uuid", "project_uuid")),
    ),
    Defect(
        "total-price-of-a-year",
        "The total price of a year is that of everybody.",
        _as_staff([TOTAL_PRICE], OWNERS, _asked_with("year", "month")),
    ),
    Defect(
        "total-price-open-to-nobody",
        "Who has no role sees everybody's total price.",
        _as_staff([TOTAL_PRICE], ["nobody"]),
    ),
    Defect("growth-counts-another", "The growth of an owner counts another customer.", _growth_of_two(named=False)),
    Defect("growth-names-another", "The growth of an owner names another customer.", _growth_of_two(named=True)),
    Defect(
        "growth-without-tax-of-everybody",
        "Growth without tax is that of everybody.",
        _as_staff([GROWTH], OWNERS, _asked_with("accounting_mode")),
    ),
    Defect("growth-open-to-nobody", "Who has no role sees everybody's growth.", _as_staff([GROWTH], ["nobody"])),
    Defect("own-invoice-hidden", "An owner does not see the latest invoice.", _not_seen(INVOICES, ["owner"], _first)),
    Defect("own-item-hidden", "An owner does not see one of its items.", _not_seen(ITEMS, ["owner"], _first)),
    Defect(
        "own-customer-filtered-out",
        "The filter by the own customer hides an invoice.",
        _not_seen(INVOICES, ["owner", "owner2"], _first, _asked_with("customer_uuid")),
    ),
    Defect(
        "sold-item-hidden",
        "A provider does not see one of its items.",
        _not_seen(PROVIDER_ITEMS, ["provider_owner"], _first),
    ),
)
