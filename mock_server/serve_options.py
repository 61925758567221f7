"""The options of `waldur-mock serve`, and those by which other commands choose a world or a revision."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.config_file import ConfigError, add_config, words_of_file
from waldur_billing_mock.fixtures import DEFAULT_CUSTOMERS, DEFAULT_MONTHS, DEFAULT_SCENARIO, DEFAULT_SEED, Size
from waldur_billing_mock.mock_server.limit_options import add_limits
from waldur_billing_mock.mock_server.option_types import (
    FILES,
    UsageError,
    completes,
    count,
    grace_hours,
    moment,
    one_worker,
    port,
    positive,
    revision,
    seed,
)
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.openapi.revision import BASE, LATEST, revisions

ADMIN_TOKEN: Final = "WALDUR_MOCK_ADMIN_TOKEN"  # noqa: S105 - the name of a variable

_DEFAULTS: Final = Settings()


def add_serve(serve: argparse.ArgumentParser) -> None:
    """The options of `serve`."""
    completes(add_config(serve), FILES)
    serve.add_argument("--host", default=_DEFAULTS.host, help="the address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=port, default=_DEFAULTS.port, help="0 picks a free one (default: %(default)s)")
    add_revision(serve)
    add_world(serve)
    save = serve.add_argument("--save", type=Path, metavar="FILE", help="write the world to this file at the end")
    completes(save, FILES)
    serve.add_argument(
        "--log-format",
        choices=("text", "json"),
        default=_DEFAULTS.log_format,
        help="the form of all lines on stderr (default: %(default)s)",
    )
    serve.add_argument(
        "--homeport",
        action="store_true",
        help="also print how Waldur's front end finds the mock (default: do not)",
    )
    serve.add_argument("--quiet", action="store_true", help="log no requests and no progress (default: log them)")
    serve.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name by which /_mock/ may be called, besides localhost and addresses; repeatable (default: none)",
    )
    serve.add_argument(
        "--clock",
        choices=("frozen", "real"),
        default=_DEFAULTS.clock,
        help="whether time passes by itself from --now on, or only by /_mock/clock (default: %(default)s)",
    )
    serve.add_argument(
        "--grace-hours",
        type=grace_hours,
        metavar="N",
        help="how many hours an invoice waits as pending_finalization after its month, in releases that have this state"
        " (default: as the file of the world or scenario says, or 0)",
    )
    serve.add_argument(
        "--journal-mb",
        type=count,
        default=_DEFAULTS.journal_bytes // 1_000_000,
        metavar="N",
        help="what each journal of requests and answers may take, in MB; 0 keeps none (default: %(default)s)",
    )
    serve.add_argument(
        "--max-sessions",
        type=count,
        default=_DEFAULTS.max_sessions,
        metavar="N",
        help="how many callers may have a world of their own (default: %(default)s)",
    )
    serve.add_argument(
        "--max-sessions-mb",
        type=positive,
        default=_DEFAULTS.sessions_bytes // 1_000_000,
        metavar="N",
        help="what these worlds and their journals may take together, in MB (default: %(default)s)",
    )
    serve.add_argument(
        "--session-idle",
        type=positive,
        default=_DEFAULTS.session_idle_seconds // 60,
        metavar="MINUTES",
        help="a session that was not used for so long is dropped (default: %(default)s)",
    )
    for option, most, what in (
        ("--max-snapshots", _DEFAULTS.max_snapshots, "snapshots"),
        ("--max-fault-rules", _DEFAULTS.max_fault_rules, "fault rules"),
        ("--max-webhooks", _DEFAULTS.max_webhooks, "webhooks"),
    ):
        serve.add_argument(
            option,
            type=count,
            default=most,
            metavar="N",
            help=f"how many {what} a session may have; more are refused with 503 (default: %(default)s)",
        )
    serve.add_argument(
        "--cached-worlds-mb",
        type=count,
        default=_DEFAULTS.cached_worlds_bytes // 1_000_000,
        metavar="N",
        help="how large the cache of seeded worlds of 100,000 items and more may become, in MB; 0 removes it"
        " (default: %(default)s)",
    )
    serve.add_argument(
        "--workers", type=one_worker, metavar="1", help="there is always one, which holds the worlds (default: 1)"
    )
    add_limits(serve)
    serve.description = (
        f"{serve.description} On another address than those of this machine alone, /_mock/ asks for an admin token:"
        f" that in the variable {ADMIN_TOKEN}, or a new one, which is printed."
    )


def serve_parser() -> argparse.ArgumentParser:
    """The options of `serve` by themselves."""
    made = argparse.ArgumentParser(prog="waldur-mock serve")
    add_serve(made)
    return made


def with_file(words: Sequence[str], path: Path) -> list[str]:
    """The words of `serve` with the options of a file that they leave out. Raises `UsageError`."""
    try:
        return [*words_of_file(serve_parser, path, words), *words]
    except ConfigError as error:
        raise UsageError(str(error)) from None


def add_revision(command: argparse.ArgumentParser) -> None:
    known = ", ".join((*revisions(DESCRIPTION), LATEST))
    command.add_argument(
        "--revision",
        type=revision,
        default=BASE,
        metavar="NAME",
        help=f"which Waldur: {known}, or a release between two (default: %(default)s)",
    )
    command.add_argument("--wire", action="store_true", help="what real servers send (default: what is documented)")


def add_world(command: argparse.ArgumentParser) -> None:
    """Which world it is. What is not given is None, so that a file with any of the others is noticed."""
    world = command.add_argument("--world", type=Path, metavar="FILE", help="the world in this file, JSON or YAML")
    completes(world, FILES)
    scenario = command.add_argument(
        "--scenario", metavar="NAME|FILE", help=f"one of those below, or a scenario file (default: {DEFAULT_SCENARIO})"
    )
    completes(scenario, FILES)
    command.add_argument(
        "--seed",
        type=seed,
        metavar="N",
        help=f"the same seed gives the same world (default: {DEFAULT_SEED}, or the file's)",
    )
    command.add_argument(
        "--now",
        type=moment,
        metavar="DATE",
        help="where the clock is stopped: 2025-11-22 or 2025-11-22T09:00:00Z (default: the scenario's own)",
    )
    command.add_argument(
        "--customers", type=positive, metavar="N", help=f"how many are billed (default: {DEFAULT_CUSTOMERS})"
    )
    command.add_argument(
        "--months", type=positive, metavar="N", help=f"how many months are billed (default: {DEFAULT_MONTHS})"
    )
    command.add_argument(
        "--items-per-invoice", type=positive, metavar="N", help="about how many (default: the scenario's own)"
    )


_OF_SCENARIOS: Final = ("scenario", "seed", "now", "customers", "months", "items_per_invoice")


def world_settings(options: argparse.Namespace) -> dict[str, Any]:
    """The fields of `Settings` that say which world it is. Raises `UsageError` for options that exclude each other."""
    given = {name: value for name in _OF_SCENARIOS if (value := getattr(options, name)) is not None}
    if options.world is not None:
        if given:
            words = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise UsageError(f"--world {options.world} already says what the world is; leave out {words}.")
        return {"world": options.world}
    size = Size(options.customers, options.months, options.items_per_invoice)
    return {**{name: given[name] for name in ("scenario", "seed", "now") if name in given}, "size": size}
