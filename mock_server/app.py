"""The composition root: settings in, an ASGI application out. The way of a request can be read here from outside in."""

import gc
import platform
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock import __version__
from waldur_billing_mock.fixtures import DEFAULT_SEED, InvalidSize, Size, build, is_file_name, users
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.tokens import tokens_of
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.announce import Announce
from waldur_billing_mock.mock_server.control.app import ControlPlane
from waldur_billing_mock.mock_server.control.budget import Budget
from waldur_billing_mock.mock_server.control.controlled import Controlled
from waldur_billing_mock.mock_server.control.events import Events
from waldur_billing_mock.mock_server.control.exchanges import Reader
from waldur_billing_mock.mock_server.control.faults import Faults
from waldur_billing_mock.mock_server.control.find_session import REFUSAL, FindSession
from waldur_billing_mock.mock_server.control.journal import Journal, Recorder
from waldur_billing_mock.mock_server.control.lookup import Lookup, role_of
from waldur_billing_mock.mock_server.control.metrics import Metrics
from waldur_billing_mock.mock_server.control.plane import Plane
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.control.session import RunningClock, Session, session_of
from waldur_billing_mock.mock_server.control.sessions import SessionLimits, Sessions
from waldur_billing_mock.mock_server.control.snapshots import Snapshots
from waldur_billing_mock.mock_server.control.webhooks import Webhooks, post
from waldur_billing_mock.mock_server.operations.registry import bind
from waldur_billing_mock.mock_server.operations.rendered import cached_texts
from waldur_billing_mock.mock_server.pages.dialects import Dialect, Dialects
from waldur_billing_mock.mock_server.pages.login import Logins
from waldur_billing_mock.mock_server.pages.routes import pages
from waldur_billing_mock.mock_server.pages.view import Site
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.spec.compiled import described, described_support
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.api import Api
from waldur_billing_mock.mock_server.web.cross_origin import CrossOrigin
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.web.request import Request as ApiRequest
from waldur_billing_mock.mock_server.web.request_log import RequestLog
from waldur_billing_mock.openapi import revision
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.support import join

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.world_text import WorldText

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FIRST_WITH_GRACE: Final = "8.0.2"
"""The release in which invoices began to wait to be finalized."""
_SIZES: Final = ("customers", "months", "items_per_invoice")


def create_stage(settings: Settings, on_month: Callable[[World, Month], None] | None = None) -> Stage:
    """The stage with the world that the settings ask for. Raises `ScenarioError`, or `WorldFileError` for a file.

    `on_month` is called after each month of a world that is simulated.
    """
    with _without_garbage_collection():
        world = make_world(settings, on_month)
        return Stage(world)


def make_world(settings: Settings, on_month: Callable[[World, Month], None] | None = None) -> World:
    """The world that the settings ask for. Raises what `create_stage` raises."""
    if settings.world is not None:
        # Imported for world files only: the checks of all their fields are made at import.
        from waldur_billing_mock.mock_server.world_text import WorldText

        return read_world(settings, WorldText.of_file(settings.world))
    if is_file_name(settings.scenario):
        from waldur_billing_mock.mock_server.scenario_file import source_of

        if settings.size != Size():
            raise InvalidSize(f"{settings.scenario} says itself how large its world is; leave the sizes out.")
        return read_scenario(settings, source_of(settings.scenario))
    world = build(
        settings.scenario,
        seed=DEFAULT_SEED if settings.seed is None else settings.seed,
        now=settings.now,
        size=settings.size,
        on_month=on_month,
        credit_details_copied=_copies_credit_details(settings),
    )
    return _with_grace(settings, world)


def read_either(settings: Settings, source: "WorldText") -> World:
    """The world of a world file or a scenario file. Raises `WorldFileError` or `ScenarioError`."""
    from waldur_billing_mock.mock_server.scenario_file import is_scenario

    # The clock of the settings was chosen for another world.
    return read_scenario(replace(settings, now=None), source) if is_scenario(source) else read_world(settings, source)


def read_world(settings: Settings, source: "WorldText") -> World:
    """The world of a text. Raises `WorldFileError`."""
    from waldur_billing_mock.mock_server.world_file import load_source

    loaded = load_source(source)
    loaded.settings = replace(loaded.settings, credit_details_copied=_copies_credit_details(settings))
    return _with_grace(settings, loaded)


def read_scenario(settings: Settings, source: "WorldText") -> World:
    """The world of a scenario file, with the seed and the clock of the settings. Raises `ScenarioError`."""
    from waldur_billing_mock.mock_server.scenario_file import load_scenario

    copied = _copies_credit_details(settings)
    loaded = load_scenario(source, seed=settings.seed, now=settings.now, credit_details_copied=copied)
    return _with_grace(settings, loaded)


def must_know_grace(settings: Settings) -> None:
    """Raises `ValueError` for a grace period in a revision in which no invoice can wait to be finalized."""
    if settings.grace_hours and not _knows_grace(settings):
        raise ValueError(
            f"the revision {settings.revision} has no state pending_finalization, so there is no grace period; choose "
            f"the revision {FIRST_WITH_GRACE} or a later one, such as {revision.LATEST}."
        )


def _with_grace(settings: Settings, world: World) -> World:
    """The world with the grace period of the settings, or its own; in older revisions what waits is still pending."""
    must_know_grace(settings)
    if settings.grace_hours is not None:
        world.settings = replace(world.settings, grace_period=timedelta(hours=settings.grace_hours))
    if not _knows_grace(settings):
        world.settings = replace(world.settings, grace_period=timedelta())
        for invoice in list(world.invoices.where(state="pending_finalization")):
            world.put(replace(invoice, state="pending"))
        for version in [row for row in world.invoice_versions if row.state == "pending_finalization"]:
            world.put(replace(version, state="pending"))
    return world


def _knows_grace(settings: Settings) -> bool:
    description = _description(settings.cache, settings.revision, settings.wire)
    return "pending_finalization" in description["components"]["schemas"]["InvoiceStateEnum"]["enum"]


def _copies_credit_details(settings: Settings) -> bool:
    description = _description(settings.cache, settings.revision, settings.wire)
    return "credit-details-copied" in description.get("x-waldur-switches", ())


def create_app(
    settings: Settings, stage: Stage, log: Callable[[str, Mapping[str, Any]], None] | None = None
) -> Starlette:
    """The whole server. Raises `DocumentError` where the parts do not agree.

    `log` takes a line for each request, as text and as fields.
    """
    document = _description(settings.cache, settings.revision, settings.wire)
    rule_ids = count(1)
    sessions = _sessions(stage, settings, rule_ids)
    inner = _api(settings.cache, settings.revision, settings.wire, settings.limits)
    lookup = Lookup(inner.routes, _find_user)
    api, plane = _controlled(document, inner, sessions, lookup, Rules(rule_ids), settings)
    middleware = [Middleware(FindSession, sessions=sessions)]
    if log is not None:
        middleware.append(
            Middleware(
                RequestLog,
                write=log,
                clock=time.perf_counter,
                tokens=_tokens,
                describe=partial(_describe, lookup) if settings.log_format == "json" else None,
            )
        )
    middleware.append(Middleware(PastTheRoutes, api=api))
    logins = Logins(secrets.token_bytes(32), _now)
    site = Site(plane, document, logins, _dialects(settings), settings.admin_token)
    routes = [
        *pages(site, ControlPlane(plane), allowed_hosts=settings.allowed_hosts),
        Route("/", _to_the_page),
    ]
    app = Starlette(routes=routes, middleware=middleware, exception_handlers={500: _server_error})
    app.router.default = api
    return app


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A new world has many objects and hardly any garbage: to look for it would take a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@lru_cache(maxsize=4)
def _description(cache: Path | None, revision: str, wire: bool) -> Node:
    """The description of a dialect, which nobody changes."""
    return described(DESCRIPTION, cache, revision, wire=wire)


def _find_user(scope: Scope, token: str) -> User | None:
    return session_of(scope).stage.world.users.first(token=token)


def _tokens(scope: Scope) -> frozenset[str]:
    """The tokens of the world that a request asks."""
    return tokens_of(session_of(scope).stage.world)


def _describe(lookup: Lookup, scope: Scope) -> Mapping[str, str | None]:
    """The user and the operation of a request, for the log."""
    user = lookup.user(scope)
    return {
        "user": user.username if user else None,
        "role": role_of(user) if user else None,
        "operation": lookup.operation(scope),
    }


def _controlled(
    document: Node, api: Api[World, User], sessions: Sessions, lookup: Lookup, shared: Rules, settings: Settings
) -> tuple[ASGIApp, Plane]:
    """The API as callers meet it, from outside in: counters, journal, faults, events; and what steers these.

    `shared` are the fault rules of every session.
    """
    metrics = Metrics({"sessions": lambda: len(sessions)})
    faults = Faults(Announce(api, lookup=lookup), document=document, lookup=lookup, shared=shared)
    recorder = Recorder(faults, journal_of=lambda scope: session_of(scope).journal, now=_now, clock=time.perf_counter)
    controlled = Controlled(
        api.read, recorder, shared=shared, lookup=lookup, metrics=metrics, now=_now, clock=time.perf_counter
    )
    plane = Plane(
        sessions=sessions,
        shared_rules=shared,
        reader=Reader(document, lookup, __version__),
        operation_ids=lookup.operation_ids,
        metrics=metrics,
        version={
            "version": __version__,
            "revision": settings.revision,
            "dialect": "wire" if settings.wire else "documented",
            "python": platform.python_version(),
        },
        users=users,
        now=_now,
        api=controlled,
        reseed=partial(_reseeded, settings),
        read_world=partial(read_either, settings),
        inner=api,
    )
    return CrossOrigin(controlled), plane


def _reseeded(settings: Settings, chosen: Mapping[str, Any]) -> World:
    """The world of a scenario. What is not chosen is as the server was started, or as another scenario has it."""
    if "scenario" in chosen and chosen["scenario"] != settings.scenario:
        settings = replace(settings, scenario=chosen["scenario"], now=None, size=Size())
    settings = replace(
        settings,
        world=None,
        seed=chosen.get("seed", settings.seed),
        now=chosen.get("now", settings.now),
        size=replace(settings.size, **{name: chosen[name] for name in _SIZES if name in chosen}),
    )
    with _without_garbage_collection():
        return make_world(settings)


def _dialects(settings: Settings) -> Dialects:
    """What the pages compare: the API in every dialect, over the same worlds."""

    def publish(dialect: Dialect) -> Node:
        return revision.describe(DESCRIPTION, dialect.revision, wire=dialect.wire)

    def make(dialect: Dialect) -> ASGIApp:
        return _api(settings.cache, *dialect, settings.limits)

    own = Dialect(settings.revision, settings.wire)
    return Dialects(revision.revisions(DESCRIPTION), own, publish, make, partial(revision.wire_overlay, DESCRIPTION))


def _sessions(stage: Stage, settings: Settings, rule_ids: Iterator[int]) -> Sessions:
    def make(id: str, stage: Stage, budget: Budget | None, origin: str) -> Session:
        journal, events = Journal(settings.journal_bytes, budget), Events()
        return Session(
            id=id,
            stage=stage,
            journal=journal,
            rules=Rules(rule_ids),
            events=events,
            webhooks=Webhooks(events, journal, _now, post),
            created=_now(),
            used=time.monotonic(),
            origin=origin,
            snapshots=Snapshots(stage, budget),
            clock=RunningClock(_now, stage.world.now) if settings.clock == "real" else None,
        )

    limits = SessionLimits(settings.max_sessions, settings.sessions_bytes, settings.session_idle_seconds)
    return Sessions(make, stage, limits, time.monotonic)


def _now() -> datetime:
    return datetime.now(UTC)


class PastTheRoutes:
    """ASGI middleware: requests to the API pass the routes by, which lead to pages only and cost half of an answer."""

    def __init__(self, app: ASGIApp, *, api: ASGIApp) -> None:
        self._app: Final = app
        self._api: Final = api

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        asks_the_api = scope["type"] == "http" and scope["path"].startswith("/api/")
        return (self._api if asks_the_api else self._app)(scope, receive, send)


def create_default_app(**settings: Any) -> Starlette:
    """A server with a world of its own for use within a process; the arguments are fields of `Settings`.

    The world of a named scenario is built once; a file is read each time.
    """
    chosen = Settings(**settings)
    is_file = chosen.world is not None or is_file_name(chosen.scenario)
    return create_app(chosen, create_stage(chosen) if is_file else Stage(_start_world(chosen)))


@lru_cache(maxsize=2)
def _start_world(settings: Settings) -> World:
    """The world of a named scenario, which servers share."""
    with _without_garbage_collection():
        return make_world(settings)


@lru_cache(maxsize=4)
def _api(cache: Path | None, revision: str, wire: bool, limits: Limits) -> Api[World, User]:
    """The API of a dialect, which takes long to compile: it serves the worlds of all servers in this process."""
    document = join(_description(cache, revision, wire), described_support(DESCRIPTION, cache, wire=wire))
    return Api(
        document,
        bind(document),
        _begin,
        find_user=lambda world, token: world.users.first(token=token),
        find_user_by_uuid=lambda world, uuid: world.users.get(uuid),
        texts_of=cached_texts,
        limits=limits,
    )


def _begin(request: ApiRequest) -> AbstractContextManager[World]:
    """The world of the request's session, or a copy to write to. Raises `Problem` where the session cannot be had."""
    if REFUSAL in request.scope:
        raise request.scope[REFUSAL]
    stage = session_of(request.scope).stage
    return nullcontext(stage.world) if request.method in _READING else stage.transaction()


async def _to_the_page(request: Request) -> Response:
    return RedirectResponse("/_mock/")


def _server_error(request: Request, error: Exception) -> Response:
    return HTMLResponse(problems.server_error().body, 500)
