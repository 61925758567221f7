"""A small client of the control plane: one method for each of its operations.

    with MockClient("http://127.0.0.1:8080", session="mine") as mock:
        mock.faults.add(operation="invoices_paid", status=503, times=1)
        mock.journal.verify(operation="invoices_paid", times=2)

Values are those of `GET /_mock/control.json`; what is `None` is not sent.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from waldur_billing_mock.mock_server.control import description

Json = dict[str, Any]
Rows = list[Json]
Names = list[str]

SESSION_HEADER: Final = "X-Mock-Session"


class MockError(Exception):
    """The control plane refused: its status, and what it said."""

    def __init__(self, status: int, said: Any) -> None:
        text = said if isinstance(said, str) else said.get("detail") if "detail" in said else json.dumps(said)
        super().__init__(f"{status}: {text}")
        self.status: Final = status
        self.said: Final = said


class VerificationError(AssertionError):
    """A request was not made as often as expected. `verdict` holds the nearest one and what it had different."""

    def __init__(self, verdict: Json) -> None:
        super().__init__(verdict["message"])
        self.verdict: Final = verdict


class MockClient:
    """Steers a mock over HTTP. Everything is done in the `session`, or in the world that all share."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        *,
        session: str | None = None,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 30,
    ) -> None:
        """`token` is needed from another machine only. `transport` leads to a mock in this process."""
        headers = {}
        if session is not None:
            headers[SESSION_HEADER] = session
        if token is not None:
            headers["Authorization"] = f"Token {token}"
        self._http: Final = httpx.Client(
            base_url=url, headers=headers, transport=transport, timeout=timeout, trust_env=False
        )
        self.faults: Final = FaultsClient(self)
        self.journal: Final = JournalClient(self)
        self.events: Final = EventsClient(self)
        self.webhooks: Final = WebhooksClient(self)
        self.clock: Final = ClockClient(self)
        self.world: Final = WorldClient(self)
        self.customers: Final = BuilderClient(self, "customers_add")
        self.projects: Final = BuilderClient(self, "projects_add")
        self.resources: Final = BuilderClient(self, "resources_add")
        self.usages: Final = BuilderClient(self, "usages_add")
        self.invoices: Final = BuilderClient(self, "invoices_add")
        self.invoice_items: Final = BuilderClient(self, "invoice_items_add")
        self.credits: Final = BuilderClient(self, "credits_add")
        self.users: Final = UsersClient(self, "users_add")
        self.sessions: Final = SessionsClient(self)
        self.snapshots: Final = SnapshotsClient(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self, operation_id: str, path: Json | None = None, query: Json | None = None, body: Any = None
    ) -> httpx.Response:
        """The answer to an operation of the control plane, whatever it is.

        A body that is text is sent as a file: JSON where it begins with a brace, else YAML.
        """
        operation = description.operations()[operation_id]
        address = operation.path
        for name, value in (path or {}).items():
            address = address.replace(f"{{{name}}}", quote(str(value), safe=""))
        sent = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        if isinstance(body, str):
            media_type = "application/json" if body.lstrip().startswith("{") else description.YAML
            headers, content = {"Content-Type": media_type}, body.encode()
            return self._http.request(
                operation.method, f"/_mock{address}", params=sent, headers=headers, content=content
            )
        return self._http.request(operation.method, f"/_mock{address}", params=sent, json=body)

    def call(self, operation_id: str, path: Json | None = None, query: Json | None = None, body: Any = None) -> Any:
        """What an operation answers: JSON, or text where it is none. Raises `MockError` where it is refused."""
        return _content(self.answered(operation_id, path, query, body))

    def text(self, operation_id: str, path: Json | None = None, query: Json | None = None) -> str:
        """The text of an answer. Raises `MockError` where the operation is refused."""
        return self.answered(operation_id, path, query).text

    def answered(
        self, operation_id: str, path: Json | None = None, query: Json | None = None, body: Any = None
    ) -> httpx.Response:
        """The answer to an operation. Raises `MockError` where it is refused."""
        answer = self.request(operation_id, path, query, body)
        if answer.status_code >= 400:
            raise MockError(answer.status_code, _content(answer))
        return answer

    def stream(self, operation_id: str, query: Json) -> Iterator[str]:
        """The lines of an answer, as they come."""
        operation = description.operations()[operation_id]
        sent = {name: _text(value) for name, value in query.items() if value is not None}
        with self._http.stream(operation.method, f"/_mock{operation.path}", params=sent) as answer:
            if answer.status_code >= 400:
                answer.read()
                raise MockError(answer.status_code, _content(answer))
            yield from answer.iter_lines()

    def reset(self) -> None:
        """The world is as it was in the beginning."""
        self.call("reset")

    def reseed(
        self,
        *,
        scenario: str | None = None,
        seed: int | None = None,
        now: date | str | None = None,
        customers: int | None = None,
        months: int | None = None,
        items_per_invoice: int | None = None,
    ) -> Json:
        """Begin anew with the world of a scenario."""
        said = {"scenario": scenario, "seed": seed, "now": None if now is None else _moment(now)}
        sizes = {"customers": customers, "months": months, "items_per_invoice": items_per_invoice}
        return _object(self.call("reseed", body=_said({**said, **sizes})))

    def add(self, scenario: Json | str) -> Json:
        """Add all that a scenario says, given as its text (JSON or YAML) or as its content. Returns what was made."""
        return _object(self.call("scenario_add", body=scenario))

    def health(self) -> Json:
        """Whether the server lives and is ready."""
        return _object(self.call("health"))

    def version(self) -> Json:
        """The versions of the mock and of the API that it serves."""
        return _object(self.call("version"))

    def metrics(self) -> str:
        """The counters, in the text format of Prometheus."""
        return str(self.call("metrics"))

    def description(self) -> Json:
        """The description of the control plane."""
        return _object(self.call("description"))


class _Part:
    def __init__(self, client: MockClient) -> None:
        self._client: Final = client


class BuilderClient(_Part):
    """Rows of one kind, made with what matters of them; the rest is filled in, and all is billed by Waldur's rules."""

    def __init__(self, client: MockClient, operation_id: str) -> None:
        super().__init__(client)
        self._operation_id: Final = operation_id

    def add(self, **fields: Any) -> Json:
        """What was made, as the API shows it, and in `made` what came with it. The fields are those of scenario files.

        Raises `MockError` with what is wrong, by field; then nothing was made.
        """
        return _object(self._client.call(self._operation_id, body=_said(fields)))


class UsersClient(BuilderClient):
    """Who may call the API: `mock.users()` lists them with their tokens, and `mock.users.add(…)` adds one."""

    def __call__(self) -> Rows:
        return _list(self._client.call("users_list"))


class FaultsClient(_Part):
    """Rules by which calls fail."""

    def list(self) -> Rows:
        return _list(self._client.call("faults_list"))

    def add(self, **rule: Any) -> Rows:
        """Add a rule (`operation`, `method`, `role`, `status`, `delay`, `effect`, `times` …), or `profile="flaky"`."""
        return _list(self._client.call("faults_add", body=_said(rule)))

    def remove(self, id: int) -> None:
        self._client.call("faults_remove", {"id": id})

    def clear(self) -> None:
        self._client.call("faults_clear")


class JournalClient(_Part):
    """What the mock was asked."""

    def list(self, **wanted: Any) -> Rows:
        """The entries that fit: `operation`, `method`, `path`, `status`, `user`, `refused`, `since`, `limit`."""
        return _list(self._client.call("requests_list", query=wanted))

    def count(self, **wanted: Any) -> int:
        """How many entries fit."""
        answer = self._client.answered("requests_list", query={**wanted, "limit": 1})
        return int(answer.headers["X-Result-Count"])

    def get(self, id: int) -> Json:
        """One entry, with a curl line."""
        return _object(self._client.call("requests_get", {"id": id}))

    def har(self) -> Json:
        return _object(self._client.call("requests_har"))

    def replay(self, id: int) -> Json:
        return _object(self._client.call("requests_replay", {"id": id}))

    def verify(self, **expectation: Any) -> Json:
        """Raises `VerificationError`, with the nearest request, where it was not made as often as expected."""
        answer = self._client.request("requests_verify", body=_said(expectation))
        verdict = _content(answer)
        if answer.status_code == 409:
            raise VerificationError(verdict)
        if answer.status_code >= 400:
            raise MockError(answer.status_code, verdict)
        return _object(verdict)

    def clear(self) -> None:
        self._client.call("requests_clear")


class EventsClient(_Part):
    """What happened."""

    def stream(self, *, limit: int | None = None, since: int | None = None) -> Iterator[Json]:
        """The events as they happen; those after `since` first."""
        for line in self._client.stream("events_stream", {"limit": limit, "since": since}):
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


class WebhooksClient(_Part):
    """Who is called when something happens."""

    def list(self) -> Rows:
        return _list(self._client.call("webhooks_list"))

    def add(
        self, url: str, *, secret: str | None = None, events: Names | None = None, attempts: int | None = None
    ) -> Json:
        said = _said({"url": url, "secret": secret, "events": events, "attempts": attempts})
        return _object(self._client.call("webhooks_add", body=said))

    def remove(self, id: int) -> None:
        self._client.call("webhooks_remove", {"id": id})

    def clear(self) -> None:
        self._client.call("webhooks_clear")


class ClockClient(_Part):
    """The time of the world."""

    def now(self) -> datetime:
        return datetime.fromisoformat(_object(self._client.call("clock_get"))["now"])

    def set(self, now: date | str) -> Json:
        """Set the clock; forward, months are billed on the way. Returns what happened, as `advance` does."""
        return _object(self._client.call("clock_set", body={"now": _moment(now)}))

    def advance(self, by: str | None = None, *, to: date | str | None = None, until: str | None = None) -> Json:
        """Let time pass: by a duration (`P1M`), to an instant, or until `month-end`. Returns `before`, `now`, `counts`
        and what `happened`.
        """
        said = _said({"by": by, "to": None if to is None else _moment(to), "until": until})
        return _object(self._client.call("clock_advance", body=said))


class SessionsClient(_Part):
    """Worlds of their own for callers."""

    def list(self) -> Rows:
        return _list(self._client.call("sessions_list"))

    def get(self, id: str) -> Json:
        return _object(self._client.call("sessions_get", {"id": id}))

    def put(self, id: str, *, source: str | None = None) -> Json:
        """Make a session anew: with the start world, or with a copy of the world of another session."""
        return _object(self._client.call("sessions_put", {"id": id}, body=_said({"from": source})))

    def drop(self, id: str) -> None:
        self._client.call("sessions_drop", {"id": id})


class SnapshotsClient(_Part):
    """Copies of the world that have a name."""

    def list(self) -> Rows:
        return _list(self._client.call("snapshots_list"))

    def get(self, name: str) -> Json:
        """A snapshot, with the number of its rows by table."""
        return _object(self._client.call("snapshots_get", {"name": name}))

    def take(self, name: str) -> Json:
        """Keep the world as it is now."""
        return _object(self._client.call("snapshots_take", {"name": name}))

    def restore(self, name: str) -> Json:
        return _object(self._client.call("snapshots_restore", {"name": name}))

    def diff(self, name: str, *, to: str | None = None) -> Json:
        """What has changed since a snapshot, or from it to another one: `equal`, `settings` and `tables`."""
        return _object(self._client.call("snapshots_diff", {"name": name}, {"to": to}))

    def diff_text(self, name: str, *, to: str | None = None) -> str:
        """The same as text for people."""
        return self._client.text("snapshots_diff", {"name": name}, {"to": to, "format": "text"})

    def drop(self, name: str) -> None:
        self._client.call("snapshots_drop", {"name": name})


class WorldClient(_Part):
    """The whole world."""

    def export(self) -> str:
        """The text of a world file, which `waldur-mock serve --world` takes."""
        return self._client.text("world_export")

    def replace(self, world: Json | str) -> Json:
        """Begin anew with the world of a file, given as its text (JSON or YAML) or as its content."""
        return _object(self._client.call("world_replace", body=world))


def _moment(value: date | str) -> str:
    return value if isinstance(value, str) else value.isoformat()


def _content(answer: httpx.Response) -> Any:
    if not answer.content:
        return None
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return answer.json() if is_json else answer.text


def _said(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _object(value: Any) -> Json:
    assert isinstance(value, dict), "the operation answers an object"
    return value


def _list(value: Any) -> Rows:
    assert isinstance(value, list), "the operation answers a list"
    return value
