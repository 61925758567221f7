"""The command line: `waldur-mock` (`python -m mock_server`)."""

import argparse
import json
import os
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, NoReturn, cast

from waldur_billing_mock.config_file import schema
from waldur_billing_mock.fixtures import ScenarioError
from waldur_billing_mock.mock_server import arguments
from waldur_billing_mock.mock_server.limit_options import limits
from waldur_billing_mock.mock_server.option_types import UsageError
from waldur_billing_mock.mock_server.printable import OutputError, printable, write_out
from waldur_billing_mock.mock_server.serve_options import serve_parser, with_file, world_settings
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.world_text import WorldFileError
from waldur_billing_mock.openapi.document import DocumentError

USAGE_ERROR: Final = 2
_WORLDS: Final = Path(__file__).with_name("worlds")


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0, or 2 for what the user can correct."""
    given = list(sys.argv[1:] if words is None else words)
    try:
        if given[:1] == ["ctl"]:
            from waldur_billing_mock.mock_server.control import ctl

            return ctl.main(given[1:])
        parser = arguments.parser()
        options = parser.parse_args(given)
        if getattr(options, "config", None) is not None:
            options = parser.parse_args([*given[:1], *with_file(given[1:], options.config)])
        match options.command:
            case "serve":
                _serve(options)
            case "export":
                _export(options)
            case "spec":
                _spec(options)
            case "config-format":
                write_out(
                    json.dumps(schema(serve_parser(), "Options of waldur-mock serve"), ensure_ascii=False, indent=2)
                )
            case "world-format":
                _world_format(options)
            case "scenario":
                _scenario(options)
            case "record":
                _record(options)
            case "anonymize":
                _anonymize(options)
            case "compare":
                return _compare(options)
            case "proxy":
                return _proxy(options)
            case "mcp":
                _mcp(options)
            case "completion":
                _completion(parser, options.shell)
    except BrokenPipeError:
        # The reader, `head` for one, has seen enough.
        _drop_output()
    except OutputError as error:
        _drop_output()
        _complain(str(error))
    except KeyboardInterrupt:
        return 130
    except (ScenarioError, DocumentError, WorldFileError, UsageError) as error:
        _complain(str(error))
    return 0


def _drop_output() -> None:
    """What is still buffered is not written at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _serve(options: argparse.Namespace) -> None:
    # Loaded by this command alone: the others need no server.
    from waldur_billing_mock.mock_server.serve import serve

    settings = Settings(
        **world_settings(options),
        host=options.host,
        port=options.port,
        revision=options.revision.revision,
        wire=options.wire,
        log_format=options.log_format,
        quiet=options.quiet,
        clock=options.clock,
        grace_hours=options.grace_hours,
        journal_bytes=options.journal_mb * 1_000_000,
        max_sessions=options.max_sessions,
        sessions_bytes=options.max_sessions_mb * 1_000_000,
        cached_worlds_bytes=options.cached_worlds_mb * 1_000_000,
        session_idle_seconds=options.session_idle * 60,
        max_snapshots=options.max_snapshots,
        max_fault_rules=options.max_fault_rules,
        max_webhooks=options.max_webhooks,
        limits=limits(options),
        allowed_hosts=(options.host.lower(), *(name.lower() for name in options.allowed_host)),
    )
    serve(settings, options.save, options.revision.remark, homeport=options.homeport)


def _export(options: argparse.Namespace) -> None:
    from waldur_billing_mock.mock_server.start_world import create_stage
    from waldur_billing_mock.mock_server.world_file import dump, write

    world = create_stage(Settings(**world_settings(options))).world
    if options.output is None:
        write_out(dump(world), end="")
    else:
        write(world, options.output)


def _spec(options: argparse.Namespace) -> None:
    """Prints the description, or a report of differences."""
    from waldur_billing_mock.openapi.document import to_json, to_yaml
    from waldur_billing_mock.openapi.history import compare, history, render
    from waldur_billing_mock.openapi.presentation import present
    from waldur_billing_mock.openapi.revision import describe
    from waldur_billing_mock.openapi.support import describe_support

    differences = options.diff or options.history
    known = arguments.DIFF_FORMATS if differences else arguments.FORMATS
    form = options.format or known[0]
    if form not in known:
        what = "Differences come" if differences else "The description comes"
        raise UsageError(f"{what} as {', '.join(known)}; choose one of these as --format.")
    if not differences:
        choice = options.revision
        if choice.remark:
            print(choice.remark, file=sys.stderr)
        if options.support:
            document = describe_support(DESCRIPTION, wire=options.wire, tolerant=options.tolerant)
        else:
            document = present(describe(DESCRIPTION, choice.revision, wire=options.wire, tolerant=options.tolerant))
        write_out(to_json(document) if form == "json" else to_yaml(document), end="")
        return
    rows = (
        compare(DESCRIPTION, *options.diff, wire=options.wire)
        if options.diff
        else history(DESCRIPTION, wire=options.wire)
    )
    write_out(render(rows, cast(Literal["text", "markdown", "json"], form)), end="")


def _world_format(options: argparse.Namespace) -> None:
    """Prints the schema of world files or an example, or reads world files. Raises `WorldFileError` of the first."""
    if options.check:
        # Loaded by this case alone: it needs a validator.
        from waldur_billing_mock.mock_server.world_file import load_file

        for path in options.check:
            world = load_file(path)
            held = f"{len(world.customers)} customers, {len(world.invoices)} invoices, {len(world.invoice_items)} items"
            write_out(printable(f"{path}: {held}; clock at {world.now.isoformat()}"))
        return
    names = {"smallest": "smallest.json", "complete": "complete.yaml", None: "world.schema.json"}
    write_out((_WORLDS / names[options.example]).read_text(encoding="utf-8"), end="")


def _scenario(options: argparse.Namespace) -> None:
    """Checks scenario files, or prints what is known of scenarios."""
    # Loaded by this command alone: it needs a validator.
    from waldur_billing_mock.mock_server import scenario_commands

    match options.verb:
        case "check":
            text = scenario_commands.check(options.file)
        case "show":
            text = scenario_commands.show(options.name)
        case "list":
            text = scenario_commands.listed()
        case _:
            text = scenario_commands.schema_text()
    write_out(text)


def _record(options: argparse.Namespace) -> None:
    from waldur_billing_mock.contracts.settings import Unusable
    from waldur_billing_mock.mock_server.recording.commands import run_record

    try:
        run_record(options, os.environ, datetime.now(UTC), input, secrets.token_bytes(32))
    except Unusable as error:
        raise UsageError(str(error)) from error
    except EOFError as error:
        print(file=sys.stderr)  # ends the line of the question
        raise UsageError("there is no terminal to ask, so nothing was read; --yes answers the question.") from error


def _anonymize(options: argparse.Namespace) -> None:
    from waldur_billing_mock.contracts.settings import Unusable
    from waldur_billing_mock.mock_server.recording.commands import run_anonymize

    try:
        run_anonymize(options, secrets.token_bytes(32))
    except Unusable as error:
        raise UsageError(str(error)) from error


def _compare(options: argparse.Namespace) -> int:
    from waldur_billing_mock.contracts.settings import Unusable
    from waldur_billing_mock.mock_server.traffic.commands import run_compare

    try:
        return run_compare(options, os.environ)
    except Unusable as error:
        raise UsageError(str(error)) from error


def _proxy(options: argparse.Namespace) -> int:
    # Loaded by this command alone: it needs the contract suite.
    from waldur_billing_mock.contracts.settings import Unusable
    from waldur_billing_mock.mock_server.serve_proxy import run_proxy

    try:
        return run_proxy(options, os.environ)
    except Unusable as error:
        raise UsageError(str(error)) from error


def _mcp(options: argparse.Namespace) -> None:
    """Serves agents. The library is an extra. Raises `UsageError` where it is missing."""
    try:
        from waldur_billing_mock.mock_server import agent
    except ModuleNotFoundError as error:
        raise UsageError(
            f"waldur-mock mcp needs {error.name}, which is missing; pip install 'waldur-billing-mock[mcp]' brings it."
        ) from None
    agent.run(options.url, options.session, os.environ.get("WALDUR_MOCK_TOKEN"))


def _completion(parser: argparse.ArgumentParser, shell: str) -> None:
    import shtab

    write_out(shtab.complete(parser, shell))


def _complain(message: str) -> NoReturn:
    for line in message.split("\n"):
        print(f"waldur-mock: {printable(line)}", file=sys.stderr)
    sys.exit(USAGE_ERROR)


if __name__ == "__main__":
    sys.exit(main())
