"""The words in which contracts are stated raise where an answer is otherwise, and say what it must be."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest

from tests.contracts.scripted import answer
from waldur_billing_mock.contracts.exchange import Answer, Broken, Complaint, Exchange, Must, Request

PLACE: Final = "/paths/~1api~1invoices~1/get"


def exchange(found: Answer) -> Exchange:
    return Exchange(Request("GET", "/api/invoices/?page=2"), found, "staff", PLACE)


def body(text: str, media_type: str = "application/json") -> Answer:
    return answer(200, {"content-type": media_type}, text.encode())


def complaint(found: Answer, stated: Callable[[Must], object]) -> Complaint:
    """The one complaint about an answer."""
    with pytest.raises(Broken) as raised:
        stated(exchange(found).must)
    (one,) = raised.value.complaints
    assert str(raised.value) == one.what
    return one


def test_the_path_of_a_request_is_its_target_without_the_query() -> None:
    assert Request("GET", "/api/invoices/?page=2").path == "/api/invoices/"


def test_what_an_answer_is_it_may_be() -> None:
    found = answer(204, {"x-result-count": "7"}, b"")

    exchange(found).must.have_status(200, 204)
    exchange(found).must.have_no_body()
    assert exchange(found).must.have_header("X-Result-Count") == "7"
    assert exchange(body('{"price": 1.50}', "application/json; charset=utf-8")).must.show() == {"price": Decimal("1.5")}
    assert exchange(body('{"a": 1}')).must.show_row() == {"a": 1}
    assert exchange(body('[{"a": 1}, {}]')).must.show_rows() == [{"a": 1}, {}]
    assert exchange(body("[]")).must.show_rows() == []


@pytest.mark.parametrize(
    ("found", "stated", "what"),
    [
        (answer(500), lambda must: must.have_status(200, 404), "the status must be 200 or 404, not 500"),
        (answer(), lambda must: must.have_header("X-Result-Count"), "the header X-Result-Count must be there"),
        (body("[]"), lambda must: must.have_no_body(), "there must be no body"),
        (
            body("[]", "text/html; charset=utf-8"),
            lambda must: must.show(),
            "the content type must be application/json, not text/html",
        ),
        (body("[]", ""), lambda must: must.show(), "the content type must be application/json, not missing"),
        (body("["), lambda must: must.show(), "the body must be JSON"),
        (body("[]"), lambda must: must.show_row(), "the body must be an object"),
        (body("{}"), lambda must: must.show_rows(), "the body must be an array of objects"),
        (body("[{}, 1]"), lambda must: must.show_rows(), "the body must be an array of objects"),
    ],
)
def test_what_an_answer_is_not_is_a_complaint_at_its_operation(
    found: Answer, stated: Callable[[Must], object], what: str
) -> None:
    one = complaint(found, stated)

    assert (one.what, one.place) == (what, PLACE)
    assert one.exchange == exchange(found)


def test_values_agree_by_what_they_mean() -> None:
    must = exchange(answer()).must

    must.agree("the price", "1.50", Decimal("1.5"))
    one = complaint(answer(), lambda must: must.agree("the price", "1.50", "1.51", "/at"))

    assert (one.what, one.place, one.got, one.expected) == ("the price must agree", "/at", "1.50", "1.51")


def test_a_condition_holds_or_is_a_complaint_with_what_was_found() -> None:
    exchange(answer()).must.hold(True, "it must hold")
    one = complaint(answer(), lambda must: must.hold(False, "it must hold", 3, "/at"))

    assert (one.what, one.place, one.got) == ("it must hold", "/at", 3)


def test_complaints_are_equal_by_what_and_where_whichever_exchange_shows_them() -> None:
    about: Any = exchange(answer())

    assert Complaint("what", "/at", exchange=about) == Complaint("what", "/at", detail="of one")
    assert Complaint("what", "/at").key == ("what", "/at")
