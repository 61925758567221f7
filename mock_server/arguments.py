"""The words of the command line, and the settings that they make."""

import argparse
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import shtab

from waldur_billing_mock import __version__
from waldur_billing_mock.fixtures import DEFAULT_SCENARIO, DEFAULT_SEED, SCENARIOS, Size
from waldur_billing_mock.mock_server.instants import instant
from waldur_billing_mock.mock_server.limit_options import add_limits
from waldur_billing_mock.mock_server.proxy.options import add_proxy
from waldur_billing_mock.mock_server.recording.options import add_anonymize, add_record
from waldur_billing_mock.mock_server.settings import DESCRIPTION, LONGEST_GRACE, Settings
from waldur_billing_mock.mock_server.traffic.options import add_compare
from waldur_billing_mock.openapi.overlay import OverlayError
from waldur_billing_mock.openapi.revision import BASE, LATEST, Choice, choose, revisions

FORMATS: Final = ("yaml", "json")
DIFF_FORMATS: Final = ("text", "markdown", "json")
EXAMPLES: Final = ("smallest", "complete")
ADMIN_TOKEN: Final = "WALDUR_MOCK_ADMIN_TOKEN"  # noqa: S105 - the name of a variable

_LARGEST_SEED: Final = 10**15 - 1
_DEFAULTS: Final = Settings()


class UsageError(Exception):
    """Something that the user can correct. The message says what is wrong, where, and what to do."""


def parser() -> argparse.ArgumentParser:
    """The parser of `waldur-mock`."""
    made = argparse.ArgumentParser(
        prog="waldur-mock",
        description="Waldur's billing API on your own machine: a stateful mock of its 24 operations.",
        epilog="examples:\n  waldur-mock serve\n  waldur-mock spec --format json > openapi.json\n\n"
        "waldur-mock COMMAND --help tells the options of a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_export(commands)
    _add_spec(commands)
    _add_world_format(commands)
    _add_scenario(commands)
    _add_command(commands, "ctl", "steer a running mock: faults, journal, events", ["ctl health", "ctl faults list"])
    add_record(
        _add_command(
            commands,
            "record",
            "read a server into a world file, without anything that is private",
            [
                "record https://waldur.example.com --token-env WALDUR_TOKEN -o world.yaml",
                "record http://127.0.0.1:8080 --since 2025-10 --sample 20 -o world.json",
            ],
        )
    )
    add_anonymize(
        _add_command(
            commands,
            "anonymize",
            "replace what is private in a world file by pseudonyms",
            ["anonymize world.yaml -o public.yaml", "anonymize world.yaml -o public.yaml --scale"],
        )
    )
    add_compare(
        _add_command(
            commands,
            "compare",
            "ask two servers the same questions, and tell where their answers differ",
            [
                "compare http://127.0.0.1:8080 https://waldur.example.com --other-token-env WALDUR_TOKEN",
                "compare http://127.0.0.1:8080 http://127.0.0.1:8081 --format json > differences.json",
            ],
            "\n\nexit codes: 0 both say the same, 1 they differ, 2 they could not be compared",
        )
    )
    add_proxy(
        _add_command(
            commands,
            "proxy",
            "forward to a server, and judge what passes by its description",
            [
                "proxy https://waldur.example.com --token-env WALDUR_TOKEN --read-only",
                "proxy http://127.0.0.1:8080 --record traffic.har --html report.html",
            ],
            "\n\nexit codes: 0 nothing new was found, 1 new deviations, 2 nothing could be judged",
        ),
        _port,
    )
    _add_mcp(commands)
    completion = _add_command(
        commands,
        "completion",
        "print a script that completes these commands in a shell",
        ["completion bash > ~/.local/share/bash-completion/completions/waldur-mock", "completion zsh > _waldur-mock"],
    )
    completion.add_argument("shell", choices=shtab.SUPPORTED_SHELLS, help="the shell")
    return made


def _add_command(commands: Any, name: str, summary: str, examples: list[str], more: str = "") -> Any:
    """A command whose help ends with examples."""
    lines = "\n".join(f"  waldur-mock {example}" for example in examples)
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"examples:\n{lines}{more}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _scenarios() -> str:
    return "\n\nscenarios:\n" + "\n".join(f"  {name:14} {one.summary}" for name, one in SCENARIOS.items())


def _add_serve(commands: Any) -> None:
    serve = _add_command(
        commands,
        "serve",
        "serve the mock; the world is in memory, and changes are lost when the server stops, unless they are saved",
        [
            "serve --port 9000 --scenario month-end",
            "serve --scenario acme.yaml --save world.json",
        ],
        _scenarios(),
    )
    serve.add_argument("--host", default=_DEFAULTS.host, help="the address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=_port, default=_DEFAULTS.port, help="0 picks a free one (default: %(default)s)")
    _add_revision(serve)
    _add_world(serve)
    save = serve.add_argument("--save", type=Path, metavar="FILE", help="write the world to this file at the end")
    _completes(save, shtab.FILE)
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
        type=_grace,
        metavar="N",
        help="how many hours an invoice waits as pending_finalization after its month, in releases that have this state"
        " (default: as the file of the world or scenario says, or 0)",
    )
    serve.add_argument(
        "--journal-mb",
        type=_count,
        default=_DEFAULTS.journal_bytes // 1_000_000,
        metavar="N",
        help="what each journal of requests and answers may take, in MB; 0 keeps none (default: %(default)s)",
    )
    serve.add_argument(
        "--max-sessions",
        type=_count,
        default=_DEFAULTS.max_sessions,
        metavar="N",
        help="how many callers may have a world of their own (default: %(default)s)",
    )
    serve.add_argument(
        "--max-sessions-mb",
        type=_positive,
        default=_DEFAULTS.sessions_bytes // 1_000_000,
        metavar="N",
        help="what these worlds and their journals may take together, in MB (default: %(default)s)",
    )
    serve.add_argument(
        "--session-idle",
        type=_positive,
        default=_DEFAULTS.session_idle_seconds // 60,
        metavar="MINUTES",
        help="a session that was not used for so long is dropped (default: %(default)s)",
    )
    serve.add_argument(
        "--cached-worlds-mb",
        type=_count,
        default=_DEFAULTS.cached_worlds_bytes // 1_000_000,
        metavar="N",
        help="what seeded worlds of 100,000 items and more may take in the cache folder, in MB; 0 removes them"
        " (default: %(default)s)",
    )
    serve.add_argument(
        "--workers", type=_one_worker, metavar="1", help="there is always one, which holds the worlds (default: 1)"
    )
    add_limits(serve)
    serve.description += (
        f" On another address than those of this machine alone, /_mock/ asks for an admin token: that in the variable"
        f" {ADMIN_TOKEN}, or a new one, which is printed."
    )


def _add_export(commands: Any) -> None:
    export = _add_command(
        commands,
        "export",
        "write a world to a file; served again it gives the same answers, byte for byte",
        ["export --scenario one-invoice --output world.json", "export --seed 7 | waldur-mock serve --world /dev/stdin"],
        _scenarios(),
    )
    _add_world(export)
    output = export.add_argument(
        "--output", type=Path, metavar="FILE", help="the file to write (default: standard output)"
    )
    _completes(output, shtab.FILE)


def _add_spec(commands: Any) -> None:
    spec = _add_command(
        commands,
        "spec",
        "print the description as one OpenAPI document, or how two revisions differ",
        ["spec --revision 8.0.9 --format json", "spec --diff 7.8.8 8.0.9 --format markdown"],
    )
    _add_revision(spec)
    spec.add_argument(
        "--tolerant", action="store_true", help="also what servers take besides what to send (default: what to send)"
    )
    instead = spec.add_mutually_exclusive_group()
    instead.add_argument("--diff", nargs=2, metavar=("A", "B"), help="list what changes from one revision to another")
    instead.add_argument(
        "--support", action="store_true", help="print the neighbours of the billing operations instead"
    )
    instead.add_argument("--history", action="store_true", help="list what each release changed")
    spec.add_argument(
        "--format",
        choices=(*dict.fromkeys((*FORMATS, *DIFF_FORMATS)),),
        help=f"{' or '.join(FORMATS)} (default: {FORMATS[0]}); of differences {', '.join(DIFF_FORMATS)} "
        f"(default: {DIFF_FORMATS[0]})",
    )


def _add_mcp(commands: Any) -> None:
    mcp = _add_command(
        commands,
        "mcp",
        "offer a running mock to agents, by the Model Context Protocol on standard input and output",
        ["mcp", "mcp --url http://127.0.0.1:9000 --session agent"],
        "\n\nIt needs the extra mcp: pip install 'waldur-billing-mock[mcp]'",
    )
    mcp.add_argument(
        "--url",
        default=os.environ.get("WALDUR_MOCK_URL", "http://127.0.0.1:8080"),
        help="where the mock is (default: %(default)s, or the variable WALDUR_MOCK_URL)",
    )
    mcp.add_argument(
        "--session",
        default=os.environ.get("WALDUR_MOCK_SESSION"),
        metavar="ID",
        help="whose world is meant (default: the variable WALDUR_MOCK_SESSION, or the world that all share)",
    )


def _add_world_format(commands: Any) -> None:
    world_format = _add_command(
        commands,
        "world-format",
        "print the JSON Schema of world files, or an example of one",
        ["world-format > world.schema.json", "world-format --check world.json"],
    )
    instead = world_format.add_mutually_exclusive_group()
    instead.add_argument("--example", choices=EXAMPLES, help="print this example (default: the schema)")
    checked = instead.add_argument(
        "--check",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="read these files, and tell what they hold (default: the schema)",
    )
    _completes(checked, shtab.FILE)


def _add_scenario(commands: Any) -> None:
    scenario = _add_command(
        commands,
        "scenario",
        "check scenario files, print built-in ones, or the JSON Schema of all",
        ["scenario check acme.yaml", "scenario show one-invoice > mine.yaml", "scenario schema > scenario.schema.json"],
        _scenarios(),
    )
    verbs = scenario.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    check = _add_verb(verbs, "check", "build the worlds of scenario files, and tell what they hold or what is wrong")
    _completes(check.add_argument("file", nargs="+", metavar="FILE", help="a scenario file, YAML or JSON"), shtab.FILE)
    show = _add_verb(verbs, "show", "print a scenario as a file to start from")
    show.add_argument("name", choices=tuple(SCENARIOS), help="a built-in scenario")
    _add_verb(verbs, "list", "list the built-in scenarios")
    _add_verb(verbs, "schema", "print the JSON Schema of scenario files, for editors")


def _add_verb(verbs: Any, name: str, summary: str) -> Any:
    return verbs.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")


def _completes(option: argparse.Action, what: Mapping[str, Any]) -> None:
    option.complete = what  # type: ignore[attr-defined]


def _add_revision(command: argparse.ArgumentParser) -> None:
    known = ", ".join((*revisions(DESCRIPTION), LATEST))
    command.add_argument(
        "--revision",
        type=_revision,
        default=BASE,
        metavar="NAME",
        help=f"which Waldur: {known}, or a release between two (default: %(default)s)",
    )
    command.add_argument("--wire", action="store_true", help="what real servers send (default: what is documented)")


def _revision(text: str) -> Choice:
    try:
        return choose(DESCRIPTION, text)
    except OverlayError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _add_world(command: argparse.ArgumentParser) -> None:
    """Which world it is. What is not given is None, so that a file with any of the others is noticed."""
    world = command.add_argument("--world", type=Path, metavar="FILE", help="the world in this file, JSON or YAML")
    _completes(world, shtab.FILE)
    scenario = command.add_argument(
        "--scenario", metavar="NAME|FILE", help=f"one of those below, or a scenario file (default: {DEFAULT_SCENARIO})"
    )
    _completes(scenario, shtab.FILE)
    command.add_argument(
        "--seed",
        type=_seed,
        metavar="N",
        help=f"the same seed gives the same world (default: {DEFAULT_SEED}, or the file's)",
    )
    command.add_argument(
        "--now",
        type=_instant,
        metavar="DATE",
        help="where the clock is stopped: 2025-11-22 or 2025-11-22T09:00:00Z (default: the scenario's own)",
    )
    command.add_argument("--customers", type=_positive, metavar="N", help="how many are billed (default: 11)")
    command.add_argument("--months", type=_positive, metavar="N", help="how many months are billed (default: 14)")
    command.add_argument(
        "--items-per-invoice", type=_positive, metavar="N", help="about how many (default: the scenario's own)"
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


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a valid port; use a number from 0 to 65535")


def _count(text: str) -> int:
    return 0 if text == "0" else _positive(text)


def _grace(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= LONGEST_GRACE:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of hours from 0 to {LONGEST_GRACE}")


def _positive(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 999,999,999")


def _seed(text: str) -> int:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 15:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a valid seed; use an integer of at most 15 digits")


def _one_worker(text: str) -> int:
    if text == "1":
        return 1
    raise argparse.ArgumentTypeError(
        "a world is in the memory of one process, so several would each have worlds of their own and answer "
        "differently; start several servers, each on its own --port, behind a proxy that sends each session to one of "
        "them, as deploy/haproxy.cfg does (docs/how-to/sessions.md)"
    )


def _instant(text: str) -> datetime:
    try:
        return instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
