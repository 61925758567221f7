"""The composition root: settings in, an ASGI application out. The way of a request can be read here from outside in."""

import platform
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock import __version__
from waldur_billing_mock.fixtures import is_file_name, users
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.tokens import tokens_of, user_of
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.announce import Announce
from waldur_billing_mock.mock_server.control.budget import Budget
from waldur_billing_mock.mock_server.control.controlled import Controlled
from waldur_billing_mock.mock_server.control.events import Events
from waldur_billing_mock.mock_server.control.exchanges import Reader
from waldur_billing_mock.mock_server.control.find_session import stage_of
from waldur_billing_mock.mock_server.control.journal import Journal
from waldur_billing_mock.mock_server.control.lookup import Lookup, role_of
from waldur_billing_mock.mock_server.control.metrics import Metrics
from waldur_billing_mock.mock_server.control.plane import Plane
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.control.session import RunningClock, Session, session_of
from waldur_billing_mock.mock_server.control.sessions import SessionLimits, Sessions
from waldur_billing_mock.mock_server.control.snapshots import Snapshots
from waldur_billing_mock.mock_server.control.webhooks import Webhooks, post
from waldur_billing_mock.mock_server.operations.registry import bind
from waldur_billing_mock.mock_server.operations.rendered import CACHED_TEXTS
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.spec.compiled import described_support
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.start_world import create_stage, description_of, read_either, reseeded, start_world
from waldur_billing_mock.mock_server.web.api import Api
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.web.request_log import RequestLog
from waldur_billing_mock.openapi.support import join

_now: Final = partial(datetime.now, UTC)


def create_app(
    settings: Settings, stage: Stage, log: Callable[[str, Mapping[str, Any]], None] | None = None
) -> Controlled:
    """The whole server. Raises `DocumentError` where the parts do not agree.

    `log` takes a line for each request, as text and as fields.
    """
    document = description_of(settings.cache, settings.revision, settings.wire)
    rule_ids = count(1)
    sessions = _sessions(stage, settings, rule_ids)
    api = _api(settings.cache, settings.revision, settings.wire, settings.limits)
    lookup = Lookup(api.routes, _find_user)
    shared_rules = Rules(rule_ids, settings.max_fault_rules)
    metrics = Metrics({"sessions": lambda: len(sessions)})
    describe = partial(_describe, lookup) if settings.log_format == "json" else None
    request_log = None if log is None else RequestLog(write=log, tokens=_tokens, describe=describe)
    announce = Announce(api, lookup=lookup)

    # The pages call the API by the plane, and are a part of what serves it.
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

    def steered() -> ASGIApp:
        from waldur_billing_mock.mock_server.control.steered import steered_app

        return steered_app(announce, document, lookup, shared_rules, request_log, now=_now, clock=time.perf_counter)

    def pages() -> ASGIApp:
        from waldur_billing_mock.mock_server.pages.app import pages_app

        return pages_app(
            plane,
            document,
            settings,
            api_of=lambda dialect: _api(settings.cache, *dialect, settings.limits),
            log=request_log,
            key=secrets.token_bytes(32),
            now=_now,
            clock=time.perf_counter,
        )

    controlled = Controlled(
        api,
        _loaded_later(steered),
        pages=_loaded_later(pages),
        sessions=sessions,
        announce=announce,
        shared_rules=shared_rules,
        lookup=lookup,
        metrics=metrics,
        log=request_log,
        keeps_journals=settings.journal_bytes > 0,
        now=_now,
        clock=time.perf_counter,
    )
    return controlled


def _loaded_later(load: Callable[[], ASGIApp]) -> ASGIApp:
    """An application that is loaded by its first request, as it would take long at the start."""
    loaded = cache(load)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await loaded()(scope, receive, send)

    return app


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


def _sessions(stage: Stage, settings: Settings, rule_ids: Iterator[int]) -> Sessions:
    def make(id: str, stage: Stage, budget: Budget | None, origin: str) -> Session:
        journal, events = Journal(settings.journal_bytes, budget), Events()
        return Session(
            id=id,
            stage=stage,
            journal=journal,
            rules=Rules(rule_ids, settings.max_fault_rules),
            events=events,
            webhooks=Webhooks(events, journal, _now, post, settings.max_webhooks),
            created=_now(),
            used=time.monotonic(),
            origin=origin,
            snapshots=Snapshots(stage, budget, settings.max_snapshots),
            clock=RunningClock(_now, stage.world.now) if settings.clock == "real" else None,
        )

    limits = SessionLimits(settings.max_sessions, settings.sessions_bytes, settings.session_idle_seconds)
    return Sessions(make, stage, limits, time.monotonic)


def create_default_app(**settings: Any) -> Controlled:
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
        worlds_of=stage_of,
        find_user=user_of,
        find_user_by_uuid=lambda world, uuid: world.users.get(uuid),
        texts=CACHED_TEXTS,
        limits=limits,
    )
