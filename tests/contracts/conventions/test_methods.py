"""Methods of a path: a healthy mock passes, and a wrong status or `Allow` is reported."""

from typing import Final

import pytest

from tests.contracts.altered import INVOICES, UUID, all_judged, answered, judged, said

OTHERS: Final = "conventions/other_methods_are_not_allowed"
NAMED: Final = "conventions/allow_names_the_methods_of_the_path"
PAID: Final = f"/api/invoices/{UUID}/paid/"
UNTRIED: Final = "not exercised: the other methods are tried where writing is allowed"
EVERY: Final = "Allow must name every method of the path"
UNKNOWN: Final = "ffffffff-ffff-4fff-bfff-ffffffffffff"


def test_a_healthy_mock_passes() -> None:
    assert set(all_judged(f"{OTHERS}/", writing=True).values()) == {"kept"}
    assert set(all_judged(f"{NAMED}/").values()) == {"kept"}
    only_read = all_judged(f"{OTHERS}/")
    assert set(only_read.values()) == {"kept", UNTRIED}
    assert (only_read["invoices_list"], only_read["invoices_paid"]) == (UNTRIED, "kept")


def test_what_is_no_path_for_reading_is_asked_about_nothing_and_else_about_an_object() -> None:
    written, read = (judged(f"{OTHERS}/{name}", writing=True) for name in ("invoices_paid", "invoices_retrieve"))

    assert {one.path for one in written.sent} == {f"/api/invoices/{UNKNOWN}/paid/"}
    assert [one.method for one in written.sent] == ["GET", "PUT", "PATCH", "DELETE"]
    tried = [one for one in read.sent if one.method != "GET"]
    assert [one.method for one in tried] == ["POST", "PUT", "PATCH", "DELETE"]
    assert not any(UNKNOWN in one.path for one in tried)
    assert [one.method for one in judged(f"{OTHERS}/invoices_paid").sent] == ["GET"]


@pytest.mark.parametrize(
    ("status", "allow", "what"),
    [
        (405, "POST, OPTIONS", "kept"),
        (405, "POST,GET,OPTIONS", "kept"),
        (405, "GET, OPTIONS", EVERY),
        (405, "POST", "Allow must name OPTIONS"),
        (404, "POST, OPTIONS", "the status must be 405, not 404"),
        (405, None, "the header Allow must be there"),
    ],
)
def test_a_refused_method_is_answered_with_those_of_the_path(status: int, allow: str | None, what: str) -> None:
    assert said(f"{OTHERS}/invoices_paid", answered(PAID, status, allow=allow)) == what


def test_a_refused_method_is_answered_with_a_sentence() -> None:
    assert said(f"{OTHERS}/invoices_paid", answered(PAID, body=b"{}")) == "the body must tell why"


@pytest.mark.parametrize(
    ("allow", "what"),
    [
        ("GET, HEAD, OPTIONS", "kept"),
        ("GET,OPTIONS", "kept"),
        ("GET, HEAD", EVERY),
        ("HEAD, OPTIONS", EVERY),
        ("GET, HEAD, OPTIONS, POST", "Allow must name no other method"),
    ],
)
def test_allow_names_the_methods_of_a_path_and_no_others(allow: str, what: str) -> None:
    change, check = answered(INVOICES, allow=allow), f"{NAMED}/invoices_list"

    assert said(check, change) == what
    more = what == "Allow must name no other method"
    assert judged(check, change, forgives=True)[:2] == (("kept", ("allow-lists-disabled",)) if more else (what, ()))
    assert said(check, change, dialect="wire") == ("kept" if more else what)


def test_only_answers_of_success_are_looked_at_for_allow() -> None:
    assert said(f"{NAMED}/invoices_list", answered(INVOICES, 206, query="^$")) == "the status must be 200, not 206"
