"""Peculiarities of releases: other revisions, operations and fields that are missing, versions that say little."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from tests.peculiarities.switch import Peculiarity
from tests.peculiarities.values import decimals_as_numbers, everywhere, rewritten
from tests.wrapping.changes import (
    CONSUMPTIONS,
    COSTS,
    CUSTOMER_COSTS,
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
    Make,
    always,
    body_changed,
    matches,
    request_changed,
    several,
)
from tests.wrapping.proxy import Request, Response, Route, Row, Server

UNKNOWN: Final = "ffffffff-ffff-4fff-bfff-ffffffffffff"
VERSION: Final = "/api/version/"
NOT_FOUND_PAGE: Final = b"<!doctype html><html lang=en><title>Not Found</title><h1>Not Found</h1></html>"
OLD_FIELDS: Final = frozenset({"credit", "compensations", "incurred_costs", "vat_code", "backend_uuid"})
"""Fields that releases of 2024 do not have."""
OLD_OPERATIONS: Final = (LINES, TOTAL_PRICE, CUSTOMER_COSTS, PROJECT_COSTS, CONSUMPTIONS)
"""Operations that releases of 2024 do not have."""
_ALLOWED: Final = "GET, HEAD, OPTIONS"


def page_not_found(response: Response) -> Response:
    """The HTML page that Django answers where no route fits."""
    return replace(response.with_body(NOT_FOUND_PAGE, "text/html"), status=404)


def _missing(routes: Iterable[Route]) -> Make:
    """No route leads to the operations."""
    wanted = tuple(routes)

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if response.status == 401 or not matches(request, wanted):
            return response
        return page_not_found(response)

    return always(plant)


def _not_allowed(routes: Iterable[Route]) -> Make:
    """The path leads somewhere, but not with this method."""
    wanted = tuple(routes)

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if response.status == 401 or not matches(request, wanted):
            return response
        answer = response.saying({"detail": f'Method "{request.method}" not allowed.'}, 405)
        return answer.with_header("allow", "OPTIONS").with_header("x-result-count", None).with_header("link", None)

    return always(plant)


def _taken_for_an_object(routes: Iterable[Route]) -> Make:
    """The name of the operation is taken for the identifier of an object, which is not found."""
    wanted = tuple(routes)

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if response.status == 401 or not matches(request, wanted):
            return response
        answer = response.saying({"detail": "No InvoiceItem matches the given query."}, 404)
        return answer.with_header("x-result-count", None).with_header("link", None)

    return always(plant)


def _without_old_fields(value: Any) -> Any:
    def change(row: Row) -> Row:
        return {name: member for name, member in row.items() if name not in OLD_FIELDS}

    return everywhere(value, change)


def _any_project(routes: Iterable[Route]) -> Make:
    """What is no identifier of a project has no costs, and is not refused."""
    wanted = tuple(routes)

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if response.status != 400 or not matches(request, wanted) or b"project_uuid" not in response.body:
            return response
        return (await server.ask(request.asking([("project_uuid", UNKNOWN)]))).saying([])

    return always(plant)


def _growth_for_staff() -> Make:
    """Growth is refused to users who are neither staff nor support."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if response.status != 200 or not matches(request, [GROWTH]):
            return response
        caller = (await server.read("/api/users/me/", request)).json
        if caller["is_staff"] or caller["is_support"]:
            return response
        return response.saying({"detail": "You do not have permission to perform this action."}, 403)

    return always(plant)


def _stats_of_what_matches() -> Make:
    """The filters of invoices act on the statistics, whose invoice is not found where it does not match."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if response.status != 200 or not matches(request, [STATS]):
            return response
        path = request.path.removesuffix("stats/")
        filtered = await server.ask(replace(request, method="GET", path=path))
        return response if filtered.status == 200 else filtered

    return always(plant)


FEWER_PARAMETERS: Final = several(
    request_changed([STATS], lambda request: request.without("provider_uuid")),
    request_changed([ITEMS], lambda request: request.without("offering_uuid", "start_month", "start_year")),
    _any_project([COSTS]),
)
"""The filters of releases of 2024."""
FEWER_FIELDS: Final = body_changed(
    [INVOICES, INVOICE, LINES, ITEMS, ITEM, PROVIDER_ITEMS, PROVIDER_ITEM], _without_old_fields
)


def _version(said: dict[str, Any] | None, status: int = 200) -> Make:
    """What `/api/version/` answers; None: an HTML page with the status."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if request.path != VERSION:
            return response
        if said is None:
            return replace(page_not_found(response), status=status)
        return response.saying(said, status)

    return always(plant)


RELEASES: Final = (
    Peculiarity("revision-7-8-8", "The release is 7.8.8.", revision="7.8.8", group="revision"),
    Peculiarity("revision-8-0-9", "The release is 8.0.9.", revision="8.0.9", group="revision"),
    Peculiarity("version-unknown", "The version is `unknown`.", make=_version({"version": "unknown"}), group="version"),
    Peculiarity(
        "version-newer",
        "The version is newer than all known ones.",
        make=_version({"version": "9.4.1-rc.2"}),
        group="version",
    ),
    Peculiarity("version-absent", "There is no version.", make=_version({}), group="version"),
    Peculiarity("version-not-found", "Nothing tells the version.", make=_version(None, 404), group="version"),
    Peculiarity(
        "version-forbidden",
        "The version is told to nobody.",
        make=_version({"detail": "Forbidden."}, 403),
        group="version",
    ),
    Peculiarity("no-consumptions", "There are no consumptions.", make=_missing([CONSUMPTIONS])),
    Peculiarity(
        "no-costs-for-period", "There are no costs for a period.", make=_not_allowed([CUSTOMER_COSTS, PROJECT_COSTS])
    ),
    Peculiarity("no-total-price", "There is no total price.", make=_taken_for_an_object([TOTAL_PRICE])),
    Peculiarity("no-stats", "There are no statistics of an invoice.", make=_missing([STATS]), group="missing"),
    Peculiarity("no-lines", "Items of an invoice are not listed alone.", make=_missing([LINES]), group="missing"),
    Peculiarity("no-growth", "There is no growth.", make=_taken_for_an_object([GROWTH]), group="missing"),
    Peculiarity("no-costs", "There are no costs of a project.", make=_missing([COSTS]), group="missing"),
    Peculiarity(
        "no-provider-items",
        "There are no provider items.",
        make=_missing([PROVIDER_ITEMS, PROVIDER_ITEM]),
        group="missing",
    ),
    Peculiarity(
        "decimals-as-numbers",
        "As before 2025, sums of invoices and statistics are JSON numbers, and there are no consumptions.",
        make=several(rewritten(decimals_as_numbers), _missing([CONSUMPTIONS])),
    ),
    Peculiarity("fields-missing", "Some fields are not there yet.", make=FEWER_FIELDS, group="fields"),
    Peculiarity(
        "older-release",
        "The release is older than all described ones.",
        make=several(
            FEWER_FIELDS,
            FEWER_PARAMETERS,
            _growth_for_staff(),
            _stats_of_what_matches(),
            _missing(OLD_OPERATIONS),
            _version({"version": "7.0.1"}),
        ),
        revision="7.8.8",
        group="revision",
        alone=True,
    ),
)
