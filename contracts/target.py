"""What is judged: the mock in this process, or a server at a URL. Either way it is asked through a guard."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final, cast
from urllib.parse import urlsplit

from waldur_billing_mock.contracts.exchange import Request
from waldur_billing_mock.contracts.settings import READER, ROLES, Settings, Unusable
from waldur_billing_mock.contracts.transport import ANY, CannotAsk, Guard, Identity, Limits, Wire, Writing
from waldur_billing_mock.contracts.values import Malformed, identifier, parse
from waldur_billing_mock.contracts.wires import IN_PROCESS, Application, AsgiWire, HttpWire

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
ANONYMOUS: Final = Identity("anonymous")


@dataclass(frozen=True, slots=True)
class Target:
    """A server and who may ask it. `main` has the widest view; `scopes` says on what a role is held, where known.

    `base` is scheme and host. `renew` brings the world of an application in this process back; elsewhere it does
    nothing.
    """

    name: str
    base: str
    guard: Guard
    identities: Mapping[str, Identity]
    main: Identity
    scopes: Mapping[str, tuple[str, ...]]
    in_process: bool
    renew: Callable[[], None]

    def identity(self, role: str) -> Identity:
        """Who asks in a role."""
        return ANONYMOUS if role == ANONYMOUS.role else self.identities[role]


def open_target(settings: Settings, revision: str = "documents") -> Target:
    """The target of a run. An application in this process is made in a revision. Raises `Unusable`."""
    return _in_process(settings, revision) if settings.in_process else _at_url(settings)


def _in_process(settings: Settings, revision: str) -> Target:
    wire = AsgiWire(_application(settings, revision), settings.timeout)
    writing = Writing(everything=not settings.read_only)
    guard = _guard(wire, writing, Limits(budget=settings.budget, stops_at_bursts=False))
    lent = _lent(guard)
    if lent is None:
        raise Unusable(f"{settings.application} does not tell its users at /_mock/users, a staff user among them.")
    identities, scopes = lent

    def renew() -> None:
        guard.send(Request("POST", "/_mock/reset"), ANONYMOUS)

    return Target("the mock in this process", IN_PROCESS, guard, identities, identities["staff"], scopes, True, renew)


def _lent(guard: Guard) -> tuple[Mapping[str, Identity], Mapping[str, tuple[str, ...]]] | None:
    """Who may ask a mock, and on what each role is held, as it tells at `/_mock/users`; None where nobody tells."""
    try:
        cards = parse(guard.send(Request("GET", "/_mock/users"), ANONYMOUS).body)
        identities = {card["role"]: Identity(card["role"], card["token"]) for card in cards}
        scopes = {card["role"]: tuple(card["scopes"]) for card in cards}
    except (Malformed, KeyError, TypeError):
        return None
    except CannotAsk as error:
        raise Unusable(f"The target cannot be asked: {error}.") from None
    return (identities, scopes) if "staff" in identities else None


def _at_url(settings: Settings) -> Target:
    address = urlsplit(str(settings.target))
    if address.scheme not in ("http", "https") or not address.hostname:
        raise Unusable(f"{settings.target} is no URL of a server; write it like https://waldur.example.com.")
    base = f"{address.scheme}://{address.netloc}"
    if address.path.strip("/") not in ("", "api"):
        raise Unusable(f"{settings.target} has a path; the API is looked for at {base}/api/.")
    writing = _writing(settings, address.hostname)
    trust = str(settings.authority) if settings.authority else True
    guard = _guard(HttpWire(base, trust, settings.timeout), writing, Limits(rate=settings.rate, budget=settings.budget))
    identities = {role: Identity(role, token) for role, token in settings.role_tokens.items()}
    for role in identities:
        if role not in ROLES:
            raise Unusable(f"There is no role {role!r}; give tokens for {', '.join(ROLES)}.")
    scopes: Mapping[str, tuple[str, ...]] = {}
    if settings.token:
        main = _main_identity(guard, settings.token, identities)
    else:
        lent = _lent(guard) if address.hostname in _LOOPBACK else None
        if lent is None:
            raise Unusable("A target needs a token; name the environment variable that holds it with --token-env.")
        identities, scopes = {**lent[0], **identities}, lent[1]
        main = identities["staff"]
    return Target(base, base, guard, {**identities, main.role: main}, main, scopes, False, lambda: None)


def _main_identity(guard: Guard, token: str, identities: Mapping[str, Identity]) -> Identity:
    """Who the main token belongs to: a role that was named with the same token, or what the server says."""
    for identity in identities.values():
        if identity.token == token:
            return identity
    reader = Identity(READER, token)
    try:
        answer = guard.send(Request("GET", "/api/users/me/"), reader)
        profile = parse(answer.body) if answer.status == 200 else {}
    except Malformed:
        profile = {}
    except CannotAsk as error:
        raise Unusable(f"The target cannot be asked: {error}.") from None
    match profile:
        case {"is_staff": True}:
            return Identity("staff", token)
        case {"is_support": True}:
            return Identity("support", token)
    return reader


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
            raise Unusable(f"{text!r} is no uuid; name an object that may be written to, or the word any.") from None


def _guard(wire: Wire, writing: Writing, limits: Limits) -> Guard:
    return Guard(wire, writing, limits, clock=time.monotonic, sleep=time.sleep)


def _application(settings: Settings, revision: str) -> Application:
    """The application that the settings name as `module:function`."""
    module, _, name = settings.application.partition(":")
    try:
        make = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise Unusable(f"{settings.application} cannot be imported: {error}.") from error
    made = make(revision=revision, wire=settings.wire, seed=settings.world_seed, scenario=settings.scenario)
    return cast(Application, made)
