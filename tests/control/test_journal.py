"""The journal shows what was asked and answered, is bounded, shows no token, and tells why something was refused."""

import json
import subprocess
import time
from typing import Any

import pytest

from waldur_billing_mock.mock_server.control.client import MockError, VerificationError
from waldur_billing_mock.mock_server.testing.mock import Mock
from waldur_billing_mock.openapi.pointer import look_up

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
INVOICE = f"/api/invoices/{UUID}/"
FOREIGN = "/api/invoices/00000000000000000000000000000000/"


def test_an_entry_tells_who_asked_for_what_and_what_was_answered(mock: Mock) -> None:
    with mock.client("owner") as client:
        client.get("/api/invoices/", params={"state": ["paid", "created"]})

    (entry,) = mock.journal.list()

    assert (entry["operation"], entry["user"], entry["method"], entry["path"]) == (
        "invoices_list",
        "owner",
        "GET",
        "/api/invoices/",
    )
    assert entry["query"] == {"state": ["paid", "created"]}
    assert (entry["status"], entry["response"]["body"][0]["number"], entry["refusal"]) == (200, 100042, None)
    assert entry["milliseconds"] > 0


def test_the_control_plane_is_not_in_the_journal(mock: Mock) -> None:
    mock.users()
    mock.faults.list()

    assert mock.journal.list() == []


@pytest.mark.parametrize("body", ['{"backend_id": NaN}', '{"backend_id": 1e999}', '{"backend_id": "\\ud800"}'])
def test_a_body_that_no_json_answer_can_hold_is_shown_as_text(mock: Mock, body: str) -> None:
    with mock.client("staff") as client:
        client.post(f"{INVOICE}set_backend_id/", content=body, headers={"Content-Type": "application/json"})

    (entry,) = mock.journal.list()

    assert entry["request"]["body"] == body


def test_no_token_is_shown_in_any_form(mock: Mock) -> None:
    token = mock.token("owner")
    with mock.client("owner") as client:
        client.get(f"/api/invoices/?token={token}&api_key={token}")

    (entry,) = mock.journal.list()
    shown = json.dumps([mock.journal.list(), mock.journal.get(entry["id"]), mock.journal.har()])

    assert token not in shown
    assert entry["request"]["headers"]["authorization"] == "***"
    assert entry["query"] == {"token": ["***"], "api_key": ["***"]}


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 4),
        ({"operation": "invoices_list"}, 2),
        ({"method": "post"}, 1),
        ({"path": "/api/invoices/*/paid/"}, 1),
        ({"status": "409"}, 0),
        ({"status": "4xx"}, 1),
        ({"user": "owner"}, 1),
        ({"refused": True}, 1),
        ({"refused": False, "operation": "invoices_list"}, 2),
        ({"since": 2}, 2),
    ],
)
def test_entries_are_filtered_and_counted(mock: Mock, wanted: dict[str, Any], count: int) -> None:
    with mock.client() as staff, mock.client("owner") as owner:
        staff.get("/api/invoices/")
        owner.get("/api/invoices/")
        staff.get(FOREIGN)
        staff.post(f"{INVOICE}paid/")

    assert mock.journal.count(**wanted) == len(mock.journal.list(**wanted)) == count


def test_a_faulty_filter_is_refused(mock: Mock) -> None:
    with pytest.raises(MockError) as caught:
        mock.journal.list(status="9xx", since="x")

    assert caught.value.said == {
        "status": ['"9xx" is not a valid choice.'],
        "since": ["A valid integer is required."],
    }


def test_the_last_entries_can_be_asked_for(mock: Mock) -> None:
    with mock.client() as client:
        for page in range(5):
            client.get("/api/invoices/", params={"page_size": page + 1})

    assert [entry["id"] for entry in mock.journal.list(limit=2)] == [4, 5]


def test_old_entries_make_room_for_new_ones() -> None:
    with Mock(scenario="one-invoice", journal_bytes=50_000) as mock:
        with mock.client() as client:
            for _ in range(40):
                client.get(INVOICE)
        kept = mock.journal.list()

    assert 2 < len(kept) < 10
    assert kept[-1]["id"] == 40


def test_secrets_are_masked_in_a_long_header_at_once() -> None:
    """It took minutes once: each place of a header was a beginning from which a name was looked for."""
    with Mock(scenario="one-invoice") as mock:
        with mock.client() as client:
            client.get(INVOICE, headers={"X-Long": "x" * 60_000, "X-Short": "/path?n=1&api_key=abc"})
        begun = time.process_time()
        (kept,) = mock.journal.list()
        taken = time.process_time() - begun

    assert kept["request"]["headers"]["x-short"] == "/path?n=1&api_key=***"
    assert taken < 3


def test_heads_and_paths_count_for_what_is_kept() -> None:
    """Heads of up to 64 KiB are kept; they once counted for 2,000 bytes."""
    with Mock(scenario="one-invoice", journal_bytes=200_000) as mock:
        with mock.client() as client:
            for _ in range(20):
                client.get(INVOICE, headers={"X-Long": "x" * 30_000}, params={"n": "y" * 10_000})
        kept = mock.journal.list()
        counted = mock.sessions.get("main")["bytes"]["journal"]

    assert 2 < len(kept) < 5
    assert len(kept) * 40_000 < counted <= 200_000


@pytest.mark.parametrize("prefer", [{}, {"Prefer": "delay=1"}], ids=["as it is", "steered"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_failed_within_the_server_is_in_the_journal(
    mock: Mock, monkeypatch: pytest.MonkeyPatch, method: str, prefer: dict[str, str]
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("waldur_billing_mock.mock_server.web.api.Api._respond", fail)
    with mock.client(None) as client, pytest.raises(RuntimeError):
        client.request(method, INVOICE, headers=prefer)

    (entry,) = mock.journal.list()
    assert (entry["method"], entry["status"]) == (method, 500)
    assert "Server Error (500)" in entry["response"]["body"]
    assert f'mock_answers_total{{method="{method}",operation="' in mock.metrics()
    assert 'status="500"} 1.0' in mock.metrics()


def test_a_journal_that_is_off_keeps_nothing() -> None:
    with Mock(scenario="one-invoice", journal_bytes=0) as mock:
        with mock.client() as client:
            client.get(INVOICE)
        assert mock.journal.list() == []


def test_a_journal_can_be_cleared(mock: Mock) -> None:
    with mock.client() as client:
        client.get(INVOICE)
    mock.journal.clear()

    assert mock.journal.list() == []


def test_the_archive_holds_requests_and_answers(mock: Mock) -> None:
    with mock.client() as client:
        client.post(f"{INVOICE}set_reference_number/?x=1", json={"reference_number": "RF18"})

    log = mock.journal.har()["log"]

    (entry,) = log["entries"]
    assert log["version"] == "1.2"
    assert entry["request"]["url"] == f"http://mock.test{INVOICE}set_reference_number/?x=1"
    assert entry["request"]["queryString"] == [{"name": "x", "value": "1"}]
    assert json.loads(entry["request"]["postData"]["text"]) == {"reference_number": "RF18"}
    assert entry["response"]["status"] == 200


def test_the_curl_line_repeats_the_request(mock: Mock) -> None:
    text = 'it\'s $HOME & "more"'
    with mock.client() as client:
        client.base_url = mock.url
        client.post(f"{INVOICE}set_reference_number/", json={"reference_number": text})

    line = mock.journal.get(1)["curl"].replace("http://mock.test", mock.url)
    done = subprocess.run(
        ["bash", "-c", f"{line} -sf"], env={"TOKEN": mock.token(), "PATH": "/usr/bin:/bin"}, timeout=20, check=False
    )

    assert done.returncode == 0
    with mock.client() as client:
        assert client.get(INVOICE).json()["reference_number"] == text
    assert mock.journal.list()[1]["request"]["body"] == {"reference_number": text}


def test_a_replayed_request_is_carried_out_again(mock: Mock) -> None:
    with mock.client() as client:
        client.post(f"{INVOICE}paid/")

    again = mock.journal.replay(1)

    assert (again["id"], again["status"], again["user"]) == (2, 409, "staff")
    with pytest.raises(MockError, match="no request 99"):
        mock.journal.replay(99)


@pytest.mark.parametrize(
    ("method", "path", "username", "body", "rule", "section", "place"),
    [
        ("GET", INVOICE, None, None, "token of an active user", "1.2", "securitySchemes"),
        ("POST", f"{INVOICE}paid/", "owner", None, "Only staff", "4", "x-waldur-permission"),
        ("GET", FOREIGN, "owner", None, "no such object", "4", "responses/404"),
        ("POST", f"{FOREIGN}paid/", "staff", None, "no such object", "4", "responses/404"),
        ("GET", "/api/invoices/?state=x", "staff", None, "validated together", "1.4", "get/parameters/"),
        ("POST", f"{INVOICE}set_payment_url/", "staff", {"payment_url": 5}, "Fields", "1.4", "properties/payment_url"),
        ("PUT", INVOICE, "staff", None, "does not have this method", "1.8", ""),
        ("GET", "/api/nothing/", "staff", None, "no such path", "1.5", ""),
        ("GET", "/api/invoices", "staff", None, "ends in a slash", "1.5", ""),
        ("GET", "/api/invoices/?page=99", "staff", None, "no such page", "1.7", "responses/404"),
        ("GET", "/api/invoices.xml", "staff", None, "answers JSON only", "1.1", ""),
        ("POST", f"{INVOICE}paid/", "staff", [1], "must be JSON or a form", "1.4", "responses/400"),
        ("GET", "/api/invoices/?mock_session=a.b", "staff", None, "session that the request names", None, ""),
        ("GET", "/api/customers/?page=99", "staff", None, "no such page", "1.7", ""),
        ("GET", "/api/customers/", None, None, "token of an active user", "1.2", ""),
        ("PUT", f"/api/customers/{UUID}/", "owner", {"name": ""}, "", "1.8", ""),
    ],
)
def test_a_refusal_is_explained(
    mock: Mock, method: str, path: str, username: str | None, body: object, rule: str, section: str | None, place: str
) -> None:
    with mock.client(username) as client:
        client.request(method, path, json=body) if body else client.request(method, path)

    (entry,) = mock.journal.list()

    assert rule in entry["refusal"]["rule"]
    assert entry["refusal"]["section"] == section
    assert place in " ".join(entry["refusal"]["places"])


def test_a_state_that_forbids_it_is_explained(mock: Mock) -> None:
    with mock.client() as client:
        client.post(f"{INVOICE}paid/")
        client.post(f"{INVOICE}paid/")

    refusal = mock.journal.list(refused=True)[0]["refusal"]

    assert refusal["rule"] == "Only an invoice in the state `created` can be paid."
    assert refusal["section"] == "5.8"
    assert refusal["said"] == {"detail": "Valid states for operation: Created."}


@pytest.mark.parametrize(
    ("prefer", "rule"),
    [
        ("code=404", "The caller asked for this answer"),
        ("code=x", "takes code=STATUS"),
        ("example=x", "takes code=STATUS"),
    ],
)
@pytest.mark.parametrize("path", [INVOICE, "/api/customers/"])
def test_an_answer_that_was_asked_for_is_explained(mock: Mock, path: str, prefer: str, rule: str) -> None:
    with mock.client() as client:
        client.get(path, headers={"Prefer": prefer})

    assert rule in mock.journal.list()[0]["refusal"]["rule"]


def test_places_of_refusals_lead_into_the_description(mock: Mock) -> None:
    with mock.client() as client:
        client.get("/api/invoices/?state=x&year=x")
        client.post(f"{INVOICE}set_payment_url/", json={"payment_url": 5})
        document = client.get("/_mock/openapi.json").json()

    places = [place for entry in mock.journal.list() for place in entry["refusal"]["places"]]

    assert len(places) == 5
    assert all(look_up(document, place) for place in places)


def test_what_was_asked_is_verified(mock: Mock) -> None:
    with mock.client() as client:
        client.post(f"{INVOICE}set_reference_number/", json={"reference_number": "RF18 5390"})
        client.get("/api/invoices/", params={"state": "paid", "year": 2025})

    mock.journal.verify(operation="invoices_set_reference_number", times=1)
    mock.journal.verify(path="/api/invoices/*", at_least=2)
    mock.journal.verify(operation="invoices_list", query={"year": 2025})
    mock.journal.verify(body={"reference_number": {"matches": "^RF18"}}, user="staff", status=200)
    mock.journal.verify(operation="invoices_paid", times=0)


def test_an_operation_that_does_not_exist_is_not_looked_for(mock: Mock) -> None:
    """Where a name is misspelt, `times=0` was always true, and a list always empty."""
    for look in (mock.journal.verify, mock.journal.list, mock.journal.count):
        with pytest.raises(MockError, match=r"There is no operation 'invoice_paid'; did you mean invoices_paid\?"):
            look(operation="invoice_paid", **({"times": 0} if look == mock.journal.verify else {}))


def test_no_regular_expression_keeps_the_server_busy(mock: Mock) -> None:
    with mock.client() as client:
        client.post(f"{INVOICE}set_reference_number/", json={"reference_number": "a" * 280 + "b"})

    begun = time.process_time()
    with pytest.raises(VerificationError):
        mock.journal.verify(body={"reference_number": {"matches": "(a|aa)+$"}})

    assert time.process_time() - begun < 5


@pytest.mark.parametrize("pattern", ["(", "(?=a)b", r"(a)\1"])
def test_what_is_no_regular_expression_is_refused(mock: Mock, pattern: str) -> None:
    with pytest.raises(MockError, match="not a regular expression that can be matched in linear time"):
        mock.journal.verify(body={"reference_number": {"matches": pattern}})


def test_a_miss_shows_the_nearest_request_and_what_differs(mock: Mock) -> None:
    with mock.client() as client:
        client.get(INVOICE)
        client.post(f"{INVOICE}set_reference_number/", json={"reference_number": "RF18"})

    with pytest.raises(VerificationError) as caught:
        mock.journal.verify(operation="invoices_set_reference_number", body={"reference_number": "RF19"})

    assert caught.value.verdict["nearest"]["id"] == 2
    assert caught.value.verdict["differences"] == [{"what": "body.reference_number", "expected": "RF19", "got": "RF18"}]
    assert str(caught.value) == (
        "Expected at least 1 such requests, found 0. Nearest: request 2, "
        "body.reference_number: expected 'RF19', got 'RF18'."
    )


def test_too_many_requests_are_a_miss_too(mock: Mock) -> None:
    with mock.client() as client:
        client.get(INVOICE)
        client.get(INVOICE)

    with pytest.raises(VerificationError, match="Expected exactly 1 such requests, found 2"):
        mock.journal.verify(operation="invoices_retrieve", times=1)


def test_numbers_in_bodies_are_compared_by_value(mock: Mock) -> None:
    with mock.client() as client:
        item = client.get(f"{INVOICE}items/").json()[0]["uuid"]
        client.patch(f"/api/invoice-items/{item}/", json={"unit_price": "12.50"})

    mock.journal.verify(operation="invoice_items_partial_update", body={"unit_price": 12.5})


def test_a_failed_call_names_its_rule(mock: Mock) -> None:
    (rule,) = mock.faults.add(status=500)
    with mock.client() as client:
        client.get(INVOICE)

    (entry,) = mock.journal.list()
    assert (entry["fault"], entry["refusal"]) == (rule["id"], None)
