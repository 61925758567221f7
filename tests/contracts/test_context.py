"""What checks read: a list is whole or it is not used, and identifiers of a server are not trusted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.run import prepare
from waldur_billing_mock.contracts.settings import PROFILES, Settings
from waldur_billing_mock.contracts.values import Malformed

ROWS: Final = [{"uuid": f"{number:032x}", "number": 100_001 + number} for number in range(700)]
ORDERS: Final[list[list[dict[str, Any]]]] = []
"""What the next readings of the list find, one reading after the other; the last one again and again."""
TOKEN: Final = "1" * 40


def server(**settings: object) -> Starlette:
    """A server with a list of 700 rows, whose order changes from reading to reading."""
    readings = iter(range(10**6))
    current = [ORDERS[0]]

    def invoices(request: Request) -> Response:
        query: Mapping[str, str] = request.query_params
        page, size = int(query.get("page", "1")), int(query.get("page_size", "10"))
        if page == 1 and size == 300:
            current[0] = ORDERS[min(next(readings), len(ORDERS) - 1)]
        rows = current[0][(page - 1) * size : page * size]
        return JSONResponse(rows, headers={"X-Result-Count": str(len(ROWS))})

    def users(request: Request) -> Response:
        return JSONResponse([{"role": "staff", "token": TOKEN, "scopes": []}])

    return Starlette(routes=[Route("/api/invoices/", invoices), Route("/_mock/users", users)])


@pytest.fixture
def context() -> Context:
    ORDERS[:] = [ROWS]
    settings = Settings(
        profile=PROFILES["quick"], application=f"{__name__}:server", deployed="documented", revision="documents"
    )
    return prepare(replace(settings), datetime(2025, 11, 22, tzinfo=UTC)).context


def test_a_list_is_read_again_until_its_rows_are_as_many_as_it_says(context: Context) -> None:
    ORDERS[:] = [[*ROWS[:300], *ROWS[290:690]], ROWS]

    rows = context.rows("invoices_list")

    assert len({row["uuid"] for row in rows}) == len(rows) == 700
    assert [one.explained_by for one in context.noted] == []


def test_readings_that_are_whole_together_make_a_whole_list_and_are_told_once(context: Context) -> None:
    ORDERS[:] = [[*ROWS[:300], *ROWS[200:600]], [*ROWS[100:], *ROWS[600:]]]

    rows = context.rows("invoices_list")

    assert len({row["uuid"] for row in rows}) == len(rows) == 700
    assert [one.explained_by for one in context.noted] == [("list-order-unstable",)]


def test_a_list_that_is_never_whole_is_not_used(context: Context) -> None:
    ORDERS[:] = [[*ROWS[:300], *ROWS[290:690]], [*ROWS[:310], *ROWS[300:690]]]

    with pytest.raises(NotExercised, match="690 of 700 rows of invoices_list"):
        context.rows("invoices_list")


@pytest.mark.parametrize("name", ["../../admin/?x=", "a b", "x\r\n", "%2e%2e", "ü", "x" * 65])
def test_what_is_no_identifier_is_not_asked_for(context: Context, name: str) -> None:
    sent = context.target.guard.sent

    with pytest.raises(Malformed, match="identifier"):
        context.ask("invoices_retrieve", of=name)

    assert context.target.guard.sent == sent


def test_a_value_that_fits_either_dialect_is_no_breach(context: Context) -> None:
    exchange = context.ask("invoices_list", query={"page_size": 1})

    context.must_fit("invoices_list", exchange)

    assert ("uuid-hex",) in [one.explained_by for one in context.noted]
