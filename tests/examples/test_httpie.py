"""Every HTTPie command of the documents, run by the real HTTPie with nothing but the host changed."""

import json
import os
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from httpie.context import Environment
from httpie.core import main

from tests.examples.documented import DOCUMENTED_HOST, Command, Example, examples
from tests.serving import Mock

HTTP = Path(sys.executable).with_name("http")


@pytest.fixture(scope="module")
def description(served: Mock) -> dict[str, Any]:
    """The description that the mock publishes."""
    document: dict[str, Any] = json.loads(served.ask("GET", "/_mock/openapi.json").body)
    return document


def options(command: Command, mock: Mock) -> list[str]:
    """The words of a command against a mock. A status of 300 or more fails."""
    words = [command["method"], command["url"], *command["headers"], *command["data"]]
    changed = [word.replace(DOCUMENTED_HOST, mock.url) for word in words]
    return ["--ignore-stdin", "--check-status", "--pretty=none", "--print=hb", *changed]


def run(command: Command, mock: Mock, settings: Path) -> tuple[int, str]:
    """Run a command in this process and return the status and the body."""
    written = BytesIO()
    out = TextIOWrapper(written, "utf-8")
    environment = Environment(config_dir=settings, stdout=out, stdout_isatty=False, stderr=out, stderr_isatty=False)
    code = main(["http", *options(command, mock)], environment)
    out.flush()
    said = written.getvalue().decode()
    assert code == 0, said
    head, _, body = said.partition("\r\n\r\n")
    return int(head.split()[1]), body.strip()


def success(description: dict[str, Any], operation: str) -> tuple[int, dict[str, Any] | None]:
    """The success status that the description gives an operation, and the schema of its body if any."""
    (described,) = (
        candidate
        for path in description["paths"].values()
        for candidate in path.values()
        if isinstance(candidate, dict) and candidate.get("operationId") == operation
    )
    ((status, response),) = ((int(key), value) for key, value in described["responses"].items() if key[0] == "2")
    if "content" not in response:
        return status, None
    schema: dict[str, Any] = response["content"]["application/json"]["schema"]
    return status, schema


@pytest.mark.parametrize("example", examples(), ids=lambda example: example["operation"])
def test_the_documented_command_gets_the_documented_answer(
    example: Example, mock: Mock, description: dict[str, Any], tmp_path: Path
) -> None:
    documented_status, schema = success(description, example["operation"])

    status, body = run(example["httpie"], mock, tmp_path)

    assert status == documented_status
    if schema is None:
        assert body == ""
    else:
        root = {**schema, "components": description["components"]}
        validator = jsonschema_rs.Draft202012Validator(root, validate_formats=True)
        assert [str(error) for error in validator.iter_errors(json.loads(body))] == []


def test_the_command_of_an_installation_gets_the_same(mock: Mock, tmp_path: Path) -> None:
    command = next(one["httpie"] for one in examples() if one["operation"] == "invoices_list")

    finished = subprocess.run(
        [HTTP, *options(command, mock)],
        env={**os.environ, "HTTPIE_CONFIG_DIR": str(tmp_path)},
        capture_output=True,
        check=True,
    )

    assert finished.stdout.decode().endswith(run(command, mock, tmp_path)[1])


def test_every_operation_of_the_documents_has_its_command() -> None:
    commands = [(example["httpie"]["method"], example["httpie"]["url"]) for example in examples()]

    assert len(set(commands)) == 24
