"""Each write of the control plane is a command and a method of the client, and both do the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import jsonschema_rs
import pytest

from tests.fixtures.test_scenario_files import ISSUE
from tests.serving import ROOT, serving
from tests.serving import Mock as Served
from waldur_billing_mock.mock_server.__main__ import main
from waldur_billing_mock.mock_server.control import description
from waldur_billing_mock.mock_server.control.client import Json, MockClient, MockError, VerificationError
from waldur_billing_mock.openapi.document import resolve

WORLD: Final = '{"now": "2026-02-15T09:00:00Z", "customers": [{"name": "Beta"}]}'
ADDRESS: Final = "http://127.0.0.1:9/hook"


class CheckedClient(MockClient):
    """Each answer has a status and a body that the description of the control plane announces."""

    def request(
        self, operation_id: str, path: Json | None = None, query: Json | None = None, body: Any = None
    ) -> httpx.Response:
        answer = super().request(operation_id, path, query, body)
        document = description.document()
        operation = description.operations()[operation_id]
        responses = document["paths"][operation.path][operation.method.lower()]["responses"]
        assert str(answer.status_code) in responses, (operation_id, answer.status_code, answer.text)
        content = resolve(document, responses[str(answer.status_code)]).get("content", {})
        assert bool(answer.content) == bool(content), operation_id
        if "application/json" in content and answer.headers["content-type"].startswith("application/json"):
            schema = {**content["application/json"]["schema"], "components": document["components"]}
            faults = [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(answer.json())]
            assert faults == [], (operation_id, faults)
        return answer


@dataclass(frozen=True)
class Write:
    """One write: the words of the command, the method, and what has to be done before it.

    `{file}` is a file with the text, `{id}` that of the first row of a list.
    """

    operation: str
    words: str
    method: Callable[[MockClient], object]
    text: str = ""
    before: Callable[[MockClient], object] = lambda client: None


def first(rows: Sequence[dict[str, Any]]) -> int:
    return int(rows[0]["id"])


def ask(client: MockClient) -> None:
    """One request that the journal shows."""
    client.faults.add(status=503, times=1)
    client._http.get("/api/invoices/")


WRITES: Final = (
    Write("scenario_add", "scenario add --file {file}", lambda client: client.add(ISSUE), ISSUE),
    Write(
        "customers_add",
        "customers add --name Beta --owner bert",
        lambda client: client.customers.add(name="Beta", owner="bert"),
    ),
    Write(
        "projects_add",
        "projects add --customer Beta --name lab",
        lambda client: client.projects.add(customer="Beta", name="lab"),
    ),
    Write(
        "resources_add",
        'resources add --project lab --name cdn --offering CDN --usage {"traffic":8}',
        lambda client: client.resources.add(project="lab", name="cdn", offering="CDN", usage={"traffic": 8}),
    ),
    Write(
        "usages_add",
        "usages add --resource cdn --component traffic --usage 9",
        lambda client: client.usages.add(resource="cdn", component="traffic", usage=9),
    ),
    Write(
        "invoices_add",
        "invoices add --customer Beta --month 2026-01 --state paid",
        lambda client: client.invoices.add(customer="Beta", month="2026-01", state="paid"),
    ),
    Write(
        "invoice_items_add",
        "invoice-items add --customer Beta --name Advice --unit-price 80",
        lambda client: client.invoice_items.add(customer="Beta", name="Advice", unit_price=80),
    ),
    Write(
        "credits_add",
        "credits add --customer Beta --value 50",
        lambda client: client.credits.add(customer="Beta", value=50),
    ),
    Write(
        "users_add",
        'users add --username carl --roles [{"role":"owner","customer":"Beta"}]',
        lambda client: client.users.add(username="carl", roles=[{"role": "owner", "customer": "Beta"}]),
    ),
    Write("clock_set", "clock set --now 2026-03-20", lambda client: client.clock.set("2026-03-20")),
    Write("snapshots_take", "snapshots take kept", lambda client: client.snapshots.take("kept")),
    Write("clock_advance", "clock advance --until month-end", lambda client: client.clock.advance(until="month-end")),
    Write("snapshots_restore", "snapshots restore kept", lambda client: client.snapshots.restore("kept")),
    Write("snapshots_drop", "snapshots drop kept", lambda client: client.snapshots.drop("kept")),
    Write(
        "reseed",
        "reseed --scenario one-invoice --seed 3",
        lambda client: client.reseed(scenario="one-invoice", seed=3),
    ),
    Write("world_replace", "world replace --file {file}", lambda client: client.world.replace(WORLD), WORLD),
    Write("reset", "reset", lambda client: client.reset(), before=lambda client: client.clock.advance("P1D")),
    Write(
        "faults_add",
        "faults add --operation invoices_list --status 503 --times 2",
        lambda client: client.faults.add(operation="invoices_list", status=503, times=2),
    ),
    Write("faults_remove", "faults remove {id}", lambda client: client.faults.remove(first(client.faults.list()))),
    Write("faults_clear", "faults clear", lambda client: client.faults.clear(), before=ask),
    Write("requests_replay", "requests replay 1", lambda client: client.journal.replay(1)),
    Write("requests_clear", "requests clear", lambda client: client.journal.clear()),
    Write(
        "webhooks_add",
        f"webhooks add --url {ADDRESS} --secret s --attempts 2",
        lambda client: client.webhooks.add(ADDRESS, secret="s", attempts=2),
    ),
    Write(
        "webhooks_remove", "webhooks remove {id}", lambda client: client.webhooks.remove(first(client.webhooks.list()))
    ),
    Write(
        "webhooks_clear",
        "webhooks clear",
        lambda client: client.webhooks.clear(),
        before=lambda client: client.webhooks.add(ADDRESS),
    ),
)
LISTS: Final[dict[str, Callable[[MockClient], Sequence[dict[str, Any]]]]] = {
    "faults_remove": lambda client: client.faults.list(),
    "webhooks_remove": lambda client: client.webhooks.list(),
}
ELSEWHERE: Final = {
    "sessions_put": "test_commands_and_methods_make_and_drop_sessions",
    "sessions_drop": "test_commands_and_methods_make_and_drop_sessions",
    "requests_verify": "changes nothing; test_plane.py and test_journal.py try it",
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("--scenario", "empty", "--now", "2026-03-15", "--quiet") as mock:
        yield mock


def state(client: MockClient) -> dict[str, Any]:
    """All that the control plane can change in a session."""
    return {
        "world": client.world.export(),
        "faults": [{name: value for name, value in rule.items() if name != "id"} for rule in client.faults.list()],
        "webhooks": client.webhooks.list(),
        "snapshots": [row["name"] for row in client.snapshots.list()],
        "requests": client.journal.count(),
    }


def test_every_write_is_tried() -> None:
    writing = {name for name, operation in description.operations().items() if operation.method != "GET"}

    assert {write.operation for write in WRITES} | ELSEWHERE.keys() == writing


def test_a_command_and_a_method_do_the_same(served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One after the other, in two sessions of one server."""
    with (
        CheckedClient(served.url, session="command") as commanded,
        CheckedClient(served.url, session="method") as called,
    ):
        for write in WRITES:
            for client in (commanded, called):
                write.before(client)
            before = state(called)
            (tmp_path / "file").write_text(write.text, encoding="utf-8")
            id = first(LISTS[write.operation](commanded)) if write.operation in LISTS else ""
            words = [
                word.replace("{file}", str(tmp_path / "file")).replace("{id}", str(id)) for word in write.words.split()
            ]

            assert main(["ctl", "--url", served.url, "--session", "command", *words]) == 0, capsys.readouterr().err
            write.method(called)

            capsys.readouterr()
            assert state(commanded) == state(called), write.operation
            assert state(called) != before, write.operation


def test_commands_and_methods_make_and_drop_sessions(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    with CheckedClient(served.url) as client:

        def ids() -> list[str]:
            return [session["id"] for session in client.sessions.list() if session["id"] in ("made", "put")]

        assert main(["ctl", "--url", served.url, "sessions", "put", "made"]) == 0
        client.sessions.put("put", source="made")
        assert ids() == ["made", "put"]
        assert json.loads(capsys.readouterr().out)["id"] == "made"
        assert main(["ctl", "--url", served.url, "sessions", "drop", "made"]) == 0
        client.sessions.drop("put")
        assert ids() == []


def test_reads_and_refusals_are_as_they_are_described(served: Served) -> None:
    with CheckedClient(served.url, session="read") as client:
        client.add(ISSUE)
        ask(client)
        client.snapshots.take("kept")
        client.clock.advance("P1M")
        client.webhooks.add(ADDRESS)
        for read in (
            client.health,
            client.version,
            client.metrics,
            client.description,
            client.users,
            client.faults.list,
            client.journal.list,
            client.journal.har,
            client.webhooks.list,
            client.clock.now,
            client.world.export,
            client.sessions.list,
            client.snapshots.list,
            lambda: client.journal.get(1),
            lambda: client.journal.verify(operation="invoices_list"),
            lambda: client.sessions.get("read"),
            lambda: client.snapshots.get("kept"),
            lambda: client.snapshots.diff("kept"),
        ):
            read()
        for refused, status in (
            (lambda: client.add({"customers": [{}]}), 400),
            (lambda: client.customers.add(nam="x"), 400),
            (lambda: client.journal.list(operation="x"), 400),
            (lambda: client.journal.get(99), 404),
            (lambda: client.journal.replay(99), 404),
            (lambda: client.faults.add(status=1), 400),
            (lambda: client.faults.add(status=500, session="x"), 404),
            (lambda: client.faults.remove(99), 404),
            (lambda: client.webhooks.add("x"), 400),
            (lambda: client.webhooks.remove(99), 404),
            (lambda: client.clock.advance("x"), 400),
            (lambda: client.clock.set("x"), 400),
            (lambda: client.reseed(scenario="x"), 400),
            (lambda: client.world.replace("now: soon"), 400),
            (lambda: client.sessions.get("x"), 404),
            (lambda: client.sessions.drop("main"), 409),
            (lambda: client.snapshots.take("a b"), 404),
            (lambda: client.snapshots.restore("x"), 404),
            (lambda: client.snapshots.drop("x"), 404),
            (lambda: client.snapshots.diff("x"), 404),
            (lambda: client.call("snapshots_diff", {"name": "kept"}, {"format": "x"}), 400),
            (lambda: client.call("events_stream", query={"limit": "x"}), 400),
        ):
            with pytest.raises(MockError) as caught:
                refused()
            assert caught.value.status == status
        with pytest.raises(VerificationError):
            client.journal.verify(operation="invoices_paid")


def test_a_reader_who_has_seen_enough_ends_a_command_quietly(served: Served) -> None:
    with MockClient(served.url, session="large") as client:
        client.reseed(scenario="default")
        assert len(client.world.export()) > 200_000  # more than a pipe holds
    words = f"-m waldur_billing_mock.mock_server ctl --url {served.url} --session large world export"

    command = f"'{sys.executable}' {words} | head -c 1"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("{", "")
