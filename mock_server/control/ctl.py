"""`waldur-mock ctl`: steers a running mock. The commands are made of the description of the control plane."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.mock_server.control import description
from waldur_billing_mock.mock_server.control.description import Operation
from waldur_billing_mock.mock_server.printable import write_out
from waldur_billing_mock.mock_server.world_text import WorldFileError, WorldText
from waldur_billing_mock.openapi.document import Node

REFUSED: Final = 1
USAGE_ERROR: Final = 2

_SIMPLE_TYPES: Final = frozenset({"string", "integer", "number", "boolean"})


def main(arguments: Sequence[str]) -> int:
    """Runs one command; returns its exit code: 0, 1 where the mock refuses, 2 for what cannot be sent.

    Raises what `write_out` raises.
    """
    options = parser().parse_args(arguments)
    operation: Operation = options.operation
    import httpx  # loaded for commands that are sent, not for their help

    from waldur_billing_mock.mock_server.control.client import MockClient

    try:
        path, query, body = _sent(operation, vars(options))
        with MockClient(options.url, session=options.session, token=options.token) as client:
            if operation.media_type == "text/event-stream":
                for line in client.stream(operation.operation_id, query):
                    write_out(line)
                return 0
            answer = client.request(operation.operation_id, path, query, body)
    except ValueError as error:
        print(f"waldur-mock ctl: {error}", file=sys.stderr)
        return USAGE_ERROR
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        print(
            f"waldur-mock ctl: no answer from {options.url} ({error}); start it with `waldur-mock serve`, "
            "or name another with --url.",
            file=sys.stderr,
        )
        return USAGE_ERROR
    except KeyboardInterrupt:
        return 0
    _show(answer.headers.get("content-type", ""), answer.text, to_stderr=answer.status_code >= 400)
    return REFUSED if answer.status_code >= 400 else 0


def parser() -> argparse.ArgumentParser:
    """One command for each operation: `clock_advance` is `clock advance`."""
    top = argparse.ArgumentParser(
        prog="waldur-mock ctl",
        description="Steers a running mock: faults, journal, events and all else under /_mock/.",
        epilog="examples:\n  waldur-mock ctl faults add --operation invoices_paid --status 503 --times 1\n"
        "  waldur-mock ctl requests verify --operation invoices_paid --times 2",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument(
        "--url",
        default=os.environ.get("WALDUR_MOCK_URL", "http://127.0.0.1:8080"),
        help="where the mock is (default: %(default)s, or the variable WALDUR_MOCK_URL)",
    )
    top.add_argument("--session", default=os.environ.get("WALDUR_MOCK_SESSION"), help="whose world is meant")
    top.add_argument("--token", default=os.environ.get("WALDUR_MOCK_TOKEN"), help="needed from another machine only")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    groups: dict[str, Any] = {}
    for operation in description.operations().values():
        group, verb = words(operation.operation_id)
        if verb is None:
            _describe(commands.add_parser(group, help=operation.summary, description=operation.summary), operation)
            continue
        if group not in groups:
            known = sorted(_verbs(group))
            added = commands.add_parser(group, help=f"{', '.join(known)}")
            groups[group] = added.add_subparsers(required=True, metavar="COMMAND")
        _describe(groups[group].add_parser(verb, help=operation.summary, description=operation.summary), operation)
    return top


def _verbs(group: str) -> list[str]:
    pairs = (words(id) for id in description.operations())
    return [verb for found, verb in pairs if found == group and verb is not None]


def words(operation_id: str) -> tuple[str, str | None]:
    """The words of the command: `invoice_items_add` is `invoice-items add`, and `reset` is `reset`."""
    group, _, verb = operation_id.rpartition("_")
    return (group.replace("_", "-"), verb) if group else (verb, None)


def _describe(command: argparse.ArgumentParser, operation: Operation) -> None:
    command.set_defaults(operation=operation)
    for parameter in operation.located("path"):
        command.add_argument(f"path_{parameter['name']}", metavar=parameter["name"].upper())
    for parameter in operation.located("query"):
        help_text = parameter.get("description", "").replace("%", "%%")
        name = parameter["name"]
        command.add_argument(_flag(name), dest=f"query_{name}", metavar="TEXT", help=help_text)
    if operation.schema is None:
        return
    for name, schema in operation.fields().items():
        help_text = schema.get("description", "").replace("%", "%%")
        command.add_argument(_flag(name), dest=f"body_{name}", metavar=_metavar(schema), help=help_text)
    command.add_argument(
        "--file",
        metavar="FILE",
        help="the whole body, as JSON or YAML; - reads it from standard input",
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _metavar(schema: Node) -> str:
    if "enum" in schema:
        return "|".join(schema["enum"])
    return "TEXT" if schema.get("type") in _SIMPLE_TYPES else "JSON"


def _sent(operation: Operation, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """What the options say: path, query and body. Raises `ValueError` for what cannot be read."""
    path = {parameter["name"]: options[f"path_{parameter['name']}"] for parameter in operation.located("path")}
    query = {parameter["name"]: options[f"query_{parameter['name']}"] for parameter in operation.located("query")}
    if operation.schema is None:
        return path, query, None
    if operation.takes_yaml:
        if options["file"] is None:
            raise ValueError("name the file with --file FILE; - reads it from standard input.")
        return path, query, _text(options["file"])
    fields = {
        name: _value(name, schema, options[f"body_{name}"])
        for name, schema in operation.fields().items()
        if options[f"body_{name}"] is not None
    }
    if options["file"] is None:
        return path, query, fields or ({} if operation.body_required else None)
    content = _read(options["file"])
    if fields and not isinstance(content, dict):
        raise ValueError(f"{options['file']} holds no object, so {', '.join(fields)} cannot be added to it.")
    return path, query, {**content, **fields} if fields else content


def _value(name: str, schema: Node, text: str) -> Any:
    """The value of a field: as its schema types it, or as JSON; text that is no JSON is itself."""
    if schema.get("type") in _SIMPLE_TYPES:
        try:
            return description.parsed({"type": schema["type"]}, text)
        except ValueError as error:
            raise ValueError(f"--{name}: {error}") from error
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read(file: str) -> Any:
    try:
        # As data that JSON has: dates are text, no tag makes anything else, aliases are bounded.
        content = WorldText(file, _text(file), is_yaml=True).parsed()
    except WorldFileError as error:
        raise ValueError(str(error)) from error
    return json.loads(json.dumps(content, default=float))


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error


def _show(content_type: str, text: str, *, to_stderr: bool) -> None:
    # A file comes with lines of its own, and is printed as it is.
    if content_type.startswith("application/json") and "\n" not in text:
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    if not text:
        return
    if to_stderr:
        print(text.rstrip("\n"), file=sys.stderr, flush=True)
    else:
        write_out(text.rstrip("\n"))
