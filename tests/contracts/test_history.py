"""The check of the history of invoices: kept by the mock, and broken by each way in which a history can be wrong."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.wrapping.changes import Make
from tests.wrapping.proxy import Plant, Proxy, Request, Response, Server
from tests.wrapping.serving_app import serving
from waldur_billing_mock.contracts.__main__ import main
from waldur_billing_mock.contracts.values import instant
from waldur_billing_mock.mock_server.app import create_default_app

CHECK = "conventions/the_history_of_an_invoice_holds_together"


def nothing() -> Plant:
    """The mock as it is."""

    async def plant(request: Request, server: Server) -> Response:
        return await server.ask(request)

    return plant


def oldest_first() -> Plant:
    """Versions come in the order in which they were made."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        return response.saying(response.json[::-1]) if request.path.endswith("/history/") else response

    return plant


def created_before_is_ignored() -> Plant:
    """A span of time is not kept."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if not request.path.endswith("/history/") or not request.values("created_before"):
            return response
        later = instant(request.values("created_before")[0].replace(" ", "+")) + timedelta(days=1)
        return response.saying([{"id": 0, "revision_date": later.isoformat()}, *response.json])

    return plant


def an_instant_shows_an_older_version() -> Plant:
    """The version at an instant is one that was made before."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if not request.path.endswith("/history/at/") or response.status != 200:
            return response
        return response.saying({**response.json, "revision_date": "2001-01-01T00:00:00Z"})

    return plant


@pytest.mark.parametrize(
    ("make", "broken"),
    [
        (nothing, None),
        (oldest_first, "the versions of an invoice must come newest first"),
        (created_before_is_ignored, "created_before must leave out later versions"),
        (an_instant_shows_an_older_version, "the version at its own instant must agree"),
    ],
)
def test_a_wrong_history_is_found(make: Make, broken: str | None, tmp_path: Path) -> None:
    path = tmp_path / "report.json"

    with serving(Proxy(create_default_app(revision="8.1.3", wire=True), make)) as url:
        code = main(["--target", url, "--profile", "quick", "--only", CHECK, "--json", str(path)])

    (result,) = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert [finding["what"] for finding in result["findings"]] == ([] if broken is None else [broken])
    assert code == (0 if broken is None else 1)


def test_a_release_without_histories_is_not_asked_for_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"

    with serving(create_default_app(revision="7.9.8", wire=True)) as url:
        main(["--target", url, "--profile", "quick", "--only", CHECK, "--json", str(path)])

    (result,) = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert result["outcome"] == "not exercised"
