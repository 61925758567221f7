"""`waldur-mock serve`: builds the world, listens, and saves what it has to when it is stopped."""

import errno
import gc
import json
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NoReturn

import uvicorn

from waldur_billing_mock import __version__
from waldur_billing_mock.fixtures import users
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.logs import Log, start_log
from waldur_billing_mock.mock_server.option_types import UsageError
from waldur_billing_mock.mock_server.printable import printable, write_out
from waldur_billing_mock.mock_server.serve_options import ADMIN_TOKEN
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.start_world import create_stage, must_know_grace
from waldur_billing_mock.mock_server.web.connection import uvicorn_config

_STDERR: Final = 2
_SECONDS_OF_SILENCE: Final = 2.0
_BACKLOG: Final = 2048


class _Stopped(Exception):
    """SIGTERM has come."""


def serve(settings: Settings, save: Path | None = None, remark: str = "", *, homeport: bool = False) -> None:
    """Logs the remark, serves until Ctrl-C or SIGTERM, and then writes the world to the file `save`.

    With `homeport`, also prints how Waldur's front end finds the server. Raises `UsageError`, `ScenarioError`,
    `DocumentError` or `WorldFileError`.
    """
    log = start_log(_STDERR, time.time, as_json=settings.log_format == "json")
    if remark:
        log.event("remark", remark)
    with stopping(log):
        if save is not None:
            _must_be_writable(save)
        with listen(settings.host, settings.port) as listener:
            settings, made = _with_admin_token(settings)
            try:
                must_know_grace(settings)
            except ValueError as error:
                raise UsageError(f"--grace-hours: {error}") from None
            stage = create_stage(settings, None if settings.quiet else _progress(log))
            app = create_app(settings, stage, None if settings.quiet else _requests(log))
            # These stay as long as the process, so they are not searched for garbage.
            gc.freeze()
            _announce(settings, stage.world, address_of(listener), made)
            if homeport:
                write_out("\n".join(_for_homeport(stage.world, address_of(listener))))
            if not is_loopback(settings.host):
                log.event(
                    "warning",
                    f"{settings.host} can be reached from other machines; whoever calls the API needs "
                    "a token, and /_mock/ the admin token.",
                )
            try:
                serve_until_signal(uvicorn_config(app, settings.limits, at_once=app.at_once), listener)
            finally:
                if save is not None:
                    from waldur_billing_mock.mock_server.world_file import write

                    write(stage.world, save)


@contextmanager
def stopping(log: Log) -> Iterator[None]:
    """Ctrl-C and SIGTERM end what is inside, at any time."""

    def stop(number: int, frame: object) -> NoReturn:
        raise _Stopped

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        log.event("stopped", "stopped")
    except _Stopped:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def serve_until_signal(config: uvicorn.Config, listener: socket.socket) -> None:
    """Serves until a signal comes; requests that have begun are given a second."""
    server, came = uvicorn.Server(config), list[int]()

    def end(number: int, frame: object) -> None:
        """Nothing is raised: before uvicorn looks at signals itself, that would be inside of the loop's start."""
        came.append(number)
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        # uvicorn ends in order at a signal, and raises the signal again when it has ended.
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


def _with_admin_token(settings: Settings) -> tuple[Settings, bool]:
    """The settings with the token that `/_mock/` asks for, if it does, and whether the token is a new one."""
    given = os.environ.get(ADMIN_TOKEN) or None
    if given is None and is_loopback(settings.host):
        return settings, False
    return replace(settings, admin_token=given or secrets.token_urlsafe(24)), given is None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """A socket that already listens, so that a client started after the start message is never refused."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or " ", port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise UsageError(
            f"cannot listen on the host {host!r}: it is not a known name or address; use one of this machine, such as "
            "--host 127.0.0.1."
        ) from None
    # asyncio switches Nagle's algorithm off only where the protocol is named; else each answer takes 40 ms longer.
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(_reason(host, port, error)) from None
    return listener


def _reason(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"cannot listen on {host}: the port {port} is in use; choose another --port, or 0 for a free one."
        case errno.EACCES:
            return f"cannot listen on {host}: the port {port} is not open to you; choose a --port from 1024, or 0."
        case errno.EADDRNOTAVAIL:
            return (
                f"cannot listen on the host {host!r}: it is not an address of this machine; use one that is, such as "
                "--host 127.0.0.1."
            )
    return f"cannot listen on {host}, port {port}: {error.strerror}; choose another --host or --port."


def _must_be_writable(path: Path) -> None:
    """Raises `UsageError`: a server that cannot save what it is asked to save does not start."""
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError(f"--save {path}: no file can be written there; use a file in a folder that you can write to.")


def address_of(listener: socket.socket) -> str:
    """Scheme, host and port of a socket that listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(settings: Settings, world: World, address: str, admin_token_is_new: bool) -> None:
    """Prints where the server is, what it holds, and who may call it."""
    source = str(settings.world or f"{settings.scenario}, seed {world.seed}")
    known, items = users(world), len(world.invoice_items)
    if settings.log_format == "json":
        fields = {"event": "listening", "address": address, "world": source, "users": known}
        write_out(json.dumps({**fields, "admin_token": settings.admin_token} if admin_token_is_new else fields))
        return
    token = next((user.token for user in world.users if user.is_staff), known[0]["token"] if known else None)
    lines = [
        f"Waldur billing mock {__version__} at {address}/api/",
        "",
        f"  revision  {settings.revision}, {'wire' if settings.wire else 'documented'} dialect",
        f"  world     {source}, clock at {world.now.isoformat()}",
        f"  holds     {len(world.customers)} customers, {len(world.invoices)} invoices, {items} invoice items",
        f"  pages     {address}/_mock/",
        f"  try       curl -H 'Authorization: Token {token}' {address}/api/invoices/"
        if token
        else "  users     none, so nobody can call the API; add some to the world file",
        "",
        *(f"  {user['username']:16}  {user['token']}" for user in known),
        *([f"  {'/_mock/':16}  {settings.admin_token}"] if admin_token_is_new else []),
        "",
        "Ctrl-C stops it.",
    ]
    write_out("\n".join(printable(line) for line in lines))


def _for_homeport(world: World, address: str) -> list[str]:
    """How Waldur's front end finds this server, and who may log in there."""
    today = datetime.fromtimestamp(time.time(), UTC).date()
    clock = "" if world.now.date() == today else f"; serve with --now {today} for charts that are not empty"
    return [
        "",
        "HomePort, Waldur's front end (docs/how-to/homeport.md):",
        "",
        f"  API URL   {address}/ in its meta element api-url, or as VITE_API_URL when it is built",
        "  origins   pages of every origin may call this server, so HomePort may be served from anywhere",
        "  log in    with a local account; the password of every user is the username, such as owner",
        "  token     or put one into the page's local storage, as waldur/auth/token",
        f"  clock     charts show the last twelve months by the browser's clock{clock}",
    ]


def _progress(log: Log) -> Callable[[World, Month], None]:
    """Logs what a world holds after each of its months, once building it takes long."""
    begun = time.perf_counter()

    def write(world: World, month: Month) -> None:
        if time.perf_counter() - begun > _SECONDS_OF_SILENCE:
            log.event("progress", f"billed until {month.padded}: {len(world.invoice_items):,} invoice items")

    return write


def _requests(log: Log) -> Callable[[str, Mapping[str, Any]], None]:
    def write(text: str, fields: Mapping[str, Any]) -> None:
        log.event("request", text, fields)

    return write
