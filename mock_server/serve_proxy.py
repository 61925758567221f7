"""`waldur-mock proxy`: finds out what the server is, listens, and says at the end what was found."""

import argparse
import os
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock import __version__
from waldur_billing_mock.contracts.description import Description, describe
from waldur_billing_mock.contracts.guard import CannotAsk
from waldur_billing_mock.contracts.options import server_address, token
from waldur_billing_mock.contracts.presence import operations_lacking
from waldur_billing_mock.contracts.redaction import Redactor
from waldur_billing_mock.contracts.reports import write
from waldur_billing_mock.contracts.revision import Revision, find_revision, place_in_history
from waldur_billing_mock.contracts.routes import Routes
from waldur_billing_mock.contracts.settings import Settings as Judged
from waldur_billing_mock.contracts.settings import Unusable
from waldur_billing_mock.contracts.target import Target, must_be_waldur, open_target
from waldur_billing_mock.contracts.traffic import operations_in_traffic
from waldur_billing_mock.contracts.transports import trust
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.logs import start_log
from waldur_billing_mock.mock_server.option_types import UsageError
from waldur_billing_mock.mock_server.pages.login import Logins
from waldur_billing_mock.mock_server.pages.proxied import proxy_pages
from waldur_billing_mock.mock_server.printable import printable, write_out
from waldur_billing_mock.mock_server.proxy.archive import make_archive
from waldur_billing_mock.mock_server.proxy.fallback import MockFallback
from waldur_billing_mock.mock_server.proxy.forwarding import Forwarding
from waldur_billing_mock.mock_server.proxy.judging import Judging
from waldur_billing_mock.mock_server.proxy.options import REPORTS
from waldur_billing_mock.mock_server.proxy.results import Results
from waldur_billing_mock.mock_server.serve import address_of, is_loopback, listen, serve_until_signal, stopping
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.start_world import create_stage
from waldur_billing_mock.mock_server.web.connection import uvicorn_config
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.openapi.overlay import OverlayError
from waldur_billing_mock.openapi.revision import choose

_STDERR: Final = 2
_UNUSABLE: Final = 2
_KEPT_CONNECTIONS: Final = 200
_SECONDS_KEPT: Final = 2.0
"""How long a connection to the server is kept without use: less than servers keep it, which would else close it."""


class Proxy:
    """ASGI application: requests to the server pass the routes by, which lead to the pages of the proxy only."""

    def __init__(self, forward: ASGIApp, site: ASGIApp) -> None:
        self._forward: Final = forward
        self._site: Final = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        passes = scope["type"] == "http" and not scope["path"].startswith("/_mock")
        await (self._forward if passes else self._site)(scope, receive, send)


def run_proxy(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Serves until Ctrl-C or SIGTERM: 0 nothing new was found, 1 something was, 2 nothing could be judged.

    Raises `Unusable` or `UsageError`.
    """
    judged = Judged(
        target=server_address(options.url, "the address"),
        token=token("--token-env", options.token_env, environment) if options.token_env is not None else "",
        timeout=options.timeout,
        max_time=float("inf"),
        authority=options.ca,
        show_data=options.show_data,
        reports={name: getattr(options, name) for name in REPORTS if getattr(options, name)},
    )
    for path in (*judged.reports.values(), *([options.record] if options.record else [])):
        _must_be_writable(path)
    if options.record is not None:
        _make_archive(options.record)
    redact = Redactor([judged.token])
    log = start_log(_STDERR, time.time, as_json=False)
    # Not within what follows: a signal that is raised in a task of an event loop would not get out of it.
    revision = _revision(options.revision, judged)
    begun = time.monotonic()
    made: list[Results] = []
    with stopping(log), listen(options.host, options.port) as listener:
        results, app = _made(options, judged, revision)
        made.append(results)
        here = address_of(listener)
        write_out(redact(_announcement(here, results, options)))
        if not is_loopback(options.host):
            log.event(
                "warning", f"{options.host} can be reached from other machines, and so can the server through it."
            )
        serve_until_signal(uvicorn_config(app, Limits(), passes_on=True), listener)
    if not made:
        return _UNUSABLE  # stopped before anything could pass
    if not options.quiet:
        write_out(redact(results.text()), end="")
    if judged.reports:
        write(results.report(time.monotonic() - begun), judged, redact)
    return results.exit_code()


def _made(options: argparse.Namespace, judged: Judged, revision: Revision) -> tuple[Results, ASGIApp]:
    address = str(judged.target)
    description = describe(revision.name)
    routes = Routes(operations_in_traffic(description).values())
    worker = {
        "revision": revision.name,
        "outdated": bool(revision.outdated),
        "base": address,
        "shows_data": judged.shows_data,
        "record": str(options.record.absolute()) if options.record else None,
    }
    judging = Judging(routes, worker, holds_all=options.record is not None)
    results = Results(address, revision, description, judging, _now().isoformat(timespec="seconds"))
    client = httpx.AsyncClient(
        verify=trust(judged.authority),
        timeout=judged.timeout,
        limits=httpx.Limits(
            max_connections=None, max_keepalive_connections=_KEPT_CONNECTIONS, keepalive_expiry=_SECONDS_KEPT
        ),
        # Cookies belong to the clients.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )
    forward = Forwarding(
        address,
        client,
        judging,
        now=_now,
        clock=time.perf_counter,
        read_only=options.read_only,
        keeps_host=options.keep_host,
        fallback=_fallback(options.fallback_scenario, revision, description) if options.fallback else None,
    )
    logins = Logins(secrets.token_bytes(32), _now)
    allowed = (options.host.lower(), *(name.lower() for name in options.allowed_host))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await judging.start()
        try:
            yield
        finally:
            await judging.stop()
            await client.aclose()

    site = Starlette(routes=proxy_pages(results.content, forward, logins, allowed_hosts=allowed), lifespan=lifespan)
    site.router.default = forward
    return results, Proxy(forward, site)


def _revision(asked: str, judged: Judged) -> Revision:
    """The revision that was asked for, or that of the server. Raises `Unusable`."""
    if asked != "auto":
        try:
            choice = choose(DESCRIPTION, asked)
        except OverlayError as error:
            raise Unusable(f"--revision: {error}") from None
        return Revision(choice.revision, "as asked for")
    if not judged.token and not judged.on_loopback:
        raise Unusable(
            "To find the revision, the server has to be asked with a token: name the environment variable that holds "
            "one with --token-env, or say what the server is with --revision."
        )
    target = open_target(judged)
    try:
        must_be_waldur(target)
        return _with_its_age(target, find_revision(target))
    except CannotAsk as error:
        raise Unusable(f"{judged.target} cannot be asked for its revision: {error}. --revision NAME says it.") from None
    finally:
        target.close()


def _with_its_age(target: Target, revision: Revision) -> Revision:
    """The revision; a server that lacks operations is older, as the suite takes it, and may write numbers as others do.

    Raises `CannotAsk`.
    """
    lacking = operations_lacking(target, revision.name)
    if not lacking:
        return revision
    age = place_in_history(revision, lacking, len(describe(revision.name).operations))
    return replace(revision, how=f"{revision.how}; it {age}", outdated=age)


def _fallback(scenario: str, revision: Revision, description: Description) -> MockFallback:
    """A mock of the server's revision, in the wire dialect. Raises `ScenarioError`."""
    settings = Settings(revision=revision.name, wire=True, scenario=scenario, journal_bytes=0)
    stage = create_stage(settings)
    staff = next(user for user in stage.world.users if user.is_staff)
    return MockFallback(create_app(settings, stage), staff.token, description)


def _must_be_writable(path: Path) -> None:
    """Raises `UsageError`: what cannot be written at the end is said at the start."""
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path}: no file can be written there; use a file in a folder that you can write to.")


def _make_archive(path: Path) -> None:
    try:
        make_archive(path)
    except OSError as error:
        raise UsageError(f"--record {path} cannot be written: {error.strerror}.") from None


def _announcement(here: str, results: Results, options: argparse.Namespace) -> str:
    """Where the proxy is, and what it does."""
    lines = [
        f"Waldur billing proxy {__version__} at {here}, before {results.address}",
        "",
        f"  revision  {results.revision.name} ({results.revision.how})",
        f"  page      {here}/_mock/proxy",
    ]
    if options.read_only:
        lines.append("  writes    are refused")
    if options.fallback:
        lines.append(f"  mock      answers what the server lacks, with the world {options.fallback_scenario}")
    if options.record:
        lines.append(f"  records   {options.record}")
    return "\n".join(map(printable, [*lines, "", "Ctrl-C stops it."]))


def _now() -> datetime:
    return datetime.now(UTC)
