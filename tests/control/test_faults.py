"""Calls fail as the rules say: which ones, how often, and how."""

import json
import socket
import time
from itertools import count
from urllib.parse import urlsplit

import httpx
import pytest

from waldur_billing_mock.mock_server.control.client import MockError
from waldur_billing_mock.mock_server.control.rules import Asked, Rule, Rules
from waldur_billing_mock.mock_server.testing.mock import Mock

INVOICE = "/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/"


def statuses(mock: Mock, path: str = "/api/invoices/", username: str | None = "staff", times: int = 1) -> list[int]:
    with mock.client(username) as client:
        return [client.get(path).status_code for _ in range(times)]


def test_a_rule_fails_the_operation_that_it_names_and_no_other(mock: Mock) -> None:
    mock.faults.add(operation="invoices_list", status=500)

    assert statuses(mock) == [500]
    assert statuses(mock, "/api/invoice-items/") == [200]


def test_several_operations_can_be_named(mock: Mock) -> None:
    mock.faults.add(operation=["invoices_list", "invoices_retrieve"], status=500)

    assert statuses(mock) + statuses(mock, INVOICE) + statuses(mock, "/api/invoice-items/") == [500, 500, 200]


def test_a_rule_fails_the_next_calls_and_then_no_more(mock: Mock) -> None:
    mock.faults.add(operation="invoices_list", status=503, after=1, times=2)

    assert statuses(mock, times=5) == [200, 503, 503, 200, 200]
    assert mock.faults.list()[0]["hits"] == 2


def test_a_rule_for_a_role_fails_the_callers_who_have_it(mock: Mock) -> None:
    mock.faults.add(role="customer.owner", status=500)
    mock.faults.add(role="anonymous", status=429)

    assert [statuses(mock, username=name)[0] for name in ("owner", "staff", "support", None)] == [500, 200, 200, 429]


def test_a_rule_for_a_method_or_a_path_fails_what_fits(mock: Mock) -> None:
    mock.faults.add(method="post", path="*/paid/", status=502)

    with mock.client() as client:
        assert client.post(f"{INVOICE}paid/").status_code == 502
        assert client.get(INVOICE).json()["state"] == "created"


def test_the_same_seed_fails_the_same_calls(mock: Mock) -> None:
    runs = []
    for seed in (7, 7, 8):
        mock.faults.add(status=503, probability=0.5, seed=seed)
        runs.append(statuses(mock, times=40))
        mock.faults.clear()

    assert runs[0] == runs[1] != runs[2]
    assert 10 < runs[0].count(503) < 30
    assert set(runs[0]) == {200, 503}


def test_a_rule_answers_with_the_body_of_waldur(mock: Mock) -> None:
    said = []
    for status in (404, 409, 500):
        mock.faults.add(status=status, times=1)
        with mock.client() as client:
            said.append(client.get(INVOICE))

    assert said[0].json() == {"detail": "No Invoice matches the given query."}
    assert "detail" in said[1].json()
    assert "<h1>Server Error (500)</h1>" in said[2].text


def test_a_rule_answers_with_a_body_of_its_own(mock: Mock) -> None:
    mock.faults.add(status=502, body={"detail": "A proxy says so."})

    with mock.client() as client:
        answer = client.get(INVOICE)

    assert (answer.status_code, answer.json()) == (502, {"detail": "A proxy says so."})


def test_a_throttled_call_says_when_to_come_again(mock: Mock) -> None:
    mock.faults.add(operation="invoices_list", retry_after=7, times=1)

    with mock.client() as client:
        answer = client.get("/api/invoices/")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json() == {"detail": "Request was throttled. Expected available in 7 seconds."}


@pytest.mark.parametrize(
    "delay",
    [60, {"uniform": [60, 90]}, {"lognormal": {"median": 60, "sigma": 0}}],
    ids=["fixed", "uniform", "lognormal"],
)
def test_an_answer_is_late_and_otherwise_as_always(mock: Mock, delay: object) -> None:
    with mock.client() as client:
        before = client.get(INVOICE)
        mock.faults.add(operation="invoices_retrieve", delay=delay)
        begun = time.perf_counter()
        after = client.get(INVOICE)
        taken = time.perf_counter() - begun

    assert taken >= 0.059
    assert (after.status_code, after.content) == (before.status_code, before.content)


def test_one_request_can_ask_for_a_late_answer(mock: Mock) -> None:
    with mock.client() as client:
        begun = time.perf_counter()
        answer = client.get(INVOICE, headers={"Prefer": "code=404, delay=60"})

    assert time.perf_counter() - begun >= 0.059
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (404, "code=404, delay=60")


def test_a_rule_is_for_the_session_of_the_caller_for_another_one_or_for_all(mock: Mock) -> None:
    one, other = mock.session("one"), mock.session("other")

    def asked() -> list[int]:
        found = []
        for session in (mock, one, other):
            with session.client() as client:
                found.append(client.get("/api/invoices/").status_code)
        return found

    assert asked() == [200, 200, 200]
    one.faults.add(status=500)
    assert asked() == [200, 500, 200]
    mock.faults.add(status=501, session="other")
    assert asked() == [200, 500, 501]
    (for_all,) = mock.faults.add(status=503, session="*")
    assert (asked(), for_all["session"]) == ([503, 500, 501], "*")
    # A rule has an id that no other rule of the server has, so that the right one is removed.
    one.faults.remove(for_all["id"])
    assert asked() == [200, 500, 501]
    with pytest.raises(MockError, match="There is no session 'nobody'"):
        mock.faults.add(status=500, session="nobody")


def test_delays_are_drawn_by_the_seed() -> None:
    lognormal = {"delay": {"lognormal": {"median": 100, "sigma": 0.5}}}
    drawn = [Rule(1, {**lognormal, "seed": seed}).seconds() for seed in range(400)]
    uniform = [Rule(1, {"delay": {"uniform": [100, 300]}, "seed": seed}).seconds() for seed in range(400)]

    assert 0.08 < sorted(drawn)[200] < 0.12
    assert max(drawn) > 0.2
    assert 0.1 <= min(uniform) < 0.12
    assert 0.28 < max(uniform) <= 0.3


def test_a_delay_lets_other_rules_follow() -> None:
    rules = Rules(count(1), 10)
    rules.add({"delay": 5})
    rules.add({"status": 500})
    rules.add({"status": 501})

    assert [rule.id for rule in rules.firing(Asked("invoices_list", "GET", "/api/invoices/", frozenset()))] == [1, 2]


def test_a_dropped_call_is_not_carried_out(mock: Mock) -> None:
    mock.faults.add(method="POST", effect="drop")

    with mock.client() as client, pytest.raises(httpx.RemoteProtocolError):
        client.post(f"{INVOICE}paid/")
    with mock.client() as client:
        assert client.get(INVOICE).json()["state"] == "created"


def test_a_truncated_answer_belongs_to_a_call_that_was_carried_out(mock: Mock) -> None:
    mock.faults.add(operation="invoices_send_notification", effect="truncate")

    with mock.client() as client, pytest.raises(httpx.RemoteProtocolError):
        client.post(f"{INVOICE}send_notification/")
    assert mock.journal.list()[-1]["status"] == 200


def test_malformed_json_is_no_json(mock: Mock) -> None:
    mock.faults.add(effect="malformed")

    with mock.client() as client:
        answer = client.get(INVOICE)

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("effect", ["drop", "truncate"])
def test_connections_of_a_live_server_end(mock: Mock, effect: str) -> None:
    mock.faults.add(operation="invoices_list", effect=effect)
    headers = {"Authorization": f"Token {mock.token()}"}

    with httpx.Client(base_url=mock.url, headers=headers) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/api/invoices/")
        assert client.get(INVOICE).status_code == 200


def test_a_dropped_connection_sends_nothing_at_all(mock: Mock) -> None:
    mock.faults.add(effect="drop")
    address = urlsplit(mock.url)

    with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as connection:
        connection.sendall(f"GET {INVOICE} HTTP/1.1\r\nHost: mock\r\n\r\n".encode())
        try:
            received = connection.recv(1000)
        except ConnectionResetError:
            received = b""

    assert received == b""


def test_a_dripping_body_comes_in_pieces(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waldur_billing_mock.mock_server.control.faults.DRIP_SECONDS", 0.2)
    mock.faults.add(effect="drip")
    headers = {"Authorization": f"Token {mock.token()}"}

    begun = time.perf_counter()
    with httpx.Client(base_url=mock.url, headers=headers) as client, client.stream("GET", INVOICE) as answer:
        pieces = list(answer.iter_raw())

    assert len(pieces) > 5
    assert time.perf_counter() - begun > 0.15


@pytest.mark.parametrize(
    ("profile", "expected"),
    [("flaky", {"drop", 502, 503, "truncate"}), ("maintenance", {503}), ("slow", {"delay"})],
)
def test_profiles_are_rules(profile: str, expected: set[object]) -> None:
    rules = Rules(count(1), 10)
    rules.add({"profile": profile, "seed": 3})
    asked = Asked("invoices_list", "GET", "/api/invoices/", frozenset())

    fired = [rule for _ in range(300) for rule in rules.firing(asked)]

    assert {rule.status or rule.effect or "delay" for rule in fired} == expected
    assert len(fired) == 300 if profile != "flaky" else 10 < len(fired) < 100


def test_a_profile_can_be_asked_for_by_name(mock: Mock) -> None:
    mock.faults.add(profile="maintenance")

    with mock.client() as client:
        answer = client.get(INVOICE)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "120")


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"status": 99}, "status"),
        ({"delay": -1}, "delay"),
        ({"delay": {"uniform": [1]}}, "delay.uniform"),
        ({"effect": "explode"}, "effect"),
        ({"statsu": 500}, "statsu"),
        ({"profile": "chaos"}, "profile"),
        ({"operation": "invoices_lists", "status": 500}, "operation"),
        ({"operation": "invoices_list", "times": 2}, "non_field_errors"),
        ({}, "non_field_errors"),
        ({"operation": ["invoices_list", "pay"], "status": 500}, "operation"),
    ],
)
def test_a_faulty_rule_is_refused_by_field(mock: Mock, rule: dict[str, object], field: str) -> None:
    with pytest.raises(MockError) as caught:
        mock.faults.add(**rule)

    assert caught.value.status == 400
    assert list(caught.value.said) == [field]
    assert mock.faults.list() == []


def test_what_a_rule_can_be_is_said_where_it_is_refused(mock: Mock) -> None:
    refusals = []
    for rule in ({"operation": "invoices_list"}, {"profile": "chaos"}):
        with pytest.raises(MockError) as caught:
            mock.faults.add(**rule)
        refusals += caught.value.said.values()

    assert refusals == [
        ["Say what happens to the call: give one of delay, effect, profile, retry_after, status."],
        ['"chaos" is not a valid choice; use one of flaky, slow, maintenance.'],
    ]


def test_rules_are_removed_one_by_one_and_all_at_once(mock: Mock) -> None:
    (first,), _ = mock.faults.add(status=500), mock.faults.add(status=501)

    mock.faults.remove(first["id"])
    assert statuses(mock) == [501]
    mock.faults.clear()
    assert statuses(mock) == [200]
    with pytest.raises(MockError, match="no fault rule 1"):
        mock.faults.remove(first["id"])


@pytest.mark.parametrize(
    ("prefer", "status", "text"),
    [
        ("code=404", 404, "No Invoice matches the given query."),
        ("code=409, delay=10", 409, "Valid states"),
        ("example=november", 200, "100042"),
        ("code=401, example=missing", 401, "credentials were not provided"),
        ("example=nothing", 400, "november"),
        (b"example=\xff", 400, "example must be a name in ASCII"),
        ("code=7", 400, "code must be a number from 100 to 599"),
        ("respond-async", 200, "100042"),
        ("code=200", 200, "100042"),
    ],
)
def test_one_request_can_ask_for_its_answer(mock: Mock, prefer: str | bytes, status: int, text: str) -> None:
    with mock.client() as client:
        answer = client.get(INVOICE, headers={b"Prefer": prefer if isinstance(prefer, bytes) else prefer.encode()})
        after = client.get(INVOICE)

    assert answer.status_code == status
    assert text in answer.text
    assert after.status_code == 200
