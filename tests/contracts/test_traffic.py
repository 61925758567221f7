"""Exchanges that others have made are judged one by one: those of a real server, of peculiar and of defective ones."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import pytest

from tests.parity.recording import HERE, read
from tests.recording.targets import served
from waldur_billing_mock.contracts.description import describe, describe_neighbours
from waldur_billing_mock.contracts.exchange import Answer, Request
from waldur_billing_mock.contracts.routes import Routes
from waldur_billing_mock.contracts.traffic import NOT_DESCRIBED, Judged, TrafficJudge
from waldur_billing_mock.fixtures import Size, build

OLDEST: Final = "7.8.8"
UUID: Final = "5f1c2b3a000040008000000000000001"
OF_ITS_AGE: Final = {
    ("invoices_growth_retrieve", "the status 403 is not described"): "Growth was for staff and support only.",
    ("invoice_items_costs_list", "the status 500 is not described"): "A NUL in a uuid crashes the server.",
}
"""What the recorded server of 2024 does otherwise than its description, and no entry of the catalogue says."""


@cache
def judge_of(revision: str) -> TrafficJudge:
    return TrafficJudge(revision)


def judged(path: str, status: int, body: bytes = b"", method: str = "GET", **headers: str) -> Judged:
    """What the newest judge says of an answer, which has seen no other."""
    named = {name.replace("_", "-"): value for name, value in {"content_type": "application/json", **headers}.items()}
    return TrafficJudge("8.1.3").judge(Request(method, path), Answer(status, named, body, 0.0), "anonymous")


def new(found: Judged) -> list[str]:
    return [one.complaint.what for one in found.findings if one.outcome == "broken"]


def recorded() -> Iterator[tuple[str, Judged]]:
    """The exchanges of the recording that writes no bytes of its own, with what is said of them."""
    judge = judge_of(OLDEST)
    for one in read(HERE).exchanges:
        headers = {name.lower(): value for name, value in one.response_headers.items()}
        asked = tuple((name.lower(), value) for name, value in one.request_headers.items())
        answer = Answer(one.status, headers, one.response_body.encode(), 0.0)
        yield one.target, judge.judge(Request(one.method, one.target, asked), answer, one.role)


@pytest.mark.slow
def test_a_real_server_shows_no_new_deviation_but_those_of_its_age() -> None:
    found = list(recorded())

    broken = {(one.operation_id, complaint) for _, one in found for complaint in new(one)}
    assert broken == set(OF_ITS_AGE)
    reasons = Counter(one.reason for _, one in found)
    assert reasons[""] > 1_000
    assert reasons.keys() == {"", NOT_DESCRIBED, "the path holds no identifier"}
    known = {name for _, one in found for finding in one.findings for name in finding.explained_by}
    assert {"uuid-hex", "due-date-null", "paid-empty"} <= known


@pytest.mark.parametrize(
    ("path", "status", "body", "complaint"),
    [
        ("/api/invoices/", 200, b"[", "the body must be JSON"),
        ("/api/invoices/", 200, b"[]", "the header X-Result-Count must be there"),
        ("/api/invoices/", 418, b"{}", "the status 418 is not described"),
        ("/api/invoices/", 500, b"", "the status 500 is not described"),
        ("/api/invoice-items/total_price/", 200, b'{"total_price": []}', "the value does not fit its type"),
    ],
)
def test_what_nothing_explains_is_new(path: str, status: int, body: bytes, complaint: str) -> None:
    assert complaint in new(judged(path, status, body))


def test_a_count_that_is_no_number_is_new() -> None:
    found = judged("/api/invoices/", 200, b"[]", x_result_count="many", link="<http://a/>")

    assert new(found) == ["the header X-Result-Count must be a number"]


@pytest.mark.parametrize(
    ("path", "status", "headers"),
    [
        ("/api/invoice-items/total_price/", 404, {}),
        ("/api/invoices/growth/", 404, {"content_type": "text/html"}),
        (f"/api/invoices/{UUID}/stats/", 404, {"content_type": "text/html"}),
        ("/api/invoice-items/costs/", 405, {"allow": "OPTIONS"}),
        ("/api/invoices/", 501, {"content_type": "text/html"}),
    ],
)
def test_an_operation_that_the_server_lacks_is_a_note(path: str, status: int, headers: dict[str, str]) -> None:
    (found,) = judged(path, status, b"{}", **headers).findings

    assert found.outcome == "note"
    assert found.complaint.what.startswith("this server lacks GET /api/")


def test_what_does_not_fit_in_an_answer_of_a_neighbour_is_a_note() -> None:
    found = judged("/api/customers/", 200, b'[{"uuid": 1, "name": []}]')

    assert found.operation_id == "customers_list"
    assert {one.outcome for one in found.findings} == {"note"}
    places = {one.complaint.place.partition("/properties/")[2].partition("/")[0] for one in found.findings}
    assert {"uuid", "name"} <= places


@pytest.mark.parametrize("wire", [True, False])
def test_a_healthy_neighbour_fits_in_either_dialect(wire: bool) -> None:
    world = build("default", size=Size(4, 2))
    target, judge = served(world, "8.1.3", wire=wire), judge_of("8.1.3")

    for path in ("/api/customers/", "/api/projects/", "/api/users/me/", "/api/payments/", "/api/customer-credits/"):
        found = judge.judge(Request("GET", path), target.guard.send(Request("GET", path), target.main), "staff")

        assert (found.reason, found.findings) == ("", ()), path


def test_an_operation_that_was_there_before_is_not_lacking() -> None:
    judge, path = TrafficJudge("8.1.3"), f"/api/invoices/{UUID}/stats/"
    page = {"content-type": "text/html"}
    judge.judge(Request("GET", path), Answer(200, {}, b"[]", 0.0), "")

    found = judge.judge(Request("GET", path), Answer(404, page, b"<html>", 0.0), "")

    assert [one.complaint.what for one in found.findings] == ["refusals with 404 are pages instead of JSON"]


@pytest.mark.parametrize(
    ("path", "status", "accept"),
    [
        ("/api/customers/", 200, ""),
        ("/api/invoices/", 429, ""),
        ("/api/invoices/", 301, ""),
        ("/api/invoices/no-identifier/", 404, ""),
        ("/api/invoices/", 200, "text/html,application/xhtml+xml"),
    ],
)
def test_what_says_nothing_of_the_contract_has_a_reason(path: str, status: int, accept: str) -> None:
    page = Answer(status, {"content-type": "text/html"}, b"<html>", 0.0)

    found = judge_of("8.1.3").judge(Request("GET", path, (("accept", accept),)), page, "anonymous")

    assert found.reason
    assert found.findings == ()


def test_every_operation_is_found_by_its_path_and_a_word_wins_over_an_identifier() -> None:
    operations = describe("8.1.3").everything.values()
    routes = Routes(operations)

    for one in operations:
        assert routes.find(one.method, re.sub(r"\{\w+\}", UUID, one.path)) is one
    found: Any = routes.of_reading("HEAD", "/api/invoices/growth/")
    assert found.operation_id == "invoices_growth_retrieve"
    assert routes.find("GET", "/api/invoices//") is None
    assert routes.find("GET", "/api/invoices") is None


def test_the_neighbours_have_the_same_operations_in_both_dialects() -> None:
    """So a neighbour's request is recognized by either of them."""
    documented, wire = list(describe_neighbours().reads()), list(describe_neighbours("wire").reads())

    assert documented == wire
    assert len(documented) > 50
