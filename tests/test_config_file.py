"""Options from a file: for `waldur-mock serve` and `waldur-contracts`, with the command line above them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
import yaml

from tests.serving import ROOT, serving
from waldur_billing_mock.config_file import options, schema
from waldur_billing_mock.contracts.options import parser, settings
from waldur_billing_mock.contracts.settings import Unusable
from waldur_billing_mock.mock_server.__main__ import main
from waldur_billing_mock.mock_server.arguments import parser as commands
from waldur_billing_mock.mock_server.serve_options import serve_parser, with_file

TOKEN: Final = "0123456789abcdef0123456789abcdef01234567"
ENVIRONMENT: Final = {"WALDUR_TOKEN": "one", "OWNER_TOKEN": "two", "OTHER_OWNER_TOKEN": "three"}
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of options."""

    def written(text: str) -> Path:
        path = tmp_path / "options.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def served(write: Write, text: str, *words: str) -> Any:
    """What `serve` understands of a file and a command line."""
    path = write(text)
    return commands().parse_args(["serve", *with_file(["--config", str(path), *words], path)])


def test_serve_takes_each_kind_of_option_from_a_file(write: Write) -> None:
    found = served(
        write, "port: 9000\nwire: true\nquiet: false\nseed: -5\nnow: 2025-11-22\nallowed-host: [a.example, b.example]\n"
    )

    assert (found.port, found.wire, found.quiet, found.seed) == (9000, True, False, -5)
    assert found.now.isoformat() == "2025-11-22T00:00:00+00:00"
    assert found.allowed_host == ["a.example", "b.example"]


def test_the_command_line_wins_and_replaces_lists(write: Write) -> None:
    found = served(
        write, "port: 9000\nclock: real\nallowed-host: a.example\n", "--por", "1", "--allowed-host=c.example"
    )

    assert (found.port, found.clock, found.allowed_host) == (1, "real", ["c.example"])


def test_an_empty_file_and_the_name_of_a_schema_say_nothing(write: Write) -> None:
    assert served(write, "# nothing yet\n") == served(write, '{"$schema": "serve.schema.json"}')


def test_a_mock_is_served_by_a_file_alone(write: Write) -> None:
    path = write("scenario: one-invoice\nwire: true\nquiet: true\nport: 1\n")

    with serving("--config", str(path)) as mock:
        invoices = json.loads(mock.ask("GET", "/api/invoices/", mock.token()).body)

    assert len(invoices) == 1
    assert re.fullmatch("[0-9a-f]{32}", invoices[0]["uuid"])


def test_the_suite_takes_options_from_the_file_of_the_page_on_pipelines(write: Write) -> None:
    page = (ROOT / "docs" / "how-to" / "pipelines.md").read_text(encoding="utf-8")
    sample = re.search(r'^```yaml title="contracts.yaml"\n(.*?)^```$', page, re.MULTILINE | re.DOTALL)
    assert sample is not None
    path = write(sample[1])

    made = settings(
        ["--config", str(path), "--profile", "night", "--write-item", "any", "--allow-writes", "x"], ENVIRONMENT
    )

    assert made.target == "https://waldur.example.org"
    assert (made.token, made.role_tokens) == ("one", {"owner": "two", "owner2": "three"})
    assert made.profile.name == "night"
    assert made.write_items == ("any",)
    assert made.reports == {"junit": Path("contract.xml"), "html": Path("contract.html")}


def test_several_values_and_numbers_reach_the_suite(write: Write) -> None:
    lines = ["target: http://127.0.0.1:8080", "allow-writes: 127.0.0.1", "write-item: [any]", "rate-limit: 2"]

    made = settings(["--config", str(write("\n".join([*lines, "only: [roles/, shapes/]", "strict: true"])))], {})

    assert (made.write_items, made.rate, made.only, made.strict) == (("any",), 2.0, ("roles/", "shapes/"), True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("wire: true\nprot: 9000\n", "line 2: there is no option 'prot'; did you mean 'port'?"),
        ("port: nine\n", "line 1: port must be a whole number, not 'nine'."),
        ("port: 70000\n", "line 1: port: '70000' is not a valid port; use a number from 0 to 65535."),
        ("wire: 1\n", "line 1: wire must be true or false, not '1'."),
        ("revision: 8.1\n", "line 1: revision must be text, not '8.1'; put it in quotes."),
        ("clock: soon\n", "line 1: clock must be one of frozen, real."),
        ("save:\n  - a\n  - b\n", "line 2: save must be text, not a sequence."),
        ("port: 1\nwire: true\nport: 2\n", "line 3: port is there already, in line 1; leave one out."),
        ("- port\n", "line 1: options are written as `name: value`, one a line."),
        ("port: [1\n", "line 2: this is no YAML"),
        (f"admin-token: {TOKEN}\n", "line 1: there is no option 'admin-token'; secrets do not belong in a file."),
        ("[" * 10_000, "values are nested too deep"),
    ],
)
def test_what_a_file_says_wrongly_is_refused_with_its_line(
    text: str, complaint: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(text)

    with pytest.raises(SystemExit) as ended:
        main(["serve", "--config", str(path)])

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert str(path) in said
    assert complaint in said
    assert TOKEN not in said


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--config", "nowhere.yaml"])

    assert "--config nowhere.yaml cannot be read: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        f"token-env: {TOKEN}\n",
        f"token-env: '{TOKEN}'\n",
        f"role-token: [owner={TOKEN}]\n",
        "role-token: {owner: abc}\n",
    ],
)
def test_a_token_in_a_file_is_refused_and_not_repeated(text: str, write: Write) -> None:
    path = write(text)

    with pytest.raises(Unusable) as refused:
        settings(["--config", str(path)], {TOKEN: "one"})

    assert f"{path}, line 1" in str(refused.value)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("command", [parser(), serve_parser()], ids=["contracts", "serve"])
def test_the_schema_has_every_option_and_takes_the_default_of_each(command: Any) -> None:
    made = schema(command, "Options")
    validator = jsonschema_rs.validator_for(made)
    known = options(command)

    assert set(made["properties"]) == {"$schema", *known}
    assert {"config", "help", "version", "app"}.isdisjoint(known)
    assert validator.is_valid({name: part["default"] for name, part in made["properties"].items() if "default" in part})
    assert not validator.is_valid({"nonsense": 1})


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("profile: quick\nrole-token: owner=OWNER_TOKEN\nbudget: 100\n", True),
        ("profile: fast\n", False),
        ("budget: '100'\n", False),
        (f"token-env: {TOKEN}\n", False),
        (f"role-token: [owner={TOKEN}]\n", False),
        ("strict: 1\n", False),
        ("write-invoice: [any]\n", True),
    ],
)
def test_the_schema_takes_what_the_suite_takes(text: str, fits: bool, write: Write) -> None:
    words = ["--config", str(write(text)), "--target", "http://127.0.0.1:8080", "--allow-writes", "127.0.0.1"]
    try:
        settings(words, ENVIRONMENT)
        taken = True
    except Unusable:
        taken = False

    assert taken == fits
    assert jsonschema_rs.validator_for(schema(parser(), "Options")).is_valid(yaml.safe_load(text)) == fits
