"""What does not fit an answer is a breach, a known deviation or a note, by what the other dialect and the age say."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Final

import pytest

from waldur_billing_mock.contracts.description import describe
from waldur_billing_mock.contracts.deviations import catalogue
from waldur_billing_mock.contracts.exchange import Answer, Broken, Complaint, Exchange, Request
from waldur_billing_mock.contracts.judging import UNSTABLE, Judge, crashes, is_absent, is_json

UUID: Final = "5f1c2b3a-0000-4000-8000-000000000001"
STATS: Final = {
    "uuid": UUID.replace("-", ""),
    "offering_name": "Virtual machine",
    "aggregated_price": "1.00",
    "aggregated_tax": "0.22",
    "aggregated_total": "1.22",
    "service_category_title": "Private cloud",
    "service_provider_name": "CloudWorks",
    "service_provider_uuid": UUID.replace("-", ""),
}
"""An entry of the statistics as real servers send it; the documents have hyphens in the uuid and no `uuid`."""
TOTAL: Final = "invoice_items_total_price_retrieve"
COSTS: Final = "invoice_items_costs_list"
OTHERS: Final[tuple[object, ...]] = (True, None, [], {})
"""Values that are neither numbers nor text."""
JSON: Final = {"content-type": "application/json"}
PAGE: Final = {"content-type": "text/html"}


def judge(revision: str = "documents", *, wire: bool = False, forgives: bool = True) -> Judge:
    """A judge by a revision, who forgives known deviations or knows none."""
    description = describe(revision, "wire" if wire else "documented")
    if not forgives:
        return Judge(description, None, None)
    return Judge(description, describe(revision, "documented" if wire else "wire"), catalogue(describe(revision)))


def answered(
    status: int, body: object = None, headers: Mapping[str, str] = JSON, method: str = "GET", target: str = "/api/x/"
) -> Exchange:
    """An exchange whose answer has a body of JSON, of these bytes, or none."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Exchange(Request(method, target), Answer(status, headers, content, 0.0), "staff", "/paths")


def breaches(judge: Judge, operation_id: str, exchange: Exchange) -> list[str]:
    """What is broken in an answer."""
    try:
        judge.must_fit(operation_id, exchange)
    except Broken as error:
        return [complaint.what for complaint in error.complaints]
    return []


def noted(judge: Judge) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.outcome, one.complaint.what, one.explained_by) for one in judge.noted]


@pytest.mark.parametrize(("status", "forgives", "fits"), [(200, False, True), (201, False, False), (201, True, True)])
def test_success_has_the_status_of_this_dialect_or_of_the_other_where_deviations_are_known(
    status: int, forgives: bool, fits: bool
) -> None:
    name, old = "invoice_items_create_compensation", judge("7.8.8", forgives=forgives)

    if fits:
        old.must_succeed(name, answered(status))
    else:
        with pytest.raises(Broken, match="the status must be 200, not 201"):
            old.must_succeed(name, answered(status))


def test_a_refusal_is_shown_in_json_unless_a_proxy_puts_its_pages_in_the_place_of_all() -> None:
    strict, forgiving = judge(), judge()
    forgiving.survey.pages.add(404)

    with pytest.raises(Broken, match="the content type must be application/json"):
        strict.reason_of(answered(404, b"<html>", PAGE))
    assert forgiving.reason_of(answered(404, b"<html>", PAGE)) is None
    assert forgiving.reason_of(answered(404, {"detail": "Not found."})) == {"detail": "Not found."}
    with pytest.raises(Broken):
        forgiving.reason_of(answered(403, b"<html>", PAGE))


def test_pages_in_the_place_of_refusals_are_not_compared_with_the_description() -> None:
    one = judge()
    one.survey.pages.add(404)

    assert breaches(one, "invoices_retrieve", answered(404, b"<html>", PAGE)) == []
    assert breaches(one, "invoices_retrieve", answered(404, {"detail": 7})) == ["the value does not fit its type"]
    assert breaches(judge(), "invoices_retrieve", answered(404, b"<html>", PAGE)) == [
        "the content type must be application/json, not text/html"
    ]


def test_an_answer_to_head_has_no_body() -> None:
    assert breaches(judge(), "invoices_list", answered(200, method="HEAD")) == []
    assert breaches(judge(), "invoices_list", answered(200, [], method="HEAD")) == ["there must be no body"]


def test_a_status_that_is_not_described_is_a_breach_whatever_the_body_of_a_crash_is() -> None:
    for status in (500, 502):
        what = f"the status {status} is not described"
        assert breaches(judge(), "invoices_list", answered(status, b"<html>", PAGE)) == [what]


def test_where_success_has_no_body_one_is_a_breach_and_only_there() -> None:
    name = "invoice_items_destroy"

    assert breaches(judge(), name, answered(204)) == []
    assert breaches(judge(), name, answered(204, {"status": "deleted"})) == ["there must be no body"]
    assert breaches(judge(), name, answered(404, {"detail": "Not found."})) == []
    assert breaches(judge(), "invoices_retrieve", answered(200)) == ["the value does not fit its type"]


def test_what_the_other_dialect_allows_is_a_known_deviation_and_a_breach_where_none_is_known() -> None:
    forgiving, strict = judge(), judge(forgives=False)

    assert breaches(forgiving, "invoices_stats_list", answered(200, [STATS])) == []
    assert {(outcome, by) for outcome, _, by in noted(forgiving)} == {
        ("known deviation", ("raw-decimal-text",)),
        ("known deviation", ("stats-uuid",)),
        ("known deviation", ("uuid-hex",)),
    }
    assert "the value does not fit its format" in breaches(strict, "invoices_stats_list", answered(200, [STATS]))
    assert strict.noted == []


def test_what_neither_dialect_allows_is_a_breach_with_its_place_in_the_value() -> None:
    one = judge()

    with pytest.raises(Broken) as broken:
        one.must_fit("invoices_stats_list", answered(200, [{**STATS, "service_provider_uuid": "none"}]))

    (complaint,) = (found for found in broken.value.complaints if "format" in found.place)
    assert complaint.detail == "at /0/service_provider_uuid"


def test_a_missing_field_is_a_breach_and_a_note_where_the_server_is_of_another_age() -> None:
    lacking = {name: value for name, value in STATS.items() if name != "aggregated_tax"}
    one, older = judge(), judge()
    older.survey.outdated = True

    assert breaches(one, "invoices_stats_list", answered(200, [lacking])) == ["the field aggregated_tax is missing"]
    assert breaches(older, "invoices_stats_list", answered(200, [lacking])) == []
    assert ("note", "the field aggregated_tax is missing", ()) in noted(older)


def test_a_field_that_nothing_describes_is_a_note_and_one_that_the_other_dialect_has_is_known() -> None:
    one = judge()

    assert breaches(one, "invoices_stats_list", answered(200, [{**STATS, "color": "red"}])) == []

    assert ("note", "the field color is not described", ()) in noted(one)
    assert ("known deviation", "the field uuid is not described", ("stats-uuid",)) in noted(one)


def test_a_field_is_named_with_its_place_and_at_no_great_length() -> None:
    one = judge()
    with pytest.raises(Broken) as in_a_row:
        one.must_fit("invoices_stats_list", answered(200, [{}]))
    with pytest.raises(Broken) as at_the_top:
        one.must_fit(TOTAL, answered(200, {"x" * 100: 1}))

    assert {complaint.detail for complaint in in_a_row.value.complaints} == {"at /0"}
    assert [(found.what, found.detail) for found in at_the_top.value.complaints] == [
        ("the field total_price is missing", "at /")
    ]
    assert ("note", f"the field {'x' * 60} is not described", ()) in noted(one)


def test_a_known_field_is_known_though_another_object_has_one_of_the_same_name_that_nothing_describes() -> None:
    one = judge()

    breaches(one, COSTS, answered(200, [{"price": 1, "incurred": 1, "items": [{"name": "web", "incurred": 1}]}]))

    incurred = [found for found in noted(one) if found[1] == "the field incurred is not described"]
    assert {(outcome, by) for outcome, _, by in incurred} == {
        ("known deviation", ("costs-compensation-incurred",)),
        ("note", ()),
    }


def test_a_field_that_the_other_dialect_leaves_out_may_be_missing() -> None:
    one = judge(wire=True)
    sent = {name: value for name, value in STATS.items() if name != "uuid"}

    assert breaches(one, "invoices_stats_list", answered(200, [sent])) == []
    assert one.noted == []


@pytest.mark.parametrize(
    ("operation_id", "value", "is_note"),
    [
        *((TOTAL, value, True) for value in (1, -1, 1.5)),
        *((TOTAL, value, False) for value in OTHERS),
        (COSTS, "7", True),
        *((COSTS, value, False) for value in ("seven", "NaN", 1.5, *OTHERS)),
    ],
)
def test_a_number_for_numeric_text_or_text_for_a_number_is_a_note_of_a_server_of_another_age(
    operation_id: str, value: object, is_note: bool
) -> None:
    """The total price is text in either dialect, the year of costs a number."""
    body: object = {"total_price": value}
    if operation_id == COSTS:
        body = [{"price": 1, "year": value, "month": 1, "items": []}]
    older, same = judge(), judge()
    older.survey.outdated = True
    told = "decimals are written as numbers where the description says text, or the other way round"

    broken = breaches(older, operation_id, answered(200, body))

    assert broken == ([] if is_note else ["the value does not fit its type"])
    assert (told in {what for _, what, _ in noted(older)}) == is_note
    assert breaches(same, operation_id, answered(200, body)) == ["the value does not fit its type"]


def invoice_with(url: str) -> list[dict[str, object]]:
    """A row of a list with a link to itself."""
    return [{"url": url}]


@pytest.mark.parametrize(
    ("url", "forgives", "kind"),
    [
        (f"http://localhost/api/invoices/{UUID}/", True, "fits"),
        (f"http://localhost/api/invoices/{UUID.replace('-', '')}/", True, "known"),
        (f"http://localhost/api/invoices/{UUID.replace('-', '')}/", False, "broken"),
        (f"http://localhost/elsewhere/{UUID}", True, "broken"),
    ],
)
def test_a_link_is_spelled_as_described_or_as_in_the_other_dialect(url: str, forgives: bool, kind: str) -> None:
    one, rows = judge(forgives=forgives), invoice_with(url)

    with pytest.raises(Broken) if kind == "broken" else nullcontext() as broken:
        one.must_spell("invoices_list", answered(200, rows), rows)

    assert broken is None or [complaint.got for complaint in broken.value.complaints] == [url]
    assert [by for _, _, by in noted(one)] == ([("link-hex-invoice-url",)] if kind == "known" else [])


def test_a_deviation_is_noted_once_for_each_explanation_and_not_where_it_is_what_was_expected() -> None:
    documented, wire = judge(), judge(wire=True)
    complaint = Complaint("it must fit", "/paths")

    for entries in (("uuid-hex",), ("uuid-hex",), ("due-date-null",)):
        documented.deviate(complaint, entries)
        wire.deviate(complaint, entries)
    documented.deviate(Complaint("it must fit", "/components"), ["uuid-hex"])
    wire.deviate(complaint, [UNSTABLE])

    assert [by for _, _, by in noted(documented)] == [("uuid-hex",), ("due-date-null",), ("uuid-hex",)]
    assert [by for _, _, by in noted(wire)] == [(UNSTABLE,)]


def test_a_note_is_made_once_in_a_run_even_after_the_notes_of_a_check_were_taken() -> None:
    one = judge()
    one.note(Complaint("an operator should know", "/paths"))
    one.noted.clear()

    one.note(Complaint("an operator should know", "/paths"))
    one.note(Complaint("an operator should know that too", "/paths"))

    assert [what for _, what, _ in noted(one)] == ["an operator should know that too"]


def give_up() -> None:
    """A check that finds something broken."""
    raise Broken(Complaint("it must fit", "/paths"))


def test_what_an_entry_of_the_catalogue_says_may_be_broken() -> None:
    one = judge()

    with one.known("costs-unscoped", "nothing"):
        give_up()

    assert noted(one) == [("known deviation", "it must fit", ("costs-unscoped",))]
    assert one.survey.looked_for == {"costs-unscoped", "nothing"}


@pytest.mark.parametrize("forgives", [True, False])
def test_what_no_entry_of_the_catalogue_says_stays_broken(forgives: bool) -> None:
    one = judge(forgives=forgives)

    with pytest.raises(Broken), one.known("nothing" if forgives else "costs-unscoped"):
        give_up()

    assert one.noted == []


def test_where_no_deviation_is_known_none_is_forgiven() -> None:
    strict = judge(forgives=False)

    assert (strict.explaining("costs-unscoped"), judge().explaining("costs-unscoped")) == ((), ("costs-unscoped",))
    assert (strict.forgives, judge().forgives) == (False, True)


@pytest.mark.parametrize("wire", [False, True])
def test_the_operation_that_fails_on_real_servers_is_known_in_either_dialect(wire: bool) -> None:
    one = judge(wire=wire)

    assert one.failing("invoice_items_consumptions_list") == ("consumptions-fail",)
    assert one.failing("invoices_list") == ()
    assert one.failing("no_such_operation") == ()
    assert judge(forgives=False).failing("invoice_items_consumptions_list") == ()


def test_what_a_server_lacks_is_a_note_or_where_nothing_is_forgiven_a_breach_told_once() -> None:
    forgiving, strict = judge(), judge(forgives=False)
    complaint = Complaint("this server lacks it", "/paths")

    forgiving.lack(complaint)
    with pytest.raises(Broken):
        strict.lack(complaint)
    strict.lack(complaint)

    assert noted(forgiving) == [("note", "this server lacks it", ())]
    assert strict.noted == []


@pytest.mark.parametrize(
    ("declared", "is_one"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/json ;q=1", True),
        ("application/jsonp", False),
        ("text/html", False),
        ("", False),
    ],
)
def test_a_body_is_json_where_it_is_declared_as_json(declared: str, is_one: bool) -> None:
    headers = {"content-type": declared} if declared else {}

    assert is_json(answered(200, b"{}", headers)) == is_one


@pytest.mark.parametrize(
    ("operation_id", "query", "entries"),
    [
        ("invoices_growth_retrieve", "customers_count=-1", ("growth-negative-count-fails",)),
        ("invoices_growth_retrieve", "customers_count=1", ()),
        ("invoices_list", "customers_count=-1", ()),
        ("invoices_list", "year=10000", ("absurd-years-fail",)),
        ("invoices_list", "year=9999", ()),
        ("invoices_list", "year=1", ()),
        ("invoices_list", "year=0", ("absurd-years-fail",)),
        ("invoices_list", "year=", ("absurd-years-fail",)),
        ("invoices_list", "month=0", ()),
        ("invoice_items_list", "start_year=x", ("absurd-years-fail",)),
        ("invoices_list", "", ()),
    ],
)
def test_requests_that_make_real_servers_fail_are_known(
    operation_id: str, query: str, entries: tuple[str, ...]
) -> None:
    operation = describe("documents").operations[operation_id]

    assert crashes(operation, Request("GET", f"{operation.path}?{query}")) == entries


@pytest.mark.parametrize(
    ("status", "headers", "method", "has_object", "absent"),
    [
        (200, JSON, "GET", False, False),
        (404, JSON, "GET", False, True),
        (404, JSON, "GET", True, False),
        (404, PAGE, "GET", True, True),
        (404, {}, "GET", True, True),
        (405, {"allow": "OPTIONS"}, "GET", False, True),
        (405, {"allow": "GET, OPTIONS"}, "POST", True, True),
        (405, {"allow": "GET , POST"}, "POST", True, False),
        (405, {}, "POST", True, False),
        (405, {"allow": ""}, "POST", True, False),
        (501, PAGE, "GET", True, True),
        (502, PAGE, "GET", True, False),
        (403, PAGE, "GET", False, False),
    ],
)
def test_an_operation_is_absent_by_the_status_that_the_server_has_for_a_path_without_it(
    status: int, headers: Mapping[str, str], method: str, has_object: bool, absent: bool
) -> None:
    assert is_absent(status, headers, method, has_object=has_object) == absent
