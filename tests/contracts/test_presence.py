"""What a server lacks of the description is found by how it answers, and told once; nothing else is blamed for it."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

import pytest
from starlette.types import ASGIApp

from tests.peculiarities.releases import page_not_found
from tests.wrapping.changes import Make, always
from tests.wrapping.proxy import Proxy, Request, Response, Server
from waldur_billing_mock.contracts.findings import Verdict
from waldur_billing_mock.contracts.presence import operations_lacking
from waldur_billing_mock.contracts.run import run
from waldur_billing_mock.contracts.settings import PROFILES, Settings
from waldur_billing_mock.contracts.target import open_target
from waldur_billing_mock.mock_server.app import create_default_app

PLANTED: Final[list[Make]] = []
"""What is wrong with the server of a test."""
REFUSALS: Final = "survey/refusals_are_told_in_json"
LACKS: Final = "this server lacks "
ITEM: Final = re.compile(r"/api/invoice-items/[0-9a-f-]{32,36}/")
STATS: Final = "GET /api/invoices/{uuid}/stats/"
GROWTH: Final = "GET /api/invoices/growth/"


def server(**settings: str) -> ASGIApp:
    """A mock, spoiled as the test says."""
    app: ASGIApp = create_default_app(**settings)
    for make in PLANTED:
        app = Proxy(app, make)
    return app


@pytest.fixture(autouse=True)
def _healthy() -> Iterator[None]:
    PLANTED.clear()
    yield
    PLANTED.clear()


def judged(*only: str, forgives: bool = True, revision: str = "documents") -> Verdict:
    """What the survey says of the server, as a deployment or, where nothing is forgiven, as a mock."""
    settings = Settings(
        profile=PROFILES["quick"],
        application=f"{__name__}:server",
        deployed="documented" if forgives else "",
        revision=revision,
        only=only or ("survey/",),
        read_only=True,
    )
    return run(settings, date(2025, 11, 22), lambda result, number, of_all: None)


def found(verdict: Verdict, outcome: str = "note") -> list[str]:
    """The sentences of one outcome."""
    findings = [one for result in verdict.results for one in result.findings]
    return [one.complaint.what for one in findings if one.outcome == outcome]


def plant(path: str, status: int, *, page: bool = False, methods: str = "GET", exactly: bool = True) -> None:
    """Has a path answer with a status, in JSON or with a page; or all paths that end so."""

    async def answer(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        hit = request.path == path if exactly else request.path.endswith(path)
        if response.status == 401 or request.method not in methods.split() or not hit:
            return response
        if page:
            return page_not_found(response).with_header("x-result-count", None)
        return response.saying({"detail": "Not found."}, status).with_header("x-result-count", None)

    PLANTED.append(always(answer))


def pages_for(status: int, but: str = "nothing") -> None:
    """A proxy before the server has pages of its own for a status, but for some paths."""

    async def answer(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if response.status != status or request.path.startswith(but):
            return response
        return response.with_body(b"<h1>Refused</h1>", "text/html")

    PLANTED.append(always(answer))


@pytest.mark.parametrize("forgives", [True, False])
def test_a_server_that_has_everything_lacks_nothing(forgives: bool) -> None:
    verdict = judged(forgives=forgives)

    assert (found(verdict), found(verdict, "broken")) == ([], [])
    outcomes = {result.check.id.split("/")[1]: result.outcome for result in verdict.results}
    assert outcomes["refusals_are_told_in_json"] == outcomes["the_server_has_the_operation"] == "kept"
    assert outcomes["the_server_has_the_parameters"] == "not exercised"


@pytest.mark.parametrize("status", [401, 404, 405])
def test_pages_in_the_place_of_all_refusals_of_a_status_are_a_note(status: int) -> None:
    pages_for(status)

    assert found(judged()) == [f"refusals with {status} are pages instead of JSON"]


@pytest.mark.parametrize("status", [401, 404, 405])
def test_where_nothing_is_forgiven_they_are_a_breach(status: int) -> None:
    pages_for(status)

    broken = found(judged("survey/refusals", forgives=False), "broken")

    assert "the content type must be application/json, not text/html" in broken


@pytest.mark.parametrize("forgives", [True, False])
def test_only_refusals_with_the_status_count(forgives: bool) -> None:
    pages_for(404)
    plant("/api/invoices/ffffffff-ffff-4fff-bfff-ffffffffffff/", 403)

    verdict = judged(REFUSALS, forgives=forgives)

    assert ("refusals with 404 are pages instead of JSON" in found(verdict)) == forgives
    (result,) = (one for one in verdict.results if one.check.id == REFUSALS)
    assert result.outcome == ("note" if forgives else "broken")


def test_pages_of_some_operations_alone_are_left_to_the_checks_of_these() -> None:
    pages_for(404, but="/api/invoices/")

    assert not [what for what in found(judged("survey/refusals")) if what.startswith("refusals with")]


@pytest.mark.parametrize(
    ("path", "status", "exactly", "lacking"),
    [
        ("/api/invoices/growth/", 404, True, GROWTH),
        ("/api/invoices/growth/", 405, True, GROWTH),
        ("/api/invoices/growth/", 501, True, GROWTH),
        ("/stats/", 501, False, STATS),
    ],
)
def test_an_operation_that_is_answered_like_none_is_lacking(
    path: str, status: int, exactly: bool, lacking: str
) -> None:
    plant(path, status, exactly=exactly)

    forgiving, strict = (
        judged("survey/the_server_has_the_operation"),
        judged("survey/the_server_has_the_operation", forgives=False),
    )

    assert found(forgiving) == [LACKS + lacking]
    assert found(strict, "broken") == [LACKS + lacking]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_that_reaches_no_server_says_nothing_of_an_operation(status: int) -> None:
    plant("/api/invoices/growth/", status)

    verdict = judged("survey/the_server_has_the_operation/invoices_growth_retrieve")

    assert [result.reason for result in verdict.results if "growth" in result.check.id] == [
        f"the server answers {status}"
    ]
    assert found(verdict) == []


def test_a_page_for_every_object_means_that_an_operation_on_it_is_lacking() -> None:
    plant("/stats/", 404, page=True, exactly=False)

    assert found(judged("survey/the_server_has_the_operation")) == [LACKS + STATS]


def test_a_page_for_an_unknown_object_alone_means_no_such_thing() -> None:
    """Neither of reads, which are asked about a listed object, nor of writes, whose objects allow their method."""
    plant("ffffffff-ffff-4fff-bfff-ffffffffffff/stats/", 404, page=True, exactly=False)
    plant("ffffffff-ffff-4fff-bfff-ffffffffffff/", 404, page=True, exactly=False)

    assert found(judged("survey/the_server_has_the_operation")) == ["refusals with 404 are pages instead of JSON"]


def test_a_write_is_lacking_where_nothing_is_at_its_address() -> None:
    plant("/set_backend_id/", 404, page=True, exactly=False)

    assert found(judged("survey/the_server_has_the_operation")) == [
        f"{LACKS}POST /api/invoices/{{uuid}}/set_backend_id/"
    ]


def test_all_methods_of_an_address_are_lacking_where_no_object_is_found_there() -> None:
    async def answer(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        return page_not_found(response) if ITEM.fullmatch(request.path) and response.status != 401 else response

    PLANTED.append(always(answer))

    assert found(judged("survey/the_server_has_the_operation")) == [
        f"{LACKS}{method} /api/invoice-items/{{uuid}}/" for method in ("GET", "PUT", "PATCH", "DELETE")
    ]


def test_a_number_that_nothing_tells_is_not_asked_for_where_unknown_objects_are_pages() -> None:
    pages_for(404)
    plant("/api/provider-invoice-items/2147483647/", 404, page=True)

    assert found(judged("survey/")) == ["refusals with 404 are pages instead of JSON"]


def test_an_operation_on_a_number_is_lacking_where_a_page_answers_and_other_refusals_are_json() -> None:
    plant("/api/provider-invoice-items/2147483647/", 404, page=True)

    assert found(judged("survey/")) == [f"{LACKS}GET /api/provider-invoice-items/{{id}}/"]


def ignoring(path: str, *names: str) -> None:
    """The server has never heard of some parameters of a path."""

    async def answer(request: Request, server: Server) -> Response:
        return await server.ask(request.without(*names) if request.path == path else request)

    PLANTED.append(always(answer))


def test_parameters_are_looked_at_where_an_operation_is_lacking_and_are_lacking_where_they_have_no_effect() -> None:
    plant("/api/invoices/growth/", 404)
    ignoring("/api/invoice-items/", "start_year", "offering_uuid")

    notes = found(judged("survey/"))

    assert sorted(notes) == [
        f"{LACKS}GET /api/invoices/growth/",
        f"{LACKS}the parameter offering_uuid of GET /api/invoice-items/",
        f"{LACKS}the parameter start_year of GET /api/invoice-items/",
    ]


def test_parameters_are_not_looked_at_where_no_operation_is_lacking() -> None:
    ignoring("/api/invoice-items/", "start_year")

    verdict = judged("survey/the_server_has_the_parameters")

    assert found(verdict) == []
    reasons = {result.reason for result in verdict.results if "parameters" in result.check.id}
    assert reasons == {"looked at where a server is older than all described ones", "only reads have filters"}


def test_operations_are_found_lacking_without_a_run() -> None:
    plant("/api/invoices/growth/", 404)
    target = open_target(Settings(application=f"{__name__}:server", deployed="documented"), "documents")

    assert operations_lacking(target, "documents") == ["invoices_growth_retrieve"]
