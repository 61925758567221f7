"""The schemas that the page for editors names fit the files that the programs take."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
import yaml

from tests.serving import ROOT
from waldur_billing_mock.contracts import __main__ as suite
from waldur_billing_mock.contracts.baseline import load
from waldur_billing_mock.contracts.settings import Unusable
from waldur_billing_mock.mock_server import __main__ as mock

PAGE: Final = (ROOT / "docs" / "how-to" / "editors.md").read_text(encoding="utf-8")
COMMANDS: Final = {"waldur-mock": mock.main, "waldur-contracts": suite.main}
ENTRY: Final = {"check": "survey/*", "reason": "known", "expires": "2026-12-31"}


@pytest.fixture
def schemas(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The schemas by the names of the files into which the page prints them."""
    found = {}
    for program, words, file in re.findall(r"^\$ (\S+) (.+) > (\S+)$", PAGE, re.MULTILINE):
        assert COMMANDS[program](words.split()) == 0
        found[file] = json.loads(capsys.readouterr().out)
    return found


def test_the_samples_of_the_page_fit_the_schemas_that_they_name(schemas: dict[str, Any]) -> None:
    samples = re.findall(r"^```(?:yaml|json)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    named = [re.search(r"[\w.]+\.schema\.json", sample) for sample in samples]

    fitting = [
        jsonschema_rs.validator_for(schemas[name[0]]).is_valid(
            json.loads(json.dumps(yaml.safe_load(sample), default=str))
        )
        for name, sample in zip(named, samples, strict=True)
        if name
    ]

    assert {name[0] for name in named if name} == set(schemas)
    assert fitting == [True] * len(samples)


@pytest.mark.parametrize(
    ("entries", "fits"),
    [
        ([ENTRY], True),
        ([{**ENTRY, "what": "x", "operation": "invoices_*"}], True),
        ([], True),
        ([{"reason": "known", "expires": "2026-12-31"}], False),
        ([{"check": "survey/*", "expires": "2026-12-31"}], False),
        ([{"check": "survey/*", "reason": "known"}], False),
        ({"check": "survey/*"}, False),
    ],
)
def test_the_schema_of_baselines_takes_what_the_suite_takes(
    entries: Any, fits: bool, schemas: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "baseline.yaml"
    file.write_text(yaml.safe_dump(entries).replace("'2026-12-31'", "2026-12-31"), encoding="utf-8")
    try:
        load(file, date(2026, 1, 1))
        taken = True
    except Unusable:
        taken = False

    assert taken == fits
    assert jsonschema_rs.validator_for(schemas["baseline.schema.json"]).is_valid(entries) == fits
