"""What `waldur-mock scenario` prints."""

import json
from collections.abc import Sequence, Sized

from waldur_billing_mock.fixtures import SCENARIOS, file_of
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.scenario_file import ScenarioFileError, load_scenario, source_of
from waldur_billing_mock.mock_server.scenario_schema import schema


def check(files: Sequence[str]) -> str:
    """A line for each file, about its world. Raises `ScenarioFileError` with the faults of all files."""
    lines, faults, others = [], [], 0
    for file in files:
        try:
            lines.append(f"{file}: {_summary(load_scenario(source_of(file)))}")
        except ScenarioFileError as error:
            faults += error.messages
            others += error.others
    if faults:
        raise ScenarioFileError(faults, others)
    return "\n".join(lines)


def show(name: str) -> str:
    """A built-in scenario as a scenario file; of one that is made by code, the file that extends it."""
    path = file_of(name)
    if path is not None:
        return path.read_text(encoding="utf-8").rstrip("\n")
    return (
        f"# {SCENARIOS[name].summary}. It is made by code:\n"
        f"# `waldur-mock export --scenario {name}` writes all that it holds. What is written below is added to it.\n"
        f"extends: {name}"
    )


def listed() -> str:
    return "\n".join(f"{name:14} {scenario.summary}" for name, scenario in SCENARIOS.items())


def schema_text() -> str:
    return json.dumps(schema(), ensure_ascii=False, indent=2)


def _summary(world: World) -> str:
    counts: dict[str, Sized] = {
        "customers": world.customers,
        "projects": world.projects,
        "resources": world.resources,
        "invoices": world.invoices,
        "invoice items": world.invoice_items,
        "users": world.users,
    }
    held = ", ".join(f"{len(table)} {name}" for name, table in counts.items())
    return f"{held}; clock at {world.now.isoformat()}"
