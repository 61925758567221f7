"""What `MockClient` has by subject: builders, faults, journal, events, webhooks, clock, sessions, snapshots, world."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from waldur_billing_mock.mock_server.control.calls import (
    Calls,
    Json,
    MockError,
    Names,
    Rows,
    VerificationError,
    as_list,
    as_object,
    content_of,
    moment,
    without_none,
)


class _Part:
    def __init__(self, client: Calls) -> None:
        self._client: Final = client


class BuilderClient(_Part):
    """Rows of one kind, made with what matters of them; the rest is filled in, and all is billed by Waldur's rules."""

    def __init__(self, client: Calls, operation_id: str) -> None:
        super().__init__(client)
        self._operation_id: Final = operation_id

    def add(self, **fields: Any) -> Json:
        """What was made, as the API shows it, and in `made` what came with it. The fields are those of scenario files.

        Raises `MockError` with what is wrong, by field; then nothing was made.
        """
        return as_object(self._client.call(self._operation_id, body=without_none(fields)))


class UsersClient(BuilderClient):
    """Who may call the API: `mock.users()` lists them with their tokens, and `mock.users.add(…)` adds one."""

    def __call__(self) -> Rows:
        return as_list(self._client.call("users_list"))


class FaultsClient(_Part):
    """Rules by which calls fail."""

    def list(self) -> Rows:
        return as_list(self._client.call("faults_list"))

    def add(self, **rule: Any) -> Rows:
        """Add a rule (`operation`, `method`, `role`, `status`, `delay`, `effect`, `times` …), or `profile="flaky"`."""
        return as_list(self._client.call("faults_add", body=without_none(rule)))

    def remove(self, id: int) -> None:
        self._client.call("faults_remove", {"id": id})

    def clear(self) -> None:
        self._client.call("faults_clear")


class JournalClient(_Part):
    """What the mock was asked."""

    def list(self, **wanted: Any) -> Rows:
        """The entries that fit: `operation`, `method`, `path`, `status`, `user`, `refused`, `since`, `limit`."""
        return as_list(self._client.call("requests_list", query=wanted))

    def count(self, **wanted: Any) -> int:
        """How many entries fit."""
        answer = self._client.answered("requests_list", query={**wanted, "limit": 1})
        return int(answer.headers["X-Result-Count"])

    def get(self, id: int) -> Json:
        """One entry, with a curl line."""
        return as_object(self._client.call("requests_get", {"id": id}))

    def har(self) -> Json:
        return as_object(self._client.call("requests_har"))

    def replay(self, id: int) -> Json:
        return as_object(self._client.call("requests_replay", {"id": id}))

    def verify(self, **expectation: Any) -> Json:
        """Raises `VerificationError`, with the nearest request, where it was not made as often as expected."""
        answer = self._client.request("requests_verify", body=without_none(expectation))
        verdict = content_of(answer)
        if answer.status_code == 409:
            raise VerificationError(verdict)
        if answer.status_code >= 400:
            raise MockError(answer.status_code, verdict)
        return as_object(verdict)

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
        return as_list(self._client.call("webhooks_list"))

    def add(
        self, url: str, *, secret: str | None = None, events: Names | None = None, attempts: int | None = None
    ) -> Json:
        said = without_none({"url": url, "secret": secret, "events": events, "attempts": attempts})
        return as_object(self._client.call("webhooks_add", body=said))

    def remove(self, id: int) -> None:
        self._client.call("webhooks_remove", {"id": id})

    def clear(self) -> None:
        self._client.call("webhooks_clear")


class ClockClient(_Part):
    """The time of the world."""

    def now(self) -> datetime:
        return datetime.fromisoformat(as_object(self._client.call("clock_get"))["now"])

    def set(self, now: date | str) -> Json:
        """Set the clock; forward, months are billed on the way. Returns what happened, as `advance` does."""
        return as_object(self._client.call("clock_set", body={"now": moment(now)}))

    def advance(self, by: str | None = None, *, to: date | str | None = None, until: str | None = None) -> Json:
        """Let time pass: by a duration (`P1M`), to an instant, or until `month-end`. Returns `before`, `now`, `counts`
        and what `happened`.
        """
        said = without_none({"by": by, "to": None if to is None else moment(to), "until": until})
        return as_object(self._client.call("clock_advance", body=said))


class SessionsClient(_Part):
    """Worlds of their own for callers."""

    def list(self) -> Rows:
        return as_list(self._client.call("sessions_list"))

    def get(self, id: str) -> Json:
        return as_object(self._client.call("sessions_get", {"id": id}))

    def put(self, id: str, *, source: str | None = None) -> Json:
        """Make a session anew: with the start world, or with a copy of the world of another session."""
        return as_object(self._client.call("sessions_put", {"id": id}, body=without_none({"from": source})))

    def drop(self, id: str) -> None:
        self._client.call("sessions_drop", {"id": id})


class SnapshotsClient(_Part):
    """Copies of the world that have a name."""

    def list(self) -> Rows:
        return as_list(self._client.call("snapshots_list"))

    def get(self, name: str) -> Json:
        """A snapshot, with the number of its rows by table."""
        return as_object(self._client.call("snapshots_get", {"name": name}))

    def take(self, name: str) -> Json:
        """Keep the world as it is now."""
        return as_object(self._client.call("snapshots_take", {"name": name}))

    def restore(self, name: str) -> Json:
        return as_object(self._client.call("snapshots_restore", {"name": name}))

    def diff(self, name: str, *, to: str | None = None) -> Json:
        """What has changed since a snapshot, or from it to another one: `equal`, `settings` and `tables`."""
        return as_object(self._client.call("snapshots_diff", {"name": name}, {"to": to}))

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
        return as_object(self._client.call("world_replace", body=world))
