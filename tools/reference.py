"""Reference pages: the command lines, the control plane, worlds, checks, deviations and releases, as Markdown.

Each page is made of what the programs themselves read, so that it cannot say something else.
"""

import argparse
import io
import os
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.contracts import __main__ as suite
from waldur_billing_mock.contracts.checks import Check, checks
from waldur_billing_mock.contracts.description import describe
from waldur_billing_mock.contracts.roles import table
from waldur_billing_mock.contracts.settings import PROFILES
from waldur_billing_mock.mock_server import __main__ as mock
from waldur_billing_mock.mock_server import arguments
from waldur_billing_mock.mock_server.control import ctl, description
from waldur_billing_mock.mock_server.scenario_schema import schema
from waldur_billing_mock.openapi.history import history, render
from waldur_billing_mock.openapi.overlay import load

ROOT: Final = Path(__file__).resolve().parent.parent
OPENAPI: Final = ROOT / "openapi"
_COLUMNS: Final = "100"
_KINDS: Final = {
    "survey": "Surveys: what is there",
    "shapes": "Shapes: every answer fits its schema",
    "conventions": "Conventions: true of all operations of a kind",
    "invariants": "Invariants: true of one operation",
    "roles": "Roles: who sees and does what",
    "stories": "Stories: sequences of calls",
}


def pages() -> dict[str, str]:
    """The text of each page by its path in the site."""
    made: dict[str, Callable[[], str]] = {
        "waldur-mock": mock_commands,
        "waldur-mock-ctl": ctl_commands,
        "waldur-contracts": suite_commands,
        "control-plane": control_plane,
        "scenario-files": scenario_files,
        "checks": check_list,
        "deviations": deviations,
        "releases": releases,
    }
    return {f"reference/{name}.md": page() for name, page in made.items()}


def mock_commands() -> str:
    """All commands of `waldur-mock` but `ctl`, with their help."""
    parsers = {name: parser for name, parser in _subcommands(arguments.parser()).items() if name != "ctl"}
    verbs = [[name, verb] for name, parser in parsers.items() for verb in _subcommands(parser)]
    return _command_page("waldur-mock", mock.main, [[], *([name] for name in parsers), *verbs])


def ctl_commands() -> str:
    """All commands of `waldur-mock ctl`."""
    found: list[list[str]] = [["ctl"]]
    for group, parser in _subcommands(ctl.parser()).items():
        verbs = _subcommands(parser)
        found += [["ctl", group, verb] for verb in verbs] or [["ctl", group]]
    return _command_page("waldur-mock ctl", mock.main, found, called="waldur-mock")


def scenario_files() -> str:
    """What a scenario file can say, by the schema of these files."""
    document = schema()
    lines = ["# Scenario files", "", document["description"], ""]
    lines += [
        "`waldur-mock scenario schema` prints the JSON Schema, and `waldur-mock scenario show one-invoice` a file.",
        "",
    ]
    lines += ["## The file", "", *_fields(document)]
    for name, definition in document["$defs"].items():
        if "properties" in definition and not name.startswith("New"):
            lines += [f"## {name}", "", definition.get("description", ""), "", *_fields(definition)]
    lines += ["## Values", "", "| name | meaning |", "|---|---|"]
    for name, definition in document["$defs"].items():
        if "properties" not in definition and "description" in definition:
            lines.append(f"| {name} | {definition['description']} |")
    return "\n".join(lines) + "\n"


def _fields(definition: Mapping[str, Any]) -> Iterator[str]:
    required = definition.get("required", ())
    rows = [
        (f"`{name}`" + (" (needed)" if name in required else ""), _named(part), _meaning(part))
        for name, part in definition["properties"].items()
    ]
    yield from (*_table(("field", "type", "meaning"), rows), "")


def _meaning(part: Mapping[str, Any]) -> str:
    said: str = part.get("description", "")
    return f"{said} Default: {part['default']}.".strip() if "default" in part else said


def _named(part: Mapping[str, Any]) -> str:
    """The type of a field of a scenario file, by the name of its definition where it has one."""
    if "$ref" in part:
        return str(part["$ref"]).rpartition("/")[2].removeprefix("New")
    if part.get("type") == "array":
        return f"list of {_named(part['items'])}"
    if "anyOf" in part:
        return " or ".join(_named(one) for one in part["anyOf"])
    if "additionalProperties" in part and isinstance(part["additionalProperties"], dict):
        return f"object of {_named(part['additionalProperties'])}"
    return _kind(part)


def suite_commands() -> str:
    """All commands of `waldur-contracts`."""
    return _command_page("waldur-contracts", suite.main, [[], *([name] for name in suite.COMMANDS)])


def control_plane() -> str:
    """The operations under `/_mock/`: what they take, and how a shell and Python call them."""
    document = description.document()
    lines = ["# The control plane", "", str(document["info"]["description"]), ""]
    lines += ["A running mock shows the same as OpenAPI document at `/_mock/control.json`.", ""]
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    by_tag: dict[str, list[description.Operation]] = {name: [] for name in tags}
    for path_item in document["paths"].values():
        for method in description.METHODS:
            if method in path_item:
                operation = path_item[method]
                by_tag[operation["tags"][0]].append(description.operations()[operation["operationId"]])
    for name, operations in by_tag.items():
        lines += [f"## {name.capitalize()}", "", tags[name], ""]
        for operation in operations:
            lines += _operation(operation)
    return "\n".join(lines)


def check_list() -> str:
    """Every check of the contract suite with the sentence that it verifies."""
    made = checks(describe("documents"), tuple(table()["sees"]), PROFILES["night"])
    lines = [
        "# Checks",
        "",
        f"The contract suite makes {len(made)} checks on the revision `documents`, with all roles.",
        "`waldur-contracts explain` prints what one requires; its identifier, or the beginning of it, selects it:",
        "`waldur-contracts --only invariants`. The last column is the first profile that makes the check.",
        "",
    ]
    for kind in dict.fromkeys(check.kind for check in made):
        rows = [*_check_rows([check for check in made if check.kind == kind])]
        lines += [f"## {_KINDS[kind]}", "", *_table(("identifier", "requirement", "operations", "profile"), rows), ""]
    return "\n".join(lines)


def deviations() -> str:
    """The catalogue of known deviations: what real servers send instead of what is documented."""
    lines = ["# Known deviations", ""]
    for name, title in (("wire.yaml", "Billing"), ("support/wire.yaml", "Neighbours of billing")):
        overlay = load(OPENAPI / "overlays" / name)
        rows = [
            (
                f"`{action.extensions['x-waldur-deviation']}`",
                action.description,
                str(action.extensions.get("x-waldur-since", "")),
                _revisions(action.extensions.get("x-waldur-revisions")),
            )
            for action in overlay.actions
            if "x-waldur-deviation" in action.extensions
        ]
        if rows:
            unique = list(dict.fromkeys(rows))
            lines += [f"## {title}", "", overlay.description, ""]
            lines += [*_table(("deviation", "what servers do", "since", "revisions"), unique), ""]
    lines += ["`waldur-mock serve --wire` does the same; the contract suite reports it as known."]
    return "\n".join(lines)


def releases() -> str:
    """What each release changed, from the overlays."""
    return "\n".join(
        [
            "# Releases",
            "",
            "What each published release of the billing API changed, from the one before it.",
            "`waldur-mock spec --history` prints this; `waldur-mock spec --diff 7.8.8 8.1.3` compares any two.",
            "",
            render(history(OPENAPI), "markdown"),
        ]
    )


def _command_page(
    title: str, main: Callable[[Sequence[str]], int], commands: Sequence[Sequence[str]], called: str = ""
) -> str:
    lines = [f"# {title}", ""]
    for words in commands:
        name = " ".join((called or title, *words))
        if len(commands) > 1:
            lines += [f"## {name}", ""]
        lines += ["```text", help_of(main, words), "```", ""]
    return "\n".join(lines)


def help_of(main: Callable[[Sequence[str]], int], words: Sequence[str]) -> str:
    """What a command prints with `--help`, at a fixed width. Raises `RuntimeError` where it prints none."""
    printed, before = io.StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = _COLUMNS
    try:
        with redirect_stdout(printed):
            main([*words, "--help"])
    except SystemExit as ended:
        if ended.code:
            raise RuntimeError(f"{' '.join(words)} --help ended with {ended.code}.") from ended
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
    return printed.getvalue().strip()


def _subcommands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def _operation(operation: description.Operation) -> Iterator[str]:
    yield from (f"### {operation.operation_id}", "", f"`{operation.method} /_mock{operation.path}`", "")
    yield from (operation.summary, "")
    group, verb = ctl.words(operation.operation_id)
    yield from (f"In a shell: `waldur-mock ctl {' '.join(filter(None, (group, verb)))}`.", "")
    rows = [
        (f"`{part['name']}`", part["in"], _kind(part["schema"]), part.get("description", ""))
        for part in operation.parameters
    ]
    rows += [
        (f"`{name}`", "body", _kind(schema), schema.get("description", ""))
        for name, schema in operation.fields().items()
    ]
    if rows:
        yield from (*_table(("name", "in", "type", "meaning"), rows), "")


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "type" in schema:
        kind = schema["type"]
        return " or ".join(kind) if isinstance(kind, list) else str(kind)
    alternatives = schema.get("oneOf", schema.get("anyOf", ()))
    return " or ".join(dict.fromkeys(_kind(one) for one in alternatives)) or "any"


def _check_rows(made: Sequence[Check]) -> Iterator[tuple[str, ...]]:
    """One row for each requirement, with all operations for which it is verified."""
    groups: dict[tuple[str, str], list[Check]] = {}
    for check in made:
        groups.setdefault((check.requirement, check.level), []).append(check)
    for (requirement, level), group in groups.items():
        identifier = posixpath.commonpath([check.id for check in group])
        operations = dict.fromkeys(check.operation_id for check in group if check.operation_id)
        yield f"`{identifier}`", requirement, ", ".join(f"`{name}`" for name in operations) or "several", level


def _revisions(limits: Any) -> str:
    if limits is None:
        return "all"
    return ", ".join(map(str, limits)) if isinstance(limits, list) else str(limits)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in row)} |"
