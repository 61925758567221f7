"""The commands of `waldur-mock` and the words that they take."""

import argparse
import os
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock import __version__
from waldur_billing_mock.fixtures import SCENARIOS
from waldur_billing_mock.mock_server.option_types import FILES, SHELLS, completes, port
from waldur_billing_mock.mock_server.proxy.options import add_proxy
from waldur_billing_mock.mock_server.recording.options import add_anonymize, add_record
from waldur_billing_mock.mock_server.serve_options import add_revision, add_serve, add_world
from waldur_billing_mock.mock_server.traffic.options import add_compare

FORMATS: Final = ("yaml", "json")
DIFF_FORMATS: Final = ("text", "markdown", "json")
EXAMPLES: Final = ("smallest", "complete")


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
    add_serve(
        _add_command(
            commands,
            "serve",
            "serve the mock; the world is in memory, and changes are lost when the server stops, unless they are saved",
            [
                "serve --port 9000 --scenario month-end",
                "serve --scenario acme.yaml --save world.json",
            ],
            _scenarios(),
        )
    )
    _add_export(commands)
    _add_spec(commands)
    _add_world_format(commands)
    _add_command(
        commands,
        "config-format",
        "print the JSON Schema of files of options, which serve --config takes",
        ["config-format > serve.schema.json"],
    )
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
        port,
    )
    _add_mcp(commands)
    completion = _add_command(
        commands,
        "completion",
        "print a script that completes these commands in a shell",
        ["completion bash > ~/.local/share/bash-completion/completions/waldur-mock", "completion zsh > _waldur-mock"],
    )
    completion.add_argument("shell", choices=SHELLS, help="the shell")
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


def _add_export(commands: Any) -> None:
    export = _add_command(
        commands,
        "export",
        "write a world to a file; served again it gives the same answers, byte for byte",
        ["export --scenario one-invoice --output world.json", "export --seed 7 | waldur-mock serve --world /dev/stdin"],
        _scenarios(),
    )
    add_world(export)
    output = export.add_argument(
        "--output", type=Path, metavar="FILE", help="the file to write (default: standard output)"
    )
    completes(output, FILES)


def _add_spec(commands: Any) -> None:
    spec = _add_command(
        commands,
        "spec",
        "print the description as one OpenAPI document, or how two revisions differ",
        ["spec --revision 8.0.9 --format json", "spec --diff 7.8.8 8.0.9 --format markdown"],
    )
    add_revision(spec)
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
    completes(checked, FILES)


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
    completes(check.add_argument("file", nargs="+", metavar="FILE", help="a scenario file, YAML or JSON"), FILES)
    show = _add_verb(verbs, "show", "print a scenario as a file to start from")
    show.add_argument("name", choices=tuple(SCENARIOS), help="a built-in scenario")
    _add_verb(verbs, "list", "list the built-in scenarios")
    _add_verb(verbs, "schema", "print the JSON Schema of scenario files, for editors")


def _add_verb(verbs: Any, name: str, summary: str) -> Any:
    return verbs.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
