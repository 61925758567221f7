"""The guard: what may leave, how fast, how often, and with which token."""

import pytest

from tests.contracts.scripted import answer, guarded
from waldur_billing_mock.contracts.exchange import Request
from waldur_billing_mock.contracts.guard import (
    ANY,
    BudgetSpent,
    Guard,
    Identity,
    Limits,
    Lost,
    Refused,
    Stopped,
    TokenRejected,
    Unreachable,
    Writing,
)

STAFF = Identity("staff", "secret")
INVOICE, OTHER = "a" * 32, "b" * 32
LIST = Request("GET", "/api/invoices/")


def ask(guard: Guard, times: int) -> None:
    """Asks for the same list again and again."""
    for _ in range(times):
        guard.send(LIST, STAFF)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "CONNECT", "get"])
def test_nothing_but_reading_leaves_unless_writing_is_allowed(method: str) -> None:
    guard, transport, _ = guarded()

    with pytest.raises(Refused):
        guard.send(Request(method, f"/api/invoices/{INVOICE}/paid/"), STAFF)

    assert transport.sent == []
    assert guard.refused == [f"{method} /api/invoices/{INVOICE}/paid/"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_always_leaves(method: str) -> None:
    guard, transport, _ = guarded()

    guard.send(Request(method, "/api/invoices/"), STAFF)

    assert transport.sent == [(method, "/api/invoices/", "secret")]


@pytest.mark.parametrize(
    "target",
    [
        f"/api/invoices/{OTHER}/paid/",
        f"/api/invoice-items/{INVOICE}/",
        "/api/invoices/",
        f"/api/customers/{INVOICE}/",
        f"/api/invoices/{INVOICE}/../{OTHER}/paid/",
        "/api/users/me/",
    ],
)
def test_only_named_objects_are_written_to(target: str) -> None:
    guard, transport, _ = guarded(writing=Writing(True, {INVOICE}, set()))

    with pytest.raises(Refused):
        guard.send(Request("POST", target), STAFF)

    assert transport.sent == []


def test_a_named_object_may_be_written_with_hyphens_and_in_upper_case() -> None:
    guard, transport, _ = guarded(writing=Writing(True, {INVOICE}, set()))
    spelling = "AAAAAAAA-AAAA-AAAA-AAAA-AAAAAAAAAAAA"

    guard.send(Request("POST", f"/api/invoices/{spelling}/paid/"), STAFF)

    assert len(transport.sent) == 1


def test_an_item_does_not_move_to_an_invoice_that_was_not_named() -> None:
    guard, transport, _ = guarded(writing=Writing(True, {INVOICE}, {ANY}))
    path = f"/api/invoice-items/{OTHER}/migrate_to/"

    with pytest.raises(Refused):
        guard.send(Request("POST", path, body=b'{"invoice": "/api/invoices/%s/"}' % OTHER.encode()), STAFF)
    guard.send(Request("POST", path, body=b'{"invoice": "/api/invoices/%s/"}' % INVOICE.encode()), STAFF)

    assert [target for _, target, _ in transport.sent] == [path]


def test_the_budget_is_never_exceeded() -> None:
    guard, transport, _ = guarded(limits=Limits(budget=3))

    for _ in range(3):
        guard.send(LIST, STAFF)
    with pytest.raises(BudgetSpent):
        guard.send(LIST, STAFF)

    assert len(transport.sent) == 3


def test_the_rate_is_kept() -> None:
    guard, _, clock = guarded(limits=Limits(rate=5))

    for _ in range(11):
        guard.send(LIST, STAFF)

    assert clock.now == pytest.approx(2.0)


def test_a_lost_read_is_repeated_and_a_lost_write_is_not() -> None:
    guard, transport, _ = guarded(answer(), Lost("late"), Lost("reset"), answer(), writing=Writing(everything=True))
    failing, lost, _ = guarded(Lost("reset"), writing=Writing(everything=True))

    guard.send(LIST, STAFF)
    reply = guard.send(LIST, STAFF)
    with pytest.raises(Unreachable):
        failing.send(Request("POST", f"/api/invoices/{INVOICE}/paid/"), STAFF)

    assert reply.status == 200
    assert len(transport.sent) == 4
    assert len(lost.sent) == 1


def test_a_target_that_has_never_answered_is_given_up_at_once() -> None:
    guard, transport, clock = guarded(Lost("the connection was refused"), answer())

    with pytest.raises(Unreachable, match="refused"):
        guard.send(LIST, STAFF)
    with pytest.raises(Stopped, match="refused"):
        guard.send(LIST, STAFF)

    assert (len(transport.sent), clock.naps) == (1, [])


def test_a_target_that_asks_to_wait_is_waited_for() -> None:
    guard, transport, clock = guarded(answer(429, {"retry-after": "7"}), answer())

    reply = guard.send(LIST, STAFF)

    assert reply.status == 200
    assert clock.naps == [7.0]
    assert len(transport.sent) == 2


def test_a_target_that_asks_to_wait_for_an_hour_is_left_alone() -> None:
    guard, transport, _ = guarded(answer(503, {"retry-after": "3600"}))

    for _ in range(2):
        with pytest.raises(Stopped):
            guard.send(LIST, STAFF)

    assert len(transport.sent) == 1


def test_a_burst_of_failures_on_several_paths_ends_the_run() -> None:
    guard, transport, _ = guarded(answer(500))

    def ask_a_hundred_times() -> None:
        for number in range(100):
            guard.send(Request("GET", f"/api/{['invoices', 'items', 'costs'][number % 3]}/"), STAFF)

    with pytest.raises(Stopped):
        ask_a_hundred_times()

    assert len(transport.sent) == 12


def test_one_path_that_always_fails_does_not_end_the_run() -> None:
    guard, transport, _ = guarded(answer(500))

    for number in range(40):
        guard.send(Request("GET", f"/api/invoice-items/{number:032x}/consumptions/"), STAFF)

    assert len(transport.sent) == 40


def test_a_token_that_expires_midway_is_told_from_an_operation_that_refuses_it() -> None:
    expired, _, _ = guarded(answer(), answer(401))
    refusing, transport, _ = guarded(answer(), answer(401), answer(), answer())

    expired.send(LIST, STAFF)
    with pytest.raises(TokenRejected):
        expired.send(Request("GET", "/api/invoice-items/"), STAFF)
    refusing.send(LIST, STAFF)
    reply = refusing.send(Request("GET", "/api/invoice-items/"), STAFF)

    assert reply.status == 401
    assert [target for _, target, _ in transport.sent] == ["/api/invoices/", "/api/invoice-items/", "/api/invoices/"]


def test_a_token_shows_in_no_text_of_its_owner() -> None:
    shown = f"{STAFF!r} {STAFF}"

    assert "secret" not in shown


def test_a_write_that_was_put_off_is_repeated_and_one_that_failed_is_not() -> None:
    writing = Writing(everything=True)
    put_off, transport, clock = guarded(answer(429, {"retry-after": "3"}), answer(), writing=writing)
    failing, failed, _ = guarded(answer(503, {"retry-after": "3"}), writing=writing)
    write = Request("POST", f"/api/invoices/{INVOICE}/paid/")

    replies = [put_off.send(write, STAFF).status, failing.send(write, STAFF).status]

    assert replies == [200, 503]
    assert (len(transport.sent), clock.naps) == (2, [3.0])
    assert len(failed.sent) == 1


def test_undoing_goes_beyond_the_budget() -> None:
    guard, transport, _ = guarded(limits=Limits(budget=1))
    guard.send(LIST, STAFF)

    with guard.undoing():
        guard.send(LIST, STAFF)
    with pytest.raises(BudgetSpent):
        guard.send(LIST, STAFF)

    assert len(transport.sent) == 2


@pytest.mark.parametrize("name", ["..", "any", "..%2F..%2Fadmin", "%2e%2e"])
def test_what_is_no_identifier_is_not_written_to_even_where_any_object_may_be(name: str) -> None:
    guard, transport, _ = guarded(writing=Writing(True, {ANY}, {ANY}))

    with pytest.raises(Refused):
        guard.send(Request("POST", f"/api/invoices/{name}/paid/"), STAFF)

    assert transport.sent == []


@pytest.mark.parametrize("name", ["%0D%0Aforged", "%00", "x\r\ny", "ü"])
def test_a_path_with_control_characters_does_not_leave(name: str) -> None:
    guard, transport, _ = guarded(limits=Limits(hides_control_characters=True))

    with pytest.raises(Refused, match="the path holds control characters"):
        guard.send(Request("GET", f"/api/invoices/{name}/"), STAFF)

    assert transport.sent == []


@pytest.mark.parametrize("text", ["²", "-1", "soon", "1e9", "٣", ""])
def test_a_retry_after_that_makes_no_sense_is_a_second(text: str) -> None:
    guard, _, clock = guarded(answer(429, {"retry-after": text}), answer())

    guard.send(LIST, STAFF)

    assert clock.naps == [1.0]


def test_a_retry_after_may_be_a_date() -> None:
    headers = {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": "Fri, 31 Dec 1999 23:59:54 GMT"}
    guard, _, clock = guarded(answer(503, headers), answer())

    guard.send(LIST, STAFF)

    assert clock.naps == [5.0]


def test_waiting_has_a_bound_in_all() -> None:
    guard, transport, clock = guarded(answer(429, {"retry-after": "100"}))

    with pytest.raises(Stopped):
        ask(guard, 4)

    assert clock.now <= 300
    assert len(transport.sent) <= 4


def test_a_run_has_a_deadline() -> None:
    guard, transport, _ = guarded(limits=Limits(rate=1, seconds=3))

    with pytest.raises(BudgetSpent):
        ask(guard, 10)

    assert len(transport.sent) <= 5


def test_what_a_proxy_answers_once_is_asked_again() -> None:
    guard, transport, _ = guarded(answer(502), answer())

    assert guard.send(LIST, STAFF).status == 200
    assert len(transport.sent) == 2


def test_an_interrupted_guard_lets_nothing_leave_but_what_undoes() -> None:
    guard, transport, _ = guarded()

    assert guard.interrupt("ended by SIGTERM")
    with pytest.raises(Stopped, match="SIGTERM"):
        guard.send(LIST, STAFF)
    with guard.undoing():
        assert not guard.interrupt("interrupted")
        guard.send(LIST, STAFF)

    assert len(transport.sent) == 1


def test_the_time_of_the_server_is_that_of_its_answers() -> None:
    guard, _, _ = guarded(answer(200, {"date": "Sat, 22 Nov 2025 12:00:00 GMT"}))

    guard.send(LIST, STAFF)

    assert guard.server_time is not None
    assert guard.server_time.isoformat() == "2025-11-22T12:00:00+00:00"
