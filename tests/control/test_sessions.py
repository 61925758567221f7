"""A session is a world of its own, with all that belongs to it; sessions are made at first use, and bounded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.asgi import pristine
from waldur_billing_mock.mock_server.control.budget import Budget
from waldur_billing_mock.mock_server.control.client import MockError
from waldur_billing_mock.mock_server.control.events import Events
from waldur_billing_mock.mock_server.control.journal import Journal
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.control.session import Session
from waldur_billing_mock.mock_server.control.sessions import NoSession, SessionLimits, Sessions
from waldur_billing_mock.mock_server.control.snapshots import Snapshots
from waldur_billing_mock.mock_server.control.webhooks import Webhooks, post
from waldur_billing_mock.mock_server.instants import instant
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.testing.mock import Mock
from waldur_billing_mock.mock_server.web.problems import Problem

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
INVOICE = f"/api/invoices/{UUID}/"


def state(client: httpx.Client, **more: Any) -> str:
    return str(client.get(INVOICE, **more).json()["state"])


def test_what_happens_in_a_session_stays_in_it(mock: Mock) -> None:
    one, other = mock.session("one"), mock.session("other")
    with one.client() as mine, other.client() as theirs, mock.client() as ours:
        mine.post(f"{INVOICE}paid/")
        mine.post(f"{INVOICE}set_reference_number/", json={"reference_number": "R"})
        one.clock.advance("P1M")
        one.faults.add(operation="invoices_list", status=503)

        assert (state(mine), state(theirs), state(ours)) == ("paid", "created", "created")
        assert mine.get("/api/invoices/").status_code == 503
        assert theirs.get("/api/invoices/").status_code == ours.get("/api/invoices/").status_code == 200

    assert one.clock.now() > other.clock.now() == mock.clock.now()
    assert (one.journal.count(), other.journal.count(), mock.journal.count()) == (4, 2, 2)
    assert other.faults.list() == mock.faults.list() == []
    assert {event["session"] for event in one.events.stream(since=0, limit=2)} == {"one"}


def test_the_outbox_belongs_to_the_session(mock: Mock) -> None:
    one = mock.session("one")
    with one.client() as mine, mock.client() as ours:
        mine.post(f"{INVOICE}send_notification/")

        assert len(mine.get("/_mock/notifications").json()) == 1
        assert ours.get("/_mock/notifications").json() == []


def test_a_session_is_named_by_header_token_or_query(mock: Mock) -> None:
    token = mock.token()
    with mock.client() as ours, mock.session("one").client() as mine, mock.client(None) as nobody:
        mine.post(f"{INVOICE}paid/")

        assert state(ours) == "created"
        assert state(ours, params={"mock_session": "one"}) == "paid"
        assert state(nobody, headers={"Authorization": f"Token one.{token}"}) == "paid"
        assert state(nobody, headers={"Authorization": f"Bearer Token one.{token}"}) == "paid"
        assert state(nobody, headers={"Authorization": f"Token two.{token}"}) == "created"
        assert state(nobody, headers={"Authorization": f"Token main.{token}"}) == "created"

    assert [one["id"] for one in mock.sessions.list()] == ["main", "one", "two"]


@pytest.mark.parametrize("token", ["one.wrong", "YOUR_API_TOKEN.one", "one.", ".", "a b.YOUR_API_TOKEN"])
def test_a_token_of_nobody_makes_no_session(mock: Mock, token: str) -> None:
    with mock.client(None) as nobody:
        answer = nobody.get(INVOICE, headers={"Authorization": f"Token {token}"})

    assert (answer.status_code, len(mock.sessions.list())) == (401, 1)


def test_the_next_page_is_in_the_same_session(mock: Mock) -> None:
    with mock.client() as ours:
        link = ours.get("/api/invoice-items/", params={"mock_session": "one", "page_size": 1}).headers["Link"]

    assert "mock_session=one" in link


def test_a_request_that_names_two_sessions_is_refused(mock: Mock) -> None:
    with mock.client() as ours:
        answer = ours.get(INVOICE, params={"mock_session": "two"}, headers={"X-Mock-Session": "one"})

    assert answer.status_code == 400
    assert answer.json() == {"detail": "The request names several sessions: one, two. Name one."}
    assert len(mock.sessions.list()) == 1


@pytest.mark.parametrize("id", ["", "*", "a.b", "x" * 65, "ä", "a b"])
@pytest.mark.parametrize("path", [INVOICE, "/_mock/clock"])
def test_an_id_that_cannot_be_is_refused(mock: Mock, id: str, path: str) -> None:
    with mock.client() as ours:
        answer = ours.get(path, headers={b"X-Mock-Session": id.encode("latin-1")})

    assert answer.status_code == 400
    assert "letters, digits, hyphens and underscores" in answer.json()["detail"]


def test_a_new_session_begins_with_the_start_world_whatever_was_done_before(mock: Mock) -> None:
    with mock.client() as ours, mock.session("one").client() as mine:
        ours.post(f"{INVOICE}paid/")

        assert state(mine) == "created"


def test_a_session_is_copied_from_another(mock: Mock) -> None:
    one = mock.session("one")
    with one.client() as mine, mock.session("copy").client() as copied, mock.session("third").client() as third:
        mine.post(f"{INVOICE}paid/")
        one.clock.advance("P1M")
        one.faults.add(status=503)
        shown = mock.sessions.put("copy", source="one")
        mock.sessions.put("third", source="main")

        assert (shown["from"], shown["now"], shown["fault_rules"]) == ("one", "2026-01-05T09:00:00+00:00", 0)
        assert (state(copied), state(third)) == ("paid", "created")
        mock.session("copy").reset()
        assert state(copied) == "paid"


def test_a_session_is_copied_onto_itself(mock: Mock) -> None:
    one = mock.session("one")
    with one.client() as mine:
        mine.post(f"{INVOICE}paid/")
        one.sessions.put("one", source="one")

        assert state(mine) == "paid"
    assert one.journal.count() == 1


def test_a_session_is_reset_made_anew_and_dropped(mock: Mock) -> None:
    one = mock.session("one")
    with one.client() as mine:
        for undo in (one.reset, lambda: mock.sessions.put("one"), lambda: mock.sessions.drop("one")):
            mine.post(f"{INVOICE}paid/")
            assert state(mine) == "paid"
            undo()
            assert state(mine) == "created"
        mock.sessions.drop("one")

    assert [session["id"] for session in mock.sessions.list()] == ["main"]


def test_a_session_is_shown_without_being_made(mock: Mock) -> None:
    with pytest.raises(MockError, match=r"404: There is no session 'one'\."):
        mock.sessions.get("one")
    with mock.session("one").client() as mine:
        mine.post(f"{INVOICE}paid/")

    shown = mock.sessions.get("one")

    assert (shown["id"], shown["from"], shown["requests"], shown["fault_rules"]) == ("one", "main", 1, 0)
    assert 0 < shown["bytes"]["world"] < 20_000
    assert 0 < shown["bytes"]["journal"] < 20_000
    assert shown["idle_seconds"] >= 0


@pytest.mark.parametrize(
    ("operation", "id", "body", "status"),
    [
        ("sessions_drop", "main", None, 409),
        ("sessions_drop", "one", None, 404),
        ("sessions_put", "main", None, 409),
        ("sessions_put", "one", {"from": "two"}, 404),
        ("sessions_put", "one", {"of": "main"}, 400),
        ("sessions_put", "a.b", None, 404),
    ],
)
def test_what_cannot_be_done_with_a_session_is_refused(
    mock: Mock, operation: str, id: str, body: Any, status: int
) -> None:
    with pytest.raises(MockError) as caught:
        mock.call(operation, {"id": id}, body=body)

    assert caught.value.status == status
    assert len(mock.sessions.list()) == 1


def test_one_session_too_many_is_refused_and_the_others_go_on() -> None:
    with Mock(scenario="one-invoice", max_sessions=2) as mock, mock.client() as ours:
        one, two, three = ({"X-Mock-Session": id} for id in ("one", "two", "three"))
        assert (state(ours, headers=one), state(ours, headers=two)) == ("created", "created")
        for path in (INVOICE, "/_mock/clock"):
            answer = ours.get(path, headers=three)
            assert answer.status_code == 503
            assert answer.json()["detail"].startswith("There are 2 sessions already, which is the limit.")
            assert "--max-sessions" in answer.json()["detail"]
        assert (state(ours, headers=one), state(ours, headers=two), state(ours)) == ("created",) * 3
        assert mock.journal.list(status="503")[0]["path"] == INVOICE
        mock.sessions.put("two", source="one")
        mock.sessions.drop("one")
        assert state(ours, headers=three) == "created"


def test_a_write_for_which_there_is_no_room_is_refused_and_changes_nothing() -> None:
    with Mock(scenario="one-invoice", sessions_bytes=20_000, journal_bytes=0) as mock:
        one = mock.session("one")
        with one.client() as mine, mock.client() as ours:
            answers = [
                mine.post(f"{INVOICE}set_reference_number/", json={"reference_number": f"R{i}"}) for i in range(20)
            ]
            written = [answer for answer in answers if answer.status_code == 200]
            assert 1 <= len(written) < 20
            assert answers[-1].status_code == 503
            assert "--max-sessions-mb" in answers[-1].json()["detail"]
            assert mine.get(INVOICE).json()["reference_number"] == f"R{len(written) - 1}"
            with pytest.raises(MockError, match="503"):
                one.clock.advance("P1Y")
            assert one.clock.now() == mock.clock.now()
            # Others, and who reads, are not concerned.
            assert ours.post(f"{INVOICE}paid/").status_code == 200
            one.reset()
            assert mine.post(f"{INVOICE}paid/").status_code == 200


def test_journals_give_way_to_worlds() -> None:
    with Mock(scenario="one-invoice", sessions_bytes=60_000) as mock:
        with mock.session("one").client() as one, mock.session("two").client() as two:
            for _ in range(30):
                one.get(INVOICE)
            before = {row["id"]: row["bytes"]["journal"] for row in mock.sessions.list()}
            assert two.post(f"{INVOICE}paid/").status_code == 200
            for _ in range(8):
                two.get(INVOICE)
        after = {row["id"]: row["bytes"] for row in mock.sessions.list()}

        assert 0 < before["one"] < 60_000
        assert after["one"]["journal"] < before["one"]
        assert sum(after[id]["world"] + after[id]["journal"] for id in ("one", "two")) <= 60_000


class Clockwork:
    """Sessions whose time is told."""

    def __init__(self, limits: SessionLimits) -> None:
        self.seconds = 0.0
        self.sessions = Sessions(self._make, Stage(pristine("one-invoice")), limits, lambda: self.seconds)

    def _make(self, id: str, stage: Stage, budget: Budget | None, origin: str) -> Session:
        journal, events = Journal(budget=budget), Events()
        at = instant("2026-01-01")
        hooks = Webhooks(events, journal, lambda: at, post, most=1)
        return Session(
            id=id,
            stage=stage,
            journal=journal,
            rules=Rules(count(1), most=1),
            events=events,
            webhooks=hooks,
            snapshots=Snapshots(stage, budget, most=100),
            created=at,
            used=self.seconds,
            origin=origin,
        )

    def ids(self) -> list[str]:
        return [session.id for session in self.sessions]


def test_a_session_that_is_not_used_for_a_while_is_dropped() -> None:
    clockwork = Clockwork(SessionLimits(10, 10**6, 60))
    for id in ("a", "b", "c"):
        clockwork.sessions.use(id)
    clockwork.seconds = 59
    clockwork.sessions.use("a")
    clockwork.sessions.find("b")  # looking does not count
    stop = clockwork.sessions.get("c").events.stream(lambda event: None)

    clockwork.seconds = 61
    assert clockwork.ids() == ["main", "a", "c"]
    with pytest.raises(NoSession):
        clockwork.sessions.get("b")

    stop()
    clockwork.seconds = 61 + 59
    assert clockwork.ids() == ["main", "c"]
    clockwork.seconds = 61 + 60
    assert len(clockwork.sessions) == 1


def test_an_idle_session_of_a_server_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 0.0
    clocks = SimpleNamespace(monotonic=lambda: seconds, perf_counter=time.perf_counter)
    monkeypatch.setattr("waldur_billing_mock.mock_server.app.time", clocks)
    with Mock(scenario="one-invoice", session_idle_seconds=60) as mock, mock.session("one").client() as mine:
        mine.post(f"{INVOICE}paid/")
        seconds = 59
        assert state(mine) == "paid"
        seconds = 59 + 59
        assert [session["id"] for session in mock.sessions.list()] == ["main", "one"]
        seconds = 59 + 60

        assert [session["id"] for session in mock.sessions.list()] == ["main"]
        assert state(mine) == "created"


def write_ten_times(session: Session) -> None:
    with session.stage.transaction() as world:
        for invoice in list(world.invoices) * 10:
            world.put(invoice)


def test_a_session_that_is_dropped_takes_no_room_any_more() -> None:
    clockwork = Clockwork(SessionLimits(10, 30_000, 60))
    sessions, budget = clockwork.sessions, clockwork.sessions.budget
    write_ten_times(sessions.use("a"))
    assert budget.worlds == 20_000
    other = sessions.use("b")
    with pytest.raises(Problem):
        write_ten_times(other)

    sessions.drop("a")

    assert budget.used == 0


def median(act: Callable[[int], object], times: int = 200) -> float:
    """Milliseconds."""
    taken = []
    for number in range(times):
        begun = time.perf_counter()
        act(number)
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[times // 2] * 1000


def test_a_session_costs_less_than_a_millisecond() -> None:
    clockwork = Clockwork(SessionLimits(1000, 10**9, 60))

    assert median(lambda number: clockwork.sessions.use(f"s{number}")) < 1


def test_the_first_answers_of_a_session_are_as_quick_as_those_of_the_first_world() -> None:
    with Mock() as mock, mock.client() as client:
        paths = ["/api/invoices/?page_size=100", "/api/invoices/growth/", "/api/invoice-items/?page_size=100"]
        begun = time.perf_counter()
        first = [client.get(path).content for path in paths]
        in_first_world = (time.perf_counter() - begun) * 1000

        def ask(number: int) -> None:
            headers = {"X-Mock-Session": f"s{number}"}
            assert [client.get(path, headers=headers).content for path in paths] == first

        assert median(ask, 20) < in_first_world


@pytest.mark.parametrize("name", ["max_sessions", "sessions_bytes", "session_idle_seconds", "journal_bytes"])
def test_the_settings_that_bound_sessions_are_checked(name: str) -> None:
    bounds: dict[str, Any] = {name: -1}

    with pytest.raises(ValueError, match=rf"{name} is -1; use a number from"):
        Settings(**bounds)


def test_without_room_for_any_session_the_main_one_is_served() -> None:
    with Mock(scenario="one-invoice", max_sessions=0) as mock, mock.client() as ours:
        assert state(ours) == "created"
        assert ours.get(INVOICE, headers={"X-Mock-Session": "one"}).status_code == 503
        assert json.loads(mock.world.export())["invoices"][0]["state"] == "created"
