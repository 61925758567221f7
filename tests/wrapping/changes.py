"""What defects are made of: the routes of the API, and the few ways in which an exchange can be spoiled."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from starlette.types import ASGIApp

from tests.wrapping.proxy import Plant, Proxy, Request, Response, Route, Row, Server, chained

Dialect = Literal["documented", "wire"]
BOTH: Final[frozenset[Dialect]] = frozenset({"documented", "wire"})
DOCUMENTED: Final[frozenset[Dialect]] = frozenset({"documented"})

INVOICES: Final = Route("GET", "/api/invoices/")
INVOICE: Final = Route("GET", "/api/invoices/{uuid}/")
LINES: Final = Route("GET", "/api/invoices/{uuid}/items/")
STATS: Final = Route("GET", "/api/invoices/{uuid}/stats/")
CUSTOMERS: Final = Route("GET", "/api/customers/")
CUSTOMER: Final = Route("GET", "/api/customers/{uuid}/")
CUSTOMER_CREDITS: Final = Route("GET", "/api/customer-credits/")
GROWTH: Final = Route("GET", "/api/invoices/growth/")
PAID: Final = Route("POST", "/api/invoices/{uuid}/paid/")
NOTIFY: Final = Route("POST", "/api/invoices/{uuid}/send_notification/")
SET_BACKEND_ID: Final = Route("POST", "/api/invoices/{uuid}/set_backend_id/")
SET_PAYMENT_URL: Final = Route("POST", "/api/invoices/{uuid}/set_payment_url/")
SET_REFERENCE: Final = Route("POST", "/api/invoices/{uuid}/set_reference_number/")
ITEMS: Final = Route("GET", "/api/invoice-items/")
ITEM: Final = Route("GET", "/api/invoice-items/{uuid}/")
PUT_ITEM: Final = Route("PUT", "/api/invoice-items/{uuid}/")
PATCH_ITEM: Final = Route("PATCH", "/api/invoice-items/{uuid}/")
DELETE_ITEM: Final = Route("DELETE", "/api/invoice-items/{uuid}/")
COMPENSATE: Final = Route("POST", "/api/invoice-items/{uuid}/create_compensation/")
MIGRATE: Final = Route("POST", "/api/invoice-items/{uuid}/migrate_to/")
CONSUMPTIONS: Final = Route("GET", "/api/invoice-items/{uuid}/consumptions/")
COSTS: Final = Route("GET", "/api/invoice-items/costs/")
TOTAL_PRICE: Final = Route("GET", "/api/invoice-items/total_price/")
CUSTOMER_COSTS: Final = Route("GET", "/api/invoice-items/customer_costs_for_period/")
PROJECT_COSTS: Final = Route("GET", "/api/invoice-items/project_costs_for_period/")
PROVIDER_ITEMS: Final = Route("GET", "/api/provider-invoice-items/")
PROVIDER_ITEM: Final = Route("GET", "/api/provider-invoice-items/{id}/")

Make = Callable[[], Plant]
"""Makes a plant with a memory of its own, so that every application begins without one."""
Edit = Callable[[Row], None]
"""Changes a JSON object in its place."""


NOT_SENT: Final = "A deployment is sent the described methods with whole bodies, and no other writes."
"""Why a defect does not show there: see `Defect.lawful`."""


@dataclass(frozen=True)
class Defect:
    """One planted defect. `by_reading` says whether requests that change nothing can show it.

    `lawful` says why a deployment that has it is not to be blamed, or cannot be; it is judged in process then.
    """

    identifier: str
    sentence: str
    make: Make
    by_reading: bool = True
    dialects: frozenset[Dialect] = BOTH
    lawful: str = ""

    def wrap(self, app: ASGIApp) -> Proxy:
        """The application with this defect, as it is before the first request."""
        return Proxy(app, self.make)


def always(plant: Plant) -> Make:
    """A plant that remembers nothing."""
    return lambda: plant


def several(*makes: Make) -> Make:
    """Several plants, each before the next."""
    return lambda: chained(make() for make in makes)


def matches(request: Request, routes: Iterable[Route]) -> bool:
    """Whether a request goes to one of the routes."""
    return any(route.match(request) is not None for route in routes)


def request_changed(routes: Iterable[Route], change: Callable[[Request], Request]) -> Make:
    """The healthy server sees another request than was sent."""
    wanted = tuple(routes)

    async def plant(request: Request, server: Server) -> Response:
        return await server.ask(change(request) if matches(request, wanted) else request)

    return always(plant)


def parameters_ignored(route: Route, *names: str) -> Make:
    """Some query parameters have no effect, but that faulty values are refused."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if response.status == 400 or not matches(request, [route]) or not any(map(request.values, names)):
            return response
        return await server.ask(request.without(*names))

    return always(plant)


def response_changed(
    routes: Iterable[Route], change: Callable[[Response], Response], statuses: Iterable[int] = (200,)
) -> Make:
    """Answers with one of the statuses are changed. HEAD is left alone."""
    wanted, judged = tuple(routes), frozenset(statuses)

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if request.method == "HEAD" or response.status not in judged or not matches(request, wanted):
            return response
        return change(response)

    return always(plant)


def body_changed(routes: Iterable[Route], change: Callable[[Any], Any], statuses: Iterable[int] = (200,)) -> Make:
    """The JSON value of answers is changed."""
    return response_changed(routes, lambda response: response.saying(change(response.json)), statuses)


def rows_changed(routes: Iterable[Route], edit: Edit) -> Make:
    """Every row of a list, or the one object, is changed."""
    return body_changed(routes, lambda value: edited(value, edit))


def invoices_changed(edit: Edit) -> Make:
    """Invoices are changed wherever they are shown."""
    return rows_changed([INVOICES, INVOICE], edit)


def details_changed(edit: Edit) -> Make:
    """Invoice items are changed where they are shown by themselves."""
    return rows_changed([ITEMS, ITEM], edit)


def lines_changed(edit: Edit) -> Make:
    """Invoice items are changed where invoices show them."""

    def change(row: Row) -> None:
        edited(row.get("items", []), edit)

    return several(invoices_changed(change), rows_changed([LINES], edit))


def items_changed(edit: Edit) -> Make:
    """Invoice items are changed wherever they are shown."""
    return several(lines_changed(edit), rows_changed([ITEMS, ITEM, PROVIDER_ITEMS, PROVIDER_ITEM], edit))


def edited(value: Any, edit: Edit) -> Any:
    """The value, its rows changed."""
    for row in value if isinstance(value, list) else [value]:
        edit(row)
    return value


def field(name: str, change: Callable[[Any], Any]) -> Edit:
    """Changes one field where it is shown and says something."""

    def edit(row: Row) -> None:
        if row.get(name) is not None:
            row[name] = change(row[name])

    return edit


def header_changed(routes: Iterable[Route], name: str, change: Callable[[str], str | None]) -> Make:
    """The value of a header is changed, or with None the header is left out; in answers to HEAD, too."""
    wanted = tuple(routes)

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        value = response.header(name)
        if value is None or not matches(request, wanted):
            return response
        return response.with_header(name, change(value))

    return always(plant)


def asked_as(routes: Iterable[Route], stand_ins: Mapping[str, str]) -> Make:
    """Users of some roles get what users of another role would get."""
    wanted = tuple(routes)

    async def plant(request: Request, server: Server) -> Response:
        if not matches(request, wanted):
            return await server.ask(request)
        tokens = await server.tokens()
        for role, stand_in in stand_ins.items():
            if request.token == tokens[role]:
                return await server.ask(request.by(tokens[stand_in]))
        return await server.ask(request)

    return always(plant)


def counted(response: Response, rows: list[Any]) -> Response:
    """The answer with fewer or more rows, and the count of rows follows."""
    count = int(response.header("x-result-count") or 0) + len(rows) - len(response.json)
    return response.saying(rows).with_header("x-result-count", str(count))
