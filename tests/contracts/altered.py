"""Single checks of the suite on a small healthy mock, of which a test alters some answers. It is asked in this process.

The mock of reading checks is never written to, so its answers are cached for all tests of a process.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from waldur_billing_mock.contracts.checks import Check, checks
from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.description import Description, Dialect, describe
from waldur_billing_mock.contracts.deviations import catalogue
from waldur_billing_mock.contracts.exchange import Answer, Broken, NotExercised, Request
from waldur_billing_mock.contracts.guard import Guard, Identity, Limits, Transport, Writing
from waldur_billing_mock.contracts.ledger import Ledger
from waldur_billing_mock.contracts.settings import PROFILES, ProfileName
from waldur_billing_mock.contracts.target import Scope, Target
from waldur_billing_mock.contracts.transports import IN_PROCESS, AsgiTransport
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage

Change = Callable[[Request, Answer], Answer]
"""What becomes of the answer to a request."""
UUID: Final = "[0-9a-f-]{32,36}"
INVOICES: Final = "/api/invoices/"
INVOICE: Final = f"/api/invoices/{UUID}/"
BILLS: Final = f"/api/invoices/({UUID}/)?"
"""The list of invoices, and each by itself."""
ITEMS: Final = "/api/invoice-items/"
ITEM: Final = f"/api/invoice-items/{UUID}/"
PROVIDER_ITEMS: Final = "/api/provider-invoice-items/"
STATS: Final = f"/api/invoices/{UUID}/stats/"
GROWTH: Final = "/api/invoices/growth/"


class Judged(NamedTuple):
    """What a check says: `kept`, the sentences of what is broken, or why it was not exercised; and what it noted.

    `sent` are its requests, `looked_for` the entries of the catalogue that it would have seen,
    and `got` is what was found in the place of what is broken.
    """

    said: str
    noted: tuple[str, ...]
    sent: list[Request]
    looked_for: set[str]
    got: object


class _Altered:
    """Carries requests to the mock, alters its answers, and remembers what was asked."""

    def __init__(self, carried: Transport, changes: tuple[Change, ...], known: dict[object, Answer] | None) -> None:
        self.sent: Final[list[Request]] = []
        self._carried: Final = carried
        self._changes: Final = changes
        self._known: Final = known

    def carry(self, request: Request, token: str) -> Answer:
        self.sent.append(request)
        found = self._answer(request, token)
        for change in self._changes:
            found = change(request, found)
        return found

    def _answer(self, request: Request, token: str) -> Answer:
        if self._known is None:
            return self._carried.carry(request, token)
        key = (request, token)
        if key not in self._known:
            self._known[key] = self._carried.carry(request, token)
        return self._known[key]


class _Mock:
    """A mock of the small world, with what it has answered."""

    def __init__(self, world: World, revision: str, *, wire: bool) -> None:
        self.transport: Final = AsgiTransport(
            create_app(Settings(revision=revision, wire=wire), Stage(world)), 120.0, "tests"
        )
        self.answers: Final[dict[object, Answer]] = {}


_WORLDS: Final[list[World]] = []
_MOCKS: Final[dict[tuple[str, bool], _Mock]] = {}


def _world() -> World:
    """Five customers with five months of items, credits among them."""
    if not _WORLDS:
        _WORLDS.append(build("default", size=Size(5, 5, 8)))
    return _WORLDS[0]


def _mock(revision: str, *, wire: bool, writing: bool) -> _Mock:
    if writing:
        return _Mock(_world(), revision, wire=wire)
    if (revision, wire) not in _MOCKS:
        _MOCKS[revision, wire] = _Mock(_world(), revision, wire=wire)
    return _MOCKS[revision, wire]


def context(
    *changes: Change,
    revision: str = "documents",
    dialect: Dialect = "documented",
    wire: bool = False,
    forgives: bool = False,
    writing: bool | Writing = False,
    profile: ProfileName = "quick",
    role: str = "staff",
    now: datetime | None = None,
    tells_time: bool = True,
    outdated: bool = False,
    scopes: Mapping[str, Scope] | None = None,
) -> tuple[Context, list[Request]]:
    """A context that asks the mock, and the list of what it has sent.

    `dialect` is that of the description, `wire` says whether the mock is like real servers, `forgives` whether known
    deviations are excused. `now` is the time in the Date header of the mock, by default that of its world;
    `tells_time=False` leaves the header out. An outdated server is older or newer than all revisions that are
    described, and `scopes` say on what objects roles are held.
    """
    world, mock = _world(), _mock(revision, wire=wire, writing=bool(writing))
    allowed = writing if isinstance(writing, Writing) else Writing(everything=writing)
    altered = _Altered(mock.transport, changes, None if writing else mock.answers)
    guard = Guard(altered, allowed, Limits(stops_at_bursts=False), lambda: 0.0, _no_sleep)
    tokens = {user.username: user.token for user in world.users}
    identities = {name: Identity(name, tokens[name]) for name in ("staff", "support", "owner", "owner2")}
    clock = (now or world.now) if tells_time else None
    target = Target(
        "mock", IN_PROCESS, guard, identities, identities[role], scopes or {}, not forgives, lambda: None, clock
    )
    description = describe(revision, dialect)
    elsewhere: Dialect = "wire" if dialect == "documented" else "documented"
    other, known = (describe(revision, elsewhere), catalogue(describe(revision))) if forgives else (None, None)
    made = Context(description, other, known, target, PROFILES[profile], 1, Ledger(), slow_from=10.0)
    made.survey.outdated = outdated
    return made, altered.sent


def judged(check: str, *changes: Change, **options: Any) -> Judged:
    """What a check of the given identifier says; `options` are those of `context`."""
    asking, sent = context(*changes, **options)
    said, got = _outcome(_checks(asking.description, asking.profile.name)[check], asking)
    noted = tuple(one.explained_by[0] if one.explained_by else one.complaint.what for one in asking.noted)
    return Judged(said, noted, sent, asking.survey.looked_for, got)


def all_judged(beginning: str, *changes: Change, **options: Any) -> dict[str, str]:
    """What all checks say whose identifiers begin so, made one after the other as in a run, by the rest of these."""
    asking, _ = context(*changes, **options)
    found = _checks(asking.description, asking.profile.name)
    return {
        id.removeprefix(beginning): _outcome(one, asking)[0] for id, one in found.items() if id.startswith(beginning)
    }


@cache
def _checks(description: Description, profile: ProfileName) -> dict[str, Check]:
    return {one.id: one for one in checks(description, ("staff",), PROFILES[profile])}


def _outcome(check: Check, asking: Context) -> tuple[str, object]:
    try:
        check.run(asking)
    except Broken as error:
        return str(error), error.complaints[0].got
    except NotExercised as error:
        return f"not exercised: {error}", None
    return "kept", None


def said(check: str, *changes: Change, **options: Any) -> str:
    """What a check says, without what it noted."""
    return judged(check, *changes, **options).said


def shown(path: str, edit: Callable[[Any], Any], query: str = "", method: str = "GET") -> Change:
    """The JSON value of 200 at addresses that fit is edited: changed in its place, or replaced by what is returned."""

    def change(request: Request, answer: Answer) -> Answer:
        if request.method != method or answer.status != 200 or not _fits(request, path, query):
            return answer
        value = json.loads(answer.body)
        edited = edit(value)
        return replace(answer, body=json.dumps(value if edited is None else edited).encode())

    return change


def rows(path: str, edit: Callable[[Any], object], query: str = "") -> Change:
    """Each object at addresses that fit is changed in its place, or replaced where something is returned."""

    def all_of_it(value: Any) -> Any:
        if isinstance(value, list):
            return [row if (edited := edit(row)) is None else edited for row in value]
        return edit(value)

    return shown(path, all_of_it, query)


def lines(edit: Callable[[Any], object], path: str = BILLS) -> Change:
    """Each line of each invoice is changed in its place."""

    def of_one(row: Any) -> None:
        for line in row["items"]:
            edit(line)

    return rows(path, of_one)


def answered(
    path: str,
    status: int | None = None,
    body: bytes | None = None,
    query: str = "",
    method: str = "GET",
    **headers: str | None,
) -> Change:
    """Another status, body or headers at addresses that fit; a header that is None is left out."""

    def change(request: Request, answer: Answer) -> Answer:
        if request.method != method or not _fits(request, path, query):
            return answer
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {name: value for name, value in {**answer.headers, **named}.items() if value is not None}
        kept = answer.body if body is None else body
        return replace(answer, status=answer.status if status is None else status, headers=given, body=kept)

    return change


def setting(**values: Any) -> Callable[[Any], None]:
    """An edit that sets fields."""
    return lambda row: row.update(values)


def without(*names: str) -> Callable[[Any], None]:
    """An edit that removes fields."""

    def edit(row: Any) -> None:
        for name in names:
            row.pop(name, None)

    return edit


def _fits(request: Request, path: str, query: str) -> bool:
    asked = request.target.partition("?")[2]
    return re.fullmatch(path, request.path) is not None and re.search(query, asked) is not None


def _no_sleep(seconds: float) -> None:
    """Nothing is waited for."""
