"""Refusals: a healthy mock passes, and a wrong or missing refusal is reported."""

import json
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest

from tests.contracts.altered import (
    GROWTH,
    INVOICE,
    INVOICES,
    ITEM,
    ITEMS,
    STATS,
    Change,
    Judged,
    all_judged,
    answered,
    context,
    judged,
    rows,
    said,
)
from waldur_billing_mock.contracts.conventions.refusals import faulty_filters_are_named, faulty_values, says_why

STRANGERS, UNKNOWN, FAULTY, TOGETHER, JSON, SLASH, BODIES = ALL = tuple(
    f"conventions/{name}"
    for name in (
        "strangers_are_turned_away",
        "what_is_unknown_is_not_found",
        "faulty_filters_are_named",
        "faults_are_named_together",
        "only_json_is_offered",
        "addresses_end_in_a_slash",
        "bodies_are_judged",
    )
)
UNKNOWN_TOKEN: Final = "Token 0000000000000000000000000000000000000000"
NOTHING: Final = "ffffffff-ffff-4fff-bfff-ffffffffffff"
COSTS: Final = "/api/invoice-items/costs/"
TOTAL: Final = "/api/invoice-items/total_price/"
UNWRITTEN: Final = "not exercised: writing is not allowed, not even requests that must be refused"
WHY: Final = "the body must tell why"


@pytest.mark.parametrize("options", [{"writing": True}, {"profile": "full"}, {"forgives": True}])
def test_a_healthy_mock_passes(options: dict[str, Any]) -> None:
    for check in ALL:
        assert set(all_judged(f"{check}/", **options).values()) <= {"kept", UNWRITTEN}


def test_a_mock_like_real_servers_passes_but_for_what_fails_there() -> None:
    found = all_judged(f"{FAULTY}/", forgives=True, wire=True)

    assert {said for name, said in found.items() if "consumptions" not in name} == {"kept"}


def test_what_is_only_refused_is_sent_where_writing_is_allowed() -> None:
    assert said(f"{STRANGERS}/invoices_paid") == said(f"{BODIES}/invoices_paid") == UNWRITTEN
    assert said(f"{STRANGERS}/invoices_list") == "kept"
    assert {one.path for one in judged(f"{STRANGERS}/invoices_paid", writing=True).sent} == {
        f"/api/invoices/{NOTHING}/paid/"
    }


def tokens(operation: str, **options: Any) -> list[str | None]:
    """The headers of a request without a user, after what was read to find an object."""
    sent = judged(f"{STRANGERS}/{operation}", **options).sent
    headers = [dict(one.headers).get("Authorization") for one in sent]
    first = next(number for number, header in enumerate(headers) if header)
    return headers[first - 1 :]


def test_a_request_is_sent_without_a_token_and_with_a_wrong_one() -> None:
    assert tokens("invoices_list") == [None, UNKNOWN_TOKEN]
    assert tokens("invoices_retrieve") == [None, "Token"]
    assert tokens("invoices_growth_retrieve") == [None, "Token two words"]
    assert tokens("invoices_stats_list") == [None, UNKNOWN_TOKEN]
    assert tokens("invoices_list", profile="full") == [None, UNKNOWN_TOKEN, "Token", "Token two words", "Basic YTpi"]


def test_strangers_ask_for_an_object_that_is_there_if_there_is_one() -> None:
    asking, _ = context()
    known = {f"{INVOICES}{row['uuid']}/" for row in asking.rows("invoices_list")}
    none = answered(INVOICES, body=b"[]", x_result_count="0")

    assert {one.path for one in judged(f"{STRANGERS}/invoices_retrieve").sent[-2:]} <= known
    assert judged(f"{STRANGERS}/invoices_retrieve", none).sent[-1].path == f"{INVOICES}{NOTHING}/"
    assert judged(f"{STRANGERS}/invoices_growth_retrieve", none).sent[-1].path == GROWTH


@pytest.mark.parametrize(
    ("check", "change", "what"),
    [
        (f"{STRANGERS}/invoices_list", answered(INVOICES, 403), "the status must be 401, not 403"),
        (f"{STRANGERS}/invoices_list", answered(INVOICES, www_authenticate="Basic"), "the scheme must be Token"),
        (f"{STRANGERS}/invoices_list", answered(INVOICES, body=b"{}"), WHY),
        (f"{STRANGERS}/invoices_list", answered(INVOICES, body=b'{"detail": ""}'), WHY),
        (f"{STRANGERS}/invoices_list", answered(INVOICES, body=b'{"detail": 3}'), WHY),
        (f"{STRANGERS}/invoices_list", answered(INVOICES, body=b"[]"), WHY),
        (f"{UNKNOWN}/invoices_retrieve", answered(f"{INVOICES}{NOTHING}/", 200), "the status must be 404, not 200"),
        (f"{UNKNOWN}/invoices_retrieve", answered(f"{INVOICES}no-identifier/", body=b"{}"), WHY),
        (f"{UNKNOWN}/invoices_retrieve", answered(f"{INVOICES}2147483647/", 400), "the status must be 404, not 400"),
        (f"{TOGETHER}/invoices_list", answered(INVOICES, 200, query="&"), "the status must be 400, not 200"),
        (
            f"{TOGETHER}/invoices_list",
            answered(INVOICES, body=b'{"month": ["Enter a number."]}'),
            "the faults and the faulty parameters must agree",
        ),
        (f"{JSON}/invoices_list", answered(INVOICES, 200), "the status must be 406, not 200"),
        (f"{SLASH}/invoices_list", answered("/api/invoices", 302), "the status must be 301, not 302"),
        (
            f"{SLASH}/invoices_list",
            answered("/api/invoices", location="http://mock.invalid/api/elsewhere/"),
            "it must lead to the address with a slash",
        ),
        (f"{SLASH}/invoices_list", answered("/api/invoices", location="http://mock.invalid/api/invoices/?a=b"), "kept"),
    ],
)
def test_what_is_wrong_with_a_refusal_is_told(check: str, change: Change, what: str) -> None:
    assert said(check, change) == what


def test_an_image_is_asked_for() -> None:
    assert dict(judged(f"{JSON}/invoices_list").sent[-1].headers) == {"Accept": "image/png"}


def queries(found: Judged, path: str) -> list[dict[str, str]]:
    """The queries to an address, but those by which lists are read."""
    asked = [dict(parse_qsl(one.target.partition("?")[2])) for one in found.sent if one.path == path]
    return [one for one in asked if "page_size" not in one]


def test_all_parameters_are_faulty_at_once_with_their_first_values_and_with_their_second_ones() -> None:
    (first,) = queries(judged(f"{TOGETHER}/invoices_list"), INVOICES)
    both = queries(judged(f"{FAULTY}/invoices_list/created"), INVOICES)

    assert set(first) == {"created", "customer_uuid", "end_date", "month", "o", "start_date", "state", "year"}
    assert (first["created"], first["customer_uuid"], first["month"]) == ("no-date", "no-identifier", "no-number")
    assert [one["created"] for one in both] == ["no-date", "2025-13-01"]
    assert [one["month"] for one in both] == ["no-number", "no-number"]


def test_a_parameter_that_the_server_lacks_is_not_asked_for_with_the_others() -> None:
    asking, sent = context()
    asking.survey.parameters.add(("invoices_list", "month"))

    faulty_filters_are_named(asking, "invoices_list", "created")

    assert sent
    assert not [one for one in sent if "month=" in one.target]


def alone(name: str) -> Change:
    """The faults of all parameters are reported together, but for this one."""

    def change(request: Any, answer: Any) -> Any:
        if request.path != INVOICES or answer.status != 400 or request.target.count("=") < 2:
            return answer
        body = {key: value for key, value in json.loads(answer.body).items() if key != name}
        return answered(INVOICES, body=json.dumps(body).encode())(request, answer)

    return change


def test_a_fault_that_is_not_named_among_others_is_asked_about_alone() -> None:
    check = f"{FAULTY}/invoices_list/created"
    by_itself = [{"created": "no-date"}, {"created": "2025-13-01"}]

    assert [one for one in queries(judged(check), INVOICES) if len(one) == 1] == []
    for change in (
        alone("created"),
        answered(INVOICES, body=b"[]", query="=.*="),
        answered(INVOICES, 500, b"", query="=.*=", content_type="text/html"),
        answered(INVOICES, 404, query="=.*="),
        answered(INVOICES, query="=.*=", content_type="text/html"),
    ):
        found = judged(check, change)
        assert found.said == "kept"
        assert [one for one in queries(found, INVOICES) if len(one) == 1] == by_itself
    other = answered(INVOICES, body=b'{"other": ["no"]}', query="^created=")
    assert said(check, alone("created"), other) == "the fault must be named created"
    taken = answered(INVOICES, 200, query="^created=")
    assert said(check, alone("created"), taken) == "the status must be 400, not 200"
    wrong = answered(INVOICES, body=b'{"created": 3}', query="=.*=")
    assert said(check, wrong) not in ("kept", "the fault must be named created")


def test_a_single_parameter_is_asked_about_alone_and_two_are_asked_about_together() -> None:
    growth = queries(judged(f"{FAULTY}/invoices_growth_retrieve/customers_count"), GROWTH)
    path = "/api/invoice-items/customer_costs_for_period/"
    costs = queries(judged(f"{FAULTY}/invoice_items_customer_costs_for_period_retrieve/period"), path)

    assert growth == [{"customers_count": "no-number"}]
    assert costs == [{"customer_uuid": "no-identifier", "period": "no-such-choice"}]


@pytest.mark.parametrize(("profile", "count"), [("quick", 1), ("full", 2)])
def test_the_second_value_is_asked_for_by_the_profile_full_or_of_the_large_lists(profile: Any, count: int) -> None:
    total = judged(f"{FAULTY}/invoice_items_total_price_retrieve/project_uuid", profile=profile)
    items = judged(f"{FAULTY}/invoice_items_list/project_uuid", profile=profile)

    assert len(queries(total, TOTAL)) == count
    assert len(queries(items, ITEMS)) == 2


def test_costs_of_no_project_are_an_empty_list_on_older_servers() -> None:
    check = f"{FAULTY}/invoice_items_costs_list/project_uuid"
    nothing = answered(COSTS, 200, b"[]", query="no-identifier")
    what = "costs of a project_uuid that is no identifier are an empty list instead of 400, as in releases before 2025"

    assert judged(check, nothing, forgives=True, outdated=True)[:2] == ("kept", (what,))
    assert said(check, nothing, forgives=True) == "the status must be 400, not 200"
    some = answered(COSTS, 200, b'[{"price": "1"}]', query="no-identifier")
    assert said(check, some, forgives=True, outdated=True) == "the status must be 400, not 200"
    assert said(check, forgives=True, outdated=True) == "kept"
    growth = answered(GROWTH, 200, b"[]", query="no-number")
    by_growth = f"{FAULTY}/invoices_growth_retrieve/customers_count"
    assert said(by_growth, growth, forgives=True, outdated=True) == "the status must be 400, not 200"


def test_the_note_says_which_status_was_expected() -> None:
    asking, _ = context(answered(COSTS, 200, b"[]", query="no-identifier"), forgives=True, outdated=True)

    faulty_filters_are_named(asking, "invoice_items_costs_list", "project_uuid")

    assert [(one.complaint.expected, one.complaint.got) for one in asking.noted] == [(400, 200)]


def test_parameters_that_real_servers_do_not_look_at_need_not_be_refused_there() -> None:
    """Statistics have no filters of invoices there; costs are refused in other words."""
    ignored = answered(STATS, 200, b"[]", query="=no-")
    check = f"{FAULTY}/invoices_stats_list/month"

    assert said(check, ignored) == "the status must be 400, not 200"
    found = judged(check, ignored, forgives=True)
    assert found.said == "kept"
    assert found.noted
    total = answered(TOTAL, 200, b"{}", query="=no-")
    by_total = f"{FAULTY}/invoice_items_total_price_retrieve/month"
    assert said(by_total, total, forgives=True) == "the status must be 400, not 200"


def test_costs_may_be_refused_in_other_words_on_real_servers() -> None:
    check = f"{FAULTY}/invoice_items_costs_list/project_uuid"
    other = answered(COSTS, body=b'["no uuid"]', query="no-identifier")

    assert said(check, other) == "the body must be an object"
    assert judged(check, other, forgives=True).said == "kept"
    unnamed = answered(ITEMS, body=b'{"other": ["no"]}', query="month=no")
    assert said(f"{FAULTY}/invoice_items_list/month", unnamed, forgives=True) == "the fault must be named month"


@pytest.mark.parametrize(
    ("operation", "path", "listing"),
    [("invoices_paid", INVOICES, f"{INVOICES}?state=created&page_size=300"), ("invoice_items_update", ITEMS, ITEMS)],
)
def test_bodies_are_sent_to_an_object_that_can_be_written_to(operation: str, path: str, listing: str) -> None:
    found = judged(f"{BODIES}/{operation}", writing=True)

    assert found.said == "kept"
    assert found.sent[0].target.startswith(listing)
    written = [one for one in found.sent if one.method != "GET"]
    assert [dict(one.headers)["Content-Type"] for one in written] == ["application/json"] * 3 + ["text/plain"]
    read = [one for one in found.sent if one.method == "GET" and len(one.path) > 40]
    assert {one.path for one in read} == {f"{path}{written[0].path.split('/')[3]}/"}
    assert len(read) == 5


@pytest.mark.parametrize(
    ("body", "status", "what"),
    [
        ('{"broken"', 500, "the status must be 400, not 500"),
        ('["a list"]', 200, "the status must be 400, not 200"),
        ('"text"', 200, "the status must be 400, not 200"),
        ("text", 400, "the status must be 415, not 400"),
    ],
)
def test_a_body_that_is_not_refused_is_told(body: str, status: int, what: str) -> None:
    def taken(request: Any, answer: Any) -> Any:
        hit = request.method == "PUT" and request.body.decode().startswith(body)
        return answered(ITEM, status, method="PUT")(request, answer) if hit else answer

    assert said(f"{BODIES}/invoice_items_update", taken, writing=True) == what


def test_what_was_refused_and_is_changed_nevertheless_is_told() -> None:
    first = iter(["before"])
    renamed = rows(INVOICE, lambda row: row.update(backend_id=next(first, "after")))

    found = said(f"{BODIES}/invoices_paid", renamed, writing=True)

    assert found == "what was refused and what was there before must agree"


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"type": "string"}, ()),
        ({}, ()),
        ({"type": "boolean"}, ()),
        ({"type": ["boolean", "string"]}, ()),
        ({"anyOf": [{"type": "integer"}], "type": "integer"}, ()),
        ({"type": "string", "format": "uuid"}, ("no-identifier", "1")),
        ({"type": "string", "format": "uuid-hex"}, ("no-identifier", "1")),
        ({"type": "string", "format": "date"}, ("no-date", "2025-13-01")),
        ({"type": "string", "format": "date-time"}, ()),
        ({"type": "array", "items": {"enum": ["a"]}}, ("no-such-choice",)),
        ({"type": "array", "items": {"anyOf": [{"enum": ["a"]}]}}, ()),
        ({"type": "string", "enum": ["a"]}, ("no-such-choice", "99")),
        ({"type": "integer"}, ("no-number",)),
        ({"type": "number"}, ("no-number",)),
        ({"type": ["integer", "null"]}, ("no-number",)),
    ],
)
def test_values_that_a_parameter_cannot_have_follow_from_its_schema(
    schema: dict[str, Any], values: tuple[str, ...]
) -> None:
    assert faulty_values(schema) == values


def test_a_proxy_may_put_a_page_of_its_own_in_the_place_of_a_reason() -> None:
    asking, _ = context(answered(INVOICES, 403, b"<html>", content_type="text/html"), forgives=True)
    asking.survey.pages.add(403)

    says_why(asking, "invoices_list", asking.ask("invoices_list"))

    assert asking.noted == []


def test_pages_sizes_and_fields_are_never_faulty() -> None:
    found = {name.split("/")[1] for name in all_judged(f"{FAULTY}/")}

    assert not found & {"page", "page_size", "field"}
    assert {name.split("/")[0] for name in all_judged(f"{FAULTY}/")} <= set(all_judged(f"{JSON}/"))
