"""Scenario files: reads their text, and says of each fault in which file, on which line and where it is.

What a scenario means is in `fixtures/scenario/`; its schema is `fixtures/scenario/schema.yaml`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.fixtures import InvalidScenario, Problem, ScenarioError, build_from
from waldur_billing_mock.mock_server.billing.world import TABLES, World
from waldur_billing_mock.mock_server.scenario_schema import problems, schema
from waldur_billing_mock.mock_server.world_text import WorldFileError, WorldText
from waldur_billing_mock.openapi.document import resolve

_MOST_SHOWN: Final = 25
_MOST_LOCATED: Final = 200
"""Faults whose lines are looked up; there are more only where a file is none of scenarios."""


class ScenarioFileError(ScenarioError):
    """A file that is no scenario. `messages` are its faults: in which file and where, what is wrong, how to mend it."""

    def __init__(self, messages: Sequence[str], others: int = 0) -> None:
        """`others` is how many faults there are besides."""
        more = max(len(messages) - _MOST_SHOWN, 0) + others
        super().__init__("\n".join([*messages[:_MOST_SHOWN], *([f"and {more} more."] if more > 0 else [])]))
        self.messages: Final = list(messages)
        self.others: Final = others


def source_of(file: str) -> WorldText:
    """The text of a scenario file. Raises `ScenarioFileError` for one that cannot be read."""
    try:
        return WorldText.of_file(Path(file))
    except WorldFileError as error:
        raise ScenarioFileError([str(error)]) from error


def is_scenario(source: WorldText) -> bool:
    """Whether a text, which may be that of a world file, is a scenario: it fits the schema, or has fields of its own.

    A file that fits both is a scenario; `format` marks a world file. One that fits neither is what most of its fields
    belong to, so that its faults are those of the file that was meant. Raises `WorldFileError` for what cannot be read.
    """
    if re.match(r'\s*(\{\s*)?"?format"?\s*:', source.text):
        return False  # as exported; the rest may be long
    content = source.parsed()
    if not isinstance(content, dict) or "format" in content:
        return False
    only_here = set(schema()["properties"]) - {"$schema", "now", "seed", *TABLES}
    return not only_here.isdisjoint(content) or not problems(content) or _resembles_a_scenario(content)


def _resembles_a_scenario(content: Mapping[str, Any]) -> bool:
    """Whether rows have more fields that only scenarios know than fields that only world files know."""
    balance = 0
    for section, rows in content.items():
        items = schema()["properties"].get(section, {}).get("items")
        if items is None or section not in TABLES or not isinstance(rows, list):
            continue
        of_scenarios = resolve(schema(), items)["properties"].keys()
        of_worlds = TABLES[section].__dataclass_fields__.keys()
        named = [name for row in rows if isinstance(row, dict) for name in row]
        balance += sum((name in of_scenarios) - (name in of_worlds) for name in named)
    return balance > 0


def load_scenario(
    source: WorldText, *, seed: int | None = None, now: datetime | None = None, credit_details_copied: bool = False
) -> World:
    """The world of a scenario file; a seed and a clock (aware) take the place of those of the file.

    Raises `ScenarioFileError` with all faults, or `ScenarioError` for a clock that does not fit.
    """
    content = read(source)
    try:
        return build_from(content, seed=seed, now=now, credit_details_copied=credit_details_copied)
    except InvalidScenario as error:
        raise _located(source, error.problems) from error


def read(source: WorldText) -> Mapping[str, Any]:
    """What a file says, once it fits the schema. Raises `ScenarioFileError`."""
    try:
        content = source.parsed()
    except WorldFileError as error:
        raise ScenarioFileError([str(error)]) from error
    if isinstance(content, dict) and "format" in content:
        raise _located(source, [Problem(("format",), "this is a world file, and no scenario; serve it with --world.")])
    found = problems(content)
    if found:
        raise _located(source, found)
    valid: Mapping[str, Any] = content
    return valid


def _located(source: WorldText, found: Sequence[Problem]) -> ScenarioFileError:
    """The error for problems of a file, with the line of each, in the order of the lines."""
    errors = source.errors([(problem.path, problem.message) for problem in found[:_MOST_LOCATED]])
    return ScenarioFileError(sorted(map(str, errors), key=_line), len(found) - len(errors))


def _line(message: str) -> int:
    found = re.search(r", line ([0-9]+)", message)
    return int(found[1]) if found else 0
