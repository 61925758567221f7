"""The command line: `waldur-mock serve` and `waldur-mock spec` (`python -m mock_server`)."""

import argparse
import gc
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import uvicorn

from waldur_billing_mock.fixtures import SCENARIOS, ScenarioError, Size, users
from waldur_billing_mock.mock_server import __version__
from waldur_billing_mock.mock_server.app import create_app, create_stage
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control import ctl
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.web.connection import uvicorn_config
from waldur_billing_mock.mock_server.world_text import WorldFileError
from waldur_billing_mock.openapi.document import DocumentError, to_json, to_yaml
from waldur_billing_mock.openapi.history import compare, history, render
from waldur_billing_mock.openapi.overlay import OverlayError
from waldur_billing_mock.openapi.presentation import present
from waldur_billing_mock.openapi.revision import BASE, LATEST, choose, describe, revisions
from waldur_billing_mock.openapi.support import describe_support

USAGE_ERROR = 2
SECONDS_OF_SILENCE = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0, or 2 for what the user can mend."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["ctl"]:
        return ctl.main(given[1:])
    options = _parser().parse_args(given)
    try:
        return _spec(options) if options.command == "spec" else _serve(_settings(options))
    except (ScenarioError, DocumentError, WorldFileError) as error:
        _complain(str(error))
    except BrokenPipeError:
        # The reader, `head` for one, has seen enough. What is still buffered must not be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="waldur-mock",
        description="Waldur's billing API on your own machine: a stateful mock of its 24 operations.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser(
        "serve",
        help="serve the mock on a seeded world",
        description="Serves the mock. The world lives in memory: what clients change is gone when the server stops.",
        epilog="scenarios:\n" + "\n".join(f"  {name:14} {scenario.summary}" for name, scenario in SCENARIOS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    defaults = Settings()
    serve.add_argument("--host", default=defaults.host, help="the address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=_port, default=defaults.port, help="0 picks a free one (default: %(default)s)")
    _add_revision(serve)
    serve.add_argument("--world", type=Path, metavar="FILE", help="serve the world in this file instead of a scenario")
    serve.add_argument("--scenario", default=defaults.scenario, metavar="NAME", help="see below (default: %(default)s)")
    serve.add_argument(
        "--seed",
        type=int,
        default=defaults.seed,
        help="the same seed gives the same world (default: %(default)s)",
    )
    serve.add_argument(
        "--now",
        type=_instant,
        metavar="DATE",
        help="where the world's clock stands: 2025-11-22 or 2025-11-22T09:00:00Z (default: the scenario's own)",
    )
    serve.add_argument("--customers", type=_positive, metavar="N", help="how many customers are billed")
    serve.add_argument("--months", type=_positive, metavar="N", help="how many months of invoices there are")
    serve.add_argument("--items-per-invoice", type=_positive, metavar="N", help="about how many items an invoice has")
    serve.add_argument(
        "--log-format",
        choices=("text", "json"),
        default=defaults.log_format,
        help="how requests are logged (default: %(default)s)",
    )
    serve.add_argument("--workers", type=_one_worker, metavar="1", help="there is always one, which holds the world")

    commands.add_parser("ctl", help="steer a running mock: faults, journal, events (waldur-mock ctl --help)")
    spec = commands.add_parser("spec", help="print the description as one OpenAPI document")
    _add_revision(spec)
    spec.add_argument("--tolerant", action="store_true", help="also describe what servers take besides what to send")
    instead = spec.add_mutually_exclusive_group()
    instead.add_argument("--diff", nargs=2, metavar=("A", "B"), help="list what changes from one revision to another")
    instead.add_argument(
        "--support", action="store_true", help="print the neighbours of the billing operations instead"
    )
    instead.add_argument("--history", action="store_true", help="list what each release changed")
    spec.add_argument(
        "--format",
        choices=("yaml", "json", "text", "markdown"),
        help="of the description: yaml (default) or json; of differences: text (default), markdown or json",
    )
    return parser


def _add_revision(command: argparse.ArgumentParser) -> None:
    known = ", ".join((*revisions(DESCRIPTION), LATEST))
    command.add_argument(
        "--revision",
        type=_revision,
        default=BASE,
        metavar="NAME",
        help=f"which Waldur: {known}, or a release between two (default: %(default)s)",
    )
    command.add_argument("--wire", action="store_true", help="what real servers send instead of what is documented")


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        host=options.host,
        port=options.port,
        revision=options.revision,
        wire=options.wire,
        world=options.world,
        scenario=options.scenario,
        seed=options.seed,
        now=options.now,
        size=Size(customers=options.customers, months=options.months, items_per_invoice=options.items_per_invoice),
        log_format=options.log_format,
    )


def _revision(text: str) -> str:
    try:
        choice = choose(DESCRIPTION, text)
    except OverlayError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if choice.remark:
        _log(choice.remark)
    return choice.revision


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port; choose a number from 0 to 65535")


def _positive(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")


def _one_worker(text: str) -> int:
    if text == "1":
        return 1
    raise argparse.ArgumentTypeError(
        "the world lives in the memory of one process, so several would each have a world of their own and answer "
        "differently; start several servers, each on its own --port, and let every client keep to one of them"
    )


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date; write it as 2025-11-22 or 2025-11-22T09:00:00Z"
        ) from None


def _spec(options: argparse.Namespace) -> int:
    """Prints the description, or a report of differences."""
    if options.diff or options.history:
        if options.format == "yaml":
            _complain("Differences come as text, markdown or json; choose one of these as --format.")
        rows = (
            compare(DESCRIPTION, *options.diff, wire=options.wire)
            if options.diff
            else history(DESCRIPTION, wire=options.wire)
        )
        print(render(rows, options.format or "text"), end="", flush=True)
        return 0
    if options.format in ("text", "markdown"):
        _complain("The description comes as yaml or json; choose one of these as --format.")
    if options.support:
        document = describe_support(DESCRIPTION, wire=options.wire, tolerant=options.tolerant)
    else:
        document = present(describe(DESCRIPTION, options.revision, wire=options.wire, tolerant=options.tolerant))
    print(to_json(document) if options.format == "json" else to_yaml(document), end="", flush=True)
    return 0


def _serve(settings: Settings) -> int:
    """Serves until Ctrl-C, which may come at any time, and even before the server has begun to watch for it."""
    try:
        with _listen(settings.host, settings.port) as listener:
            # A world is no garbage: it is not looked through while it grows, nor ever after.
            gc.disable()
            stage = create_stage(settings, _progress())
            gc.freeze()
            gc.enable()
            server = uvicorn.Server(uvicorn_config(create_app(settings, stage, _log), settings.limits))
            host, port = listener.getsockname()[:2]
            address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            _announce(settings, stage.world, address)
            server.run(sockets=[listener])
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A socket that already listens, so that a client started after the start message is never refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named; else each answer takes 40 ms longer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        _complain(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port, or 0 for a free one.")
    listener.listen(2048)
    return listener


def _announce(settings: Settings, world: World, address: str) -> None:
    """Prints where the server is, what it holds, and who may call it."""
    source = str(settings.world or f"{settings.scenario}, seed {settings.seed}")
    known, items = users(world), len(world.invoice_items)
    if settings.log_format == "json":
        print(
            json.dumps({"event": "listening", "address": address, "world": source, "users": known}),
            flush=True,
        )
        return
    lines = [
        f"Waldur billing mock {__version__} at {address}/api/",
        "",
        f"  revision  {settings.revision}, {'wire' if settings.wire else 'documented'} dialect",
        f"  world     {source}, clock at {world.now.isoformat()}",
        f"  holds     {len(world.customers)} customers, {len(world.invoices)} invoices, {items} invoice items",
        f"  pages     {address}/_mock/",
        f"  try       curl -H 'Authorization: Token {known[0]['token']}' {address}/api/invoices/",
        "",
        *(f"  {user['role']:16}  {user['token']}" for user in known),
        "",
        "Ctrl-C stops it.",
    ]
    print("\n".join(lines), flush=True)


def _progress() -> Callable[[World, Month], None]:
    """Tells what a world holds after each of its months, once the making of it takes its time."""
    begun = time.perf_counter()

    def tell(world: World, month: Month) -> None:
        if time.perf_counter() - begun > SECONDS_OF_SILENCE:
            _log(f"billed until {month.padded}: {len(world.invoice_items):,} invoice items")

    return tell


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _complain(message: str) -> NoReturn:
    print(f"waldur-mock: {message}", file=sys.stderr)
    sys.exit(USAGE_ERROR)


if __name__ == "__main__":
    sys.exit(main())
