"""What tests give as a scenario: a name, a file, its text, or its content."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from waldur_billing_mock.fixtures import SCENARIOS, is_file_name
from waldur_billing_mock.mock_server.scenario_file import read, source_of
from waldur_billing_mock.mock_server.world_text import WorldText

Given = str | Path | Mapping[str, Any]
"""The name of a built-in scenario, the path of a scenario file, the text of one (YAML or JSON), or its content."""


def scenario_text(given: Given | None, sections: Mapping[str, Any]) -> WorldText:
    """The scenario as a text that fits the schema; `sections` are added to it, or take the place of its own.

    Raises `ScenarioFileError` with all faults.
    """
    source = _source(given)
    if sections:
        content = dict(_source(given).parsed()) if given is not None else {}
        source = _of_content({**content, **sections})
    read(source)
    return source


def _source(given: Given | None) -> WorldText:
    match given:
        case None:
            return _of_content({})
        case Path():
            return source_of(str(given))
        case str() if given in SCENARIOS:
            return _of_content({"extends": given})
        case str() if "\n" not in given and is_file_name(given):
            return source_of(given)
        case str():
            return WorldText("the scenario", given, is_yaml=not given.lstrip().startswith("{"))
        case _:
            return _of_content(given)


def _of_content(content: Mapping[str, Any]) -> WorldText:
    return WorldText("the scenario", json.dumps(content, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    """Dates, and numbers digit for digit, as a file has them. Raises `TypeError` for what no file can have."""
    match value:
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case Mapping():
            return dict(value)
    raise TypeError(f"{value!r} cannot be written into a scenario; use text, numbers, dates, lists and dicts.")
