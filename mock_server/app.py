"""The composition root: settings in, an ASGI application out. The way of a request can be read here from outside in."""

import platform
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock import __version__
from waldur_billing_mock.fixtures import is_file_name, users
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.tokens import tokens_of, user_of
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
from waldur_billing_mock.mock_server.control.session import SESSION, RunningClock, Session, session_of
from waldur_billing_mock.mock_server.control.sessions import SessionLimits, Sessions
from waldur_billing_mock.mock_server.control.snapshots import Snapshots
from waldur_billing_mock.mock_server.control.webhooks import Webhooks, post
from waldur_billing_mock.mock_server.operations.registry import bind
from waldur_billing_mock.mock_server.operations.rendered import CACHED_TEXTS
from waldur_billing_mock.mock_server.pages.dialects import Dialect, Dialects
from waldur_billing_mock.mock_server.pages.login import Logins
from waldur_billing_mock.mock_server.pages.routes import pages
from waldur_billing_mock.mock_server.pages.view import Site
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.spec.compiled import described_support
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.start_world import create_stage, description_of, read_either, reseeded, start_world
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.api import Api
from waldur_billing_mock.mock_server.web.cross_origin import CrossOrigin
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.web.request_log import Logged, RequestLog
from waldur_billing_mock.openapi import revision
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.support import join

_now: Final = partial(datetime.now, UTC)


def create_app(
    settings: Settings, stage: Stage, log: Callable[[str, Mapping[str, Any]], None] | None = None
) -> ASGIApp:
    """The whole server. Raises `DocumentError` where the parts do not agree.

    `log` takes a line for each request, as text and as fields.
    """
    document = description_of(settings.cache, settings.revision, settings.wire)
    rule_ids = count(1)
    sessions = _sessions(stage, settings, rule_ids)
    api = _api(settings.cache, settings.revision, settings.wire, settings.limits)
    lookup = Lookup(api.routes, _find_user)
    shared_rules = Rules(rule_ids)
    metrics = Metrics({"sessions": lambda: len(sessions)})
    describe = partial(_describe, lookup) if settings.log_format == "json" else None
    request_log = None if log is None else RequestLog(write=log, tokens=_tokens, describe=describe)
    announce = Announce(api, lookup=lookup)

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await controlled(scope, receive, send)

    plane = Plane(
        sessions=sessions,
        shared_rules=shared_rules,
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
        api=served,
        reseed=partial(reseeded, settings),
        read_world=partial(read_either, settings),
        inner=api,
    )
    controlled = Controlled(
        api.read,
        api.write,
        _steered(document, announce, lookup, shared_rules, request_log),
        pages=_pages(document, plane, request_log, settings),
        find_session=FindSession(sessions),
        announce=announce,
        shared_rules=shared_rules,
        lookup=lookup,
        metrics=metrics,
        log=request_log,
        now=_now,
        clock=time.perf_counter,
    )
    return controlled


def _pages(document: Node, plane: Plane, log: RequestLog | None, settings: Settings) -> ASGIApp:
    """All that is not the API: the control plane, and the pages that show it."""
    logins = Logins(secrets.token_bytes(32), _now)
    site = Site(plane, document, logins, _dialects(settings), settings.admin_token)
    routes = [
        *pages(site, ControlPlane(plane), allowed_hosts=settings.allowed_hosts),
        Route("/", _to_the_page),
    ]
    middleware = [] if log is None else [Middleware(Logged, log=log, clock=time.perf_counter)]
    return Starlette(routes=routes, middleware=middleware, exception_handlers={500: _server_error})


def _steered(document: Node, api: ASGIApp, lookup: Lookup, shared_rules: Rules, log: RequestLog | None) -> ASGIApp:
    """The API for requests that a fault may concern, from outside in: log, journal, faults, events."""
    faults = Faults(api, document=document, lookup=lookup, shared=shared_rules)
    failing = ServerErrorMiddleware(faults, handler=_server_error)
    recorder = Recorder(failing, journal_of=lambda scope: session_of(scope).journal, now=_now, clock=time.perf_counter)
    steered = CrossOrigin(recorder)
    return steered if log is None else Logged(steered, log=log, clock=time.perf_counter)


def _find_user(scope: Scope, token: str) -> User | None:
    return user_of(session_of(scope).stage.world, token)


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


def create_default_app(**settings: Any) -> ASGIApp:
    """A server with a world of its own for use within a process; the arguments are fields of `Settings`.

    The world of a named scenario is built once; a file is read each time.
    """
    chosen = Settings(**settings)
    is_file = chosen.world is not None or is_file_name(chosen.scenario)
    return create_app(chosen, create_stage(chosen) if is_file else Stage(start_world(chosen)))


@lru_cache(maxsize=4)
def _api(cache: Path | None, revision: str, wire: bool, limits: Limits) -> Api[World, User]:
    """The API of a dialect, which takes long to compile: it serves the worlds of all servers in this process."""
    document = join(description_of(cache, revision, wire), described_support(DESCRIPTION, cache, wire=wire))
    return Api(
        document,
        bind(document),
        world_of=lambda scope: _stage(scope).world,
        begin=lambda scope: _stage(scope).transaction(),
        find_user=user_of,
        find_user_by_uuid=lambda world, uuid: world.users.get(uuid),
        texts=CACHED_TEXTS,
        limits=limits,
    )


def _stage(scope: Scope) -> Stage:
    """The stage of the request's session. Raises `Problem` where the session cannot be had."""
    if REFUSAL in scope:
        raise scope[REFUSAL]
    session: Session = scope[SESSION]
    return session.stage


async def _to_the_page(request: Request) -> Response:
    return RedirectResponse("/_mock/")


def _server_error(request: Request, error: Exception) -> Response:
    return HTMLResponse(problems.server_error().body, 500)
