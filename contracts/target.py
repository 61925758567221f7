"""What is judged: the mock in this process, or a server at a URL. Either way it is asked through a guard."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any, Final, cast
from urllib.parse import urlsplit

from waldur_billing_mock import __version__
from waldur_billing_mock.contracts.exchange import Request
from waldur_billing_mock.contracts.guard import ANY, CannotAsk, Guard, Identity, Limits, Transport, Writing
from waldur_billing_mock.contracts.redaction import Caught
from waldur_billing_mock.contracts.settings import READER, Settings, Unusable
from waldur_billing_mock.contracts.transports import IN_PROCESS, Application, AsgiTransport, HttpTransport
from waldur_billing_mock.contracts.values import Malformed, identifier, instant, parse

ANONYMOUS: Final = Identity("anonymous")
AGENT: Final = "waldur-contracts/{} (read-only)"
AGENT_WRITING: Final = "waldur-contracts/{} (writing)"
_FIRST: Final = Request("GET", "/api/invoices/?page_size=1&field=uuid")
_NOWHERE: Final = Request("GET", "/api/waldur-contracts-nowhere/")
_TOKEN: Final = re.compile(r"[!-~]+\Z")
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,255}(?=[/?#]|\Z)")
REDIRECTS: Final = (301, 302, 307, 308)
"""Statuses of answers that lead to another address."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The customers and projects on which a role is held, each by the 32 digits of its uuid or by its name."""

    customers: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Target:
    """A server and who may ask it. `main` has the widest view; `scopes` says on what a role is held, where known.

    `base` is scheme and host. `renew` brings the world of an application in this process back; elsewhere it does
    nothing. `clock` is the time of a mock that tells it.
    """

    name: str
    base: str
    guard: Guard
    identities: Mapping[str, Identity]
    main: Identity
    scopes: Mapping[str, Scope]
    in_process: bool
    renew: Callable[[], None]
    clock: datetime | None = None
    close: Callable[[], None] = field(default=lambda: None)

    def identity(self, role: str) -> Identity:
        """Who asks in a role."""
        return ANONYMOUS if role == ANONYMOUS.role else self.identities[role]

    def now(self) -> datetime | None:
        """The time of the server: what a mock tells, else the `Date` of its last answer. None where neither is told."""
        return self.clock or self.guard.server_time


def origin(location: str) -> str:
    """Scheme, host and port of an absolute address; blank where it is none."""
    found = _ORIGIN.match(location)
    return found[0] if found else ""


def open_target(settings: Settings, revision: str = "documents") -> Target:
    """The target of a run. An application in this process is made in a revision. Raises `Unusable`."""
    return _in_process(settings, revision) if settings.in_process else _at_url(settings)


def must_be_waldur(target: Target) -> None:
    """Raises `Unusable` where the target is no Waldur, or does not let itself be asked."""
    answer = target.guard.send(_FIRST, target.main)
    path = _FIRST.path
    if answer.status in (401, 403):
        raise Unusable(f"The token is not accepted by {target.name} ({answer.status}).")
    if answer.status in REDIRECTS:
        where = origin(answer.headers.get("location", ""))
        advice = f"give the address {where}, if that is right" if where else "give the address of the server itself"
        to = answer.headers.get("location", "nowhere")[:200]
        raise Unusable(f"{target.name} leads elsewhere ({answer.status} to {to}); {advice}.")
    if answer.status != 200:
        raise Unusable(f"{target.name} does not answer like Waldur: {answer.status} for {path}.")
    try:
        found = parse(answer.body)
    except Malformed:
        kind = answer.headers.get("content-type", "no content type")[:80]
        raise Unusable(f"{target.name} is no Waldur: {path} answers {kind} that is not JSON.") from None
    if not isinstance(found, list):
        raise Unusable(f"{target.name} is no Waldur: {path} answers JSON that is no list.")
    if target.guard.send(_NOWHERE, target.main).status == 200:
        raise Unusable(f"{target.name} is no Waldur: it answers 200 also to {_NOWHERE.path}, which is nowhere.")


def _in_process(settings: Settings, revision: str) -> Target:
    """The mock, or with `deployed` an application that is judged as a server elsewhere is."""
    mock = not settings.deployed
    writing = Writing(everything=not settings.read_only and mock)
    limits = Limits(budget=settings.budget, stops_at_bursts=False, hides_control_characters=not mock)
    transport = AsgiTransport(_application(settings, revision), settings.timeout, _agent(settings))
    guard = _guard(transport, writing, limits)
    lent = _lent(guard)
    if lent is None:
        raise Unusable(f"{settings.application} does not tell its users at /_mock/users, a staff user among them.")
    identities, scopes = lent

    def renew() -> None:
        if mock:
            guard.send(Request("POST", "/_mock/reset"), ANONYMOUS)

    return Target(
        "the mock in this process",
        IN_PROCESS,
        guard,
        identities,
        identities["staff"],
        scopes if mock else _scopes(guard, identities, settings),
        mock,
        renew,
        _clock(guard),
    )


def _at_url(settings: Settings) -> Target:
    base = str(settings.target)
    host = urlsplit(base).hostname or ""
    seconds = settings.max_time or settings.profile.seconds
    limits = Limits(settings.requests_a_second, settings.budget, seconds, hides_control_characters=True)
    transport = HttpTransport(base, settings.authority, settings.timeout, _agent(settings))
    guard = _guard(transport, _writing(settings, host), limits)
    identities: Mapping[str, Identity] = {role: Identity(role, token) for role, token in settings.role_tokens.items()}
    scopes: Mapping[str, Scope] = {}
    if settings.token:
        main = _main_identity(guard, settings.token, identities)
    else:
        lent = _lent(guard) if settings.on_loopback else None
        if lent is None:
            raise Unusable("A target needs a token; name the environment variable that holds it with --token-env.")
        identities, scopes = {**lent[0], **identities}, lent[1]
        main = identities["staff"]
    identities = {**identities, main.role: main}
    scopes = scopes or _scopes(guard, identities, settings)
    clock = _clock(guard) if settings.on_loopback else None
    return Target(base, base, guard, identities, main, scopes, False, lambda: None, clock, transport.close)


def _agent(settings: Settings) -> str:
    """How requests present themselves, so that the operator finds them in a log."""
    writes = bool(settings.allow_writes)
    return (AGENT_WRITING if writes else AGENT).format(__version__)


def _lent(guard: Guard) -> tuple[Mapping[str, Identity], Mapping[str, Scope]] | None:
    """Who may ask a mock, and on what each role is held, as it tells at `/_mock/users`; None where nobody tells."""
    try:
        cards = parse(guard.send(Request("GET", "/_mock/users"), ANONYMOUS).body)
        identities = {card["role"]: Identity(card["role"], card["token"]) for card in cards}
        scopes = {card["role"]: _scope_of_names(card["scopes"]) for card in cards}
    except (Malformed, KeyError, TypeError, AttributeError):
        return None
    except CannotAsk as error:
        raise Unusable(f"The target cannot be asked: {error}.") from None
    if not all(isinstance(one.token, str) and _TOKEN.match(one.token) for one in identities.values()):
        raise Unusable("The tokens that the target lends at /_mock/users are not tokens; name your own by --token-env.")
    return (identities, scopes) if "staff" in identities else None


def _scope_of_names(texts: Iterable[str]) -> Scope:
    """A scope from texts such as `customer: Baltic Sea Observatory`."""
    pairs = [text.partition(": ") for text in texts]
    return Scope(
        frozenset(name for kind, _, name in pairs if kind == "customer"),
        frozenset(name for kind, _, name in pairs if kind == "project"),
    )


def _clock(guard: Guard) -> datetime | None:
    """The clock of a mock, None where the target is none or does not tell."""
    try:
        answer = guard.send(Request("GET", "/_mock/clock"), ANONYMOUS)
        return instant(parse(answer.body)["now"]) if answer.status == 200 else None
    except (CannotAsk, Malformed, KeyError, TypeError):
        return None


def _scopes(guard: Guard, identities: Mapping[str, Identity], settings: Settings) -> Mapping[str, Scope]:
    """On what roles are held: what the settings say, else what the server says of each token."""
    found = {}
    for role, identity in identities.items():
        if role in settings.role_scopes:
            found[role] = Scope(frozenset(settings.role_scopes[role]))
        elif role not in ("staff", "support", READER):
            scope = _scope_of(_profile(guard, identity))
            if scope is not None:
                found[role] = scope
    return found


def _profile(guard: Guard, identity: Identity) -> Mapping[str, Any]:
    """What the server says of the user of a token; empty where it says nothing."""
    try:
        answer = guard.send(Request("GET", "/api/users/me/"), identity)
        profile = parse(answer.body) if answer.status == 200 else {}
    except (CannotAsk, Malformed):
        return {}
    return profile if isinstance(profile, dict) else {}


def _scope_of(profile: Mapping[str, Any]) -> Scope | None:
    """The scope that a profile tells; None where it tells no permissions, or one that cannot be read."""
    permissions = profile.get("permissions")
    if not isinstance(permissions, list):
        return None
    try:
        held = [(str(one["scope_type"]), identifier(str(one["scope_uuid"]).lower())) for one in permissions]
    except (Malformed, KeyError, TypeError):
        return None
    return Scope(
        frozenset(key for kind, key in held if kind == "customer"),
        frozenset(key for kind, key in held if kind == "project"),
    )


def _main_identity(guard: Guard, token: str, identities: Mapping[str, Identity]) -> Identity:
    """Who the main token belongs to: a role that was named with the same token, or what the server says."""
    for identity in identities.values():
        if identity.token == token:
            return identity
    match _profile(guard, Identity(READER, token)):
        case {"is_staff": True}:
            return Identity("staff", token)
        case {"is_support": True}:
            return Identity("support", token)
    return Identity(READER, token)


def _writing(settings: Settings, host: str) -> Writing:
    if not settings.allow_writes:
        return Writing()
    if settings.allow_writes != host:
        raise Unusable(f"--allow-writes names {settings.allow_writes}, but the target is {host}; nothing was sent.")
    return Writing(True, set(_digits(settings.write_invoices)), set(_digits(settings.write_items)))


def _digits(identifiers: Iterable[str]) -> Iterable[str]:
    for text in identifiers:
        try:
            yield ANY if text == ANY else identifier(text.lower())
        except Malformed:
            raise Unusable(f"{text!r} is not a uuid; name an object that may be written to, or the word any.") from None


def _guard(transport: Transport, writing: Writing, limits: Limits) -> Guard:
    return Guard(transport, writing, limits, clock=time.monotonic, sleep=time.sleep)


def _application(settings: Settings, revision: str) -> Application:
    """The application that the settings name as `module:function`."""
    module, _, name = settings.application.partition(":")
    try:
        make = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise Unusable(f"{settings.application} needs {error.name}, which is not installed.") from None
    except (ImportError, AttributeError) as error:
        raise Unusable(f"{settings.application} cannot be imported: {error}.") from None
    with Caught() as making:
        wire = settings.deployed == "wire" if settings.deployed else settings.wire
        made = make(revision=revision, wire=wire, seed=settings.world_seed, scenario=settings.scenario)
        return cast(Application, made)
    raise Unusable(
        f"The mock cannot be made with --scenario {settings.scenario} and --revision {revision}: "
        f"{type(making.error).__name__}: {making.error}."
    )
