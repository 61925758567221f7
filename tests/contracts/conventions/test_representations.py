"""The form of answers: a healthy mock passes, and what is shown otherwise, or not at all, is reported."""

import json
from typing import Any, Final

import pytest

from tests.contracts.altered import (
    GROWTH,
    INVOICE,
    INVOICES,
    ITEM,
    ITEMS,
    Change,
    all_judged,
    answered,
    context,
    judged,
    rows,
    said,
    setting,
    shown,
    without,
)
from tests.contracts.scripted import answer
from waldur_billing_mock.contracts.conventions.representations import (
    head_equals_get,
    must_have_all_places,
)
from waldur_billing_mock.contracts.exchange import Broken, Exchange, Request

FIT, SPELLED, SHOWN, FIELDS, HEAD, DETAILS, IGNORED = ALL = tuple(
    f"conventions/{name}"
    for name in (
        "answers_fit",
        "links_and_instants_are_spelled_alike",
        "described_fields_are_shown",
        "fields_project",
        "head_equals_get",
        "rows_equal_details",
        "unknown_parameters_are_ignored",
    )
)
FAILS: Final = "invoice_items_consumptions_list"
"""What fails on a mock that is like real servers."""
UUIDS: Final = "field=uuid&field=no_such_field"
OTHER: Final = "the field uuid, no_such_field by itself and among all must agree"
UNSTABLE: Final = "list-order-unstable"


@pytest.mark.parametrize(
    "options",
    [{}, {"forgives": True}, {"dialect": "wire", "wire": True}, {"forgives": True, "wire": True}],
)
def test_a_healthy_mock_passes(options: dict[str, Any]) -> None:
    for check in ALL:
        found = all_judged(f"{check}/", **options)
        assert {said for name, said in found.items() if name != FAILS or "wire" not in options} == {"kept"}, check


@pytest.mark.parametrize("check", [FIT, FIELDS])
def test_a_healthy_mock_shows_no_deviation(check: str) -> None:
    assert judged(f"{check}/invoices_list", forgives=True).noted == ()


def test_answers_are_looked_at_of_several_objects_and_of_the_first_the_whole_and_the_last_page() -> None:
    asking, _ = context()
    states = {row["uuid"]: row["state"] for row in asking.rows("invoices_list")}

    listed = [one.target for one in judged(f"{FIT}/invoices_list").sent]
    alone = {one.path.split("/")[3] for one in judged(f"{FIT}/invoices_retrieve").sent} - {""}
    growth = [one.target for one in judged(f"{FIT}/invoices_growth_retrieve").sent]

    assert listed == [INVOICES, f"{INVOICES}?page_size=300", f"{INVOICES}?page=last"]
    assert len({states[key] for key in alone}) > 1
    assert growth == [GROWTH]


@pytest.mark.parametrize(
    ("check", "change", "what"),
    [
        (f"{FIT}/invoices_list", answered(INVOICES, link=None), "the header Link must be there"),
        (
            f"{FIT}/invoices_list",
            shown(INVOICES, lambda value: [{**value[0], "number": "x"}]),
            "the value does not fit its type",
        ),
        (
            f"{SPELLED}/invoices_list",
            rows(INVOICES, lambda row: row.update(url=row["url"].replace("-", ""))),
            "a link must be written like /api/invoices/{uuid}/",
        ),
        (f"{SPELLED}/invoices_list", answered(INVOICES, 404, query="^$"), "the status must be 200, not 404"),
        (
            f"{DETAILS}/invoices_list",
            rows(INVOICE, setting(backend_id="x")),
            "the backend_id of an object and of its row must agree",
        ),
        (
            f"{DETAILS}/invoices_list",
            rows(INVOICE, without("backend_id")),
            "the fields of an object and of its row must agree",
        ),
        (f"{DETAILS}/invoice_items_list", answered(ITEM, 404), "the status must be 200, not 404"),
        (
            f"{DETAILS}/invoice_items_list",
            rows(ITEM, setting(uuid="e" * 32)),
            "the uuid of an object and of its row must agree",
        ),
        (
            f"{IGNORED}/invoices_list",
            shown(INVOICES, lambda value: value[:3], query="surely"),
            "the answer with an unknown parameter and without it must agree",
        ),
        (f"{IGNORED}/invoices_list", answered(INVOICES, 400, query="surely"), "the status must be 200, not 400"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told(check: str, change: Change, what: str) -> None:
    assert said(check, change) == what


def test_a_field_that_no_row_shows_is_told_and_is_a_note_on_a_deployment() -> None:
    check, what = f"{SHOWN}/invoices_list", "this server lacks the field backend_id of Invoice"
    never = rows(INVOICES, without("backend_id"))

    assert said(check, never) == what
    assert judged(check, never, forgives=True)[:2] == ("kept", (what,))
    once = shown(INVOICES, lambda value: [value[0], *({**row, "backend_id": ""} for row in value[1:])])
    assert said(check, once) == "kept"


def test_a_field_that_real_servers_do_not_have_is_a_known_deviation() -> None:
    """The documents have fields that no release has."""
    check = f"{SHOWN}/invoices_list"

    found = judged(check, wire=True, forgives=True)

    assert found.said == "kept"
    assert found.noted
    assert not any("lacks" in one for one in found.noted)
    assert said(check, wire=True).startswith("this server lacks the field")


def test_of_few_rows_it_cannot_be_told_whether_a_field_is_never_shown() -> None:
    few = shown(INVOICES, lambda value: value[:19])

    check = f"{SHOWN}/invoices_list"
    assert said(check, few) == "not exercised: 19 rows are too few to tell that a field is never shown"
    assert said(check, shown(INVOICES, lambda value: value[:20])) == "kept"


def test_a_required_field_is_missed_by_another_check() -> None:
    asking, _ = context()
    required = asking.description.document["components"]["schemas"]["Invoice"].get("required", [])
    optional = set(asking.description.document["components"]["schemas"]["Invoice"]["properties"]) - set(required)

    for name in required[:2]:
        assert said(f"{SHOWN}/invoices_list", rows(INVOICES, without(name))) == "kept"
    assert "backend_id" in optional


def test_fields_are_asked_for_in_few_parts_and_with_names_that_are_not_known() -> None:
    for operation in ("invoices_list", "invoices_retrieve"):
        found = [one.target for one in judged(f"{FIELDS}/{operation}").sent if "field=" in one.target]
        assert [target.count("field=") for target in found] == [7, 7, 6, 2, 1]


@pytest.mark.parametrize("forgives", [True, False])
@pytest.mark.parametrize(
    ("change", "what"),
    [
        (rows(INVOICES, setting(number=1), query=UUIDS), "only the field uuid, no_such_field may be there"),
        (rows(INVOICES, setting(new=1), query=UUIDS), "only the field uuid, no_such_field may be there"),
        (rows(INVOICES, setting(uuid="e" * 32), query=UUIDS), OTHER),
        (answered(INVOICES, 400, query=UUIDS), "the status must be 200, not 400"),
        (
            rows(INVOICES, without("url"), query="^field=no_such_field"),
            "all fields and those for an unknown name must agree",
        ),
    ],
)
def test_fields_that_were_not_asked_for_and_others_are_told(change: Change, what: str, forgives: bool) -> None:
    assert judged(f"{FIELDS}/invoices_list", change, forgives=forgives)[:2] == (what, ())


def test_fields_are_projected_of_a_list_of_one_row() -> None:
    assert said(f"{FIELDS}/invoices_list", shown(INVOICES, lambda value: value[:1])) == "kept"


def test_another_row_may_come_first_on_a_deployment() -> None:
    second = shown(INVOICES, lambda value: value[1:], query=UUIDS)

    assert said(f"{FIELDS}/invoices_list", second) == OTHER
    assert judged(f"{FIELDS}/invoices_list", second, forgives=True)[:2] == ("kept", (UNSTABLE,))


def test_fields_that_nothing_describes_may_come_whatever_is_asked_for() -> None:
    more = rows(INVOICES, setting(extra=1))

    assert said(f"{FIELDS}/invoices_list", more).startswith("only the field")
    assert judged(f"{FIELDS}/invoices_list", more, forgives=True)[:2] == ("kept", ())


def test_a_field_that_the_server_lacks_is_not_asked_for_on_a_deployment() -> None:
    never = rows(INVOICES, without("backend_id"))

    def asked(forgives: bool) -> bool:
        found = judged(f"{FIELDS}/invoices_list", never, forgives=forgives)
        assert found.said == "kept"
        return any("field=backend_id" in one.target for one in found.sent)

    assert (asked(False), asked(True)) == (True, False)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (answered(INVOICES, 204, method="HEAD"), "the status must be 200, not 204"),
        (answered(INVOICES, body=b"[]", method="HEAD"), "there must be no body"),
        (answered(INVOICES, method="HEAD", link="x"), "the header link of HEAD and of GET must agree"),
        (answered(INVOICES, method="HEAD", allow="GET"), "the header allow of HEAD and of GET must agree"),
        (
            answered(INVOICES, method="HEAD", x_result_count="1"),
            "the header x-result-count of HEAD and of GET must agree",
        ),
        (answered(INVOICES, method="HEAD", x_result_count=None), "the header X-Result-Count must be there"),
        (
            answered(INVOICES, method="HEAD", query="no-page", allow="GET"),
            "the header allow of HEAD and of GET must agree",
        ),
        (
            answered(INVOICES, method="HEAD", content_type="text/html"),
            "the header content-type of HEAD and of GET must agree",
        ),
    ],
)
def test_a_head_that_differs_is_told(change: Change, what: str) -> None:
    assert said(f"{HEAD}/invoices_list", change) == what


def test_only_lists_are_asked_for_by_head_on_a_page_that_is_not_there() -> None:
    listed, growth = (judged(f"{HEAD}/{name}") for name in ("invoices_list", "invoices_growth_retrieve"))

    heads = [[one.target for one in found.sent if one.method == "HEAD"] for found in (listed, growth)]
    assert heads == [[INVOICES, f"{INVOICES}?page=no-page"], [GROWTH]]
    assert said(f"{HEAD}/invoices_growth_retrieve", answered(GROWTH, method="HEAD", link="x")) == "kept"


def test_parameters_of_a_content_type_count_in_process_alone() -> None:
    plain = answered(INVOICES, method="HEAD", content_type="application/json; charset=utf-8")
    none = answered(INVOICES, method="HEAD", content_type=None)
    what = "the header content-type of HEAD and of GET must agree"

    assert said(f"{HEAD}/invoices_list", plain) == said(f"{HEAD}/invoices_list", none) == what
    assert said(f"{HEAD}/invoices_list", plain, forgives=True) == "kept"
    assert said(f"{HEAD}/invoices_list", none, forgives=True) == what


def test_head_of_one_object_tells_its_count_but_on_real_servers() -> None:
    uncounted = answered(GROWTH, method="HEAD", x_result_count=None)
    check = f"{HEAD}/invoices_growth_retrieve"

    assert said(check, uncounted) == "the header X-Result-Count must be there"
    assert judged(check, uncounted, forgives=True)[:2] == ("kept", ("head-of-one-uncounted",))
    assert said(check, uncounted, dialect="wire") == "kept"


def test_a_proxy_may_put_a_page_of_another_type_in_the_place_of_a_refusal() -> None:
    html = answered(INVOICES, method="HEAD", query="no-page", content_type="text/html")
    asking, _ = context(html, forgives=True)
    assert said(f"{HEAD}/invoices_list", html, forgives=True) != "kept"
    asking.survey.pages.add(404)

    head_equals_get(asking, "invoices_list")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"uuid": "a" * 32, "customer_uuid": "", "other_uuid": None, "name": "A" * 32}, ""),
        ([{"uuid": "A" * 32}], "the uuid must be a uuid in lower case"),
        ({"items": [{"project_uuid": "x"}]}, "the project_uuid must be a uuid in lower case"),
        ({"price": "1.50", "tax": "1.5000000000", "total": "free", "unit_price": 1, "name": "1.5"}, ""),
        ({"price": "1.5"}, "the price must have all its places"),
        ({"price": "-1"}, "the price must have all its places"),
        ({"unit_price": "1.50"}, "the unit_price must have all its places"),
        ({"quantity": "1.5000000000"}, ""),
        ({"details": {"price": "1.5", "uuid": "A"}}, ""),
        ({"other": {"price": "1.5"}}, "the price must have all its places"),
        ("1.5", ""),
    ],
)
def test_identifiers_are_in_lower_case_and_decimals_have_all_their_places(value: Any, what: str) -> None:
    exchange = Exchange(Request("GET", ITEMS), answer(body=json.dumps(value).encode()), "staff", "/paths")

    if not what:
        must_have_all_places(exchange)
        return
    with pytest.raises(Broken, match=what):
        must_have_all_places(exchange)
