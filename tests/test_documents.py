"""Every command that the documents print works: it is run, or at least understood where it takes long."""

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Final, NoReturn

import pytest

from tests.serving import ROOT, Mock
from waldur_billing_mock.contracts import options
from waldur_billing_mock.contracts.__main__ import COMMANDS
from waldur_billing_mock.contracts.redaction import SafeStream
from waldur_billing_mock.mock_server.arguments import parser
from waldur_billing_mock.mock_server.control import ctl

PAGES: Final = [
    path
    for path in sorted(ROOT.rglob("*.md"))
    if not any(part.startswith((".", "build", "dist")) or "egg-info" in part for part in path.relative_to(ROOT).parts)
]
PRINTED: Final = re.compile(r"^\s*\$ (.+)$", re.MULTILINE)
INLINE: Final = re.compile(r"`((?:waldur-mock|make|waldur-contracts) [^`…]+)`")
DOCUMENTED: Final = "127.0.0.1:8080"


def commands() -> list[tuple[str, str]]:
    """The page and the command, for each that a page prints."""
    found = []
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for command in [*PRINTED.findall(text), *INLINE.findall(text)]:
            plain = re.split(r"\s{2,}#", command)[0].strip()
            if not re.search(r"[A-Z]{4,}\b(?<!ARGS)|\[", re.sub(r"ARGS=.*|Token \S+|WALDUR\S*", "", plain)):
                found.append((path.relative_to(ROOT).as_posix(), plain))
    return found


def runnable(*names: str) -> list[tuple[str, str]]:
    return [(page, command) for page, command in dict.fromkeys(commands()) if command.split()[0] in names]


# Pages that serve a scenario file of their own, or put a proxy before the mock, are followed by `tests/tools/`.
OF_THE_DEFAULT_WORLD: Final = [
    (page, command)
    for page, command in runnable("curl", "http")
    if not re.search(
        r"serve --scenario \S+\.yaml|waldur-mock proxy http://127", (ROOT / page).read_text(encoding="utf-8")
    )
]


@pytest.mark.parametrize(("page", "command"), OF_THE_DEFAULT_WORLD)
def test_a_printed_request_succeeds(page: str, command: str, mock: Mock) -> None:
    address = mock.url.removeprefix("http://")
    words = shlex.split(command.replace(DOCUMENTED, address).replace(" :8080/", f" {address}/"))
    program = {"curl": ["curl", "--silent", "--fail"], "http": [str(HTTPIE), "--ignore-stdin", "--check-status"]}

    ended = subprocess.run([*program[words[0]], *words[1:]], capture_output=True, text=True, check=False, timeout=60)

    assert (ended.returncode, ended.stderr) == (0, "")


HTTPIE: Final = Path(sys.executable).parent / "http"


@pytest.mark.parametrize(("page", "command"), runnable("make"))
def test_a_printed_target_exists(page: str, command: str) -> None:
    words = shlex.split(command)
    if "<" in command:
        words = words[:2]

    ended = subprocess.run(
        ["make", "--dry-run", *words[1:]],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(("page", "command"), runnable("waldur-mock"))
def test_a_printed_command_of_the_mock_is_understood(page: str, command: str) -> None:
    words = shlex.split(command.partition(" > ")[0].partition(" | ")[0])[1:]
    if words[:1] == ["ctl"]:
        if words[1:]:
            ctl.parser().parse_args(words[1:])
    elif len(words) == 1 and words[0].isalpha():
        with pytest.raises(SystemExit, match="0"):
            parser().parse_args([*words, "--help"])
    elif words != ["--version"]:
        parser().parse_args(words)


class Understood(Exception):
    """A command line was parsed."""


@pytest.mark.parametrize(("page", "command"), runnable("waldur-contracts"))
def test_a_printed_command_of_the_suite_is_understood(page: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(command.partition(" > ")[0])[1:]
    parse = argparse.ArgumentParser.parse_args

    def stop(parser: argparse.ArgumentParser, given: Sequence[str]) -> NoReturn:
        parse(parser, given)
        raise Understood

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)

    subcommand, nowhere = COMMANDS.get("".join(words[:1])), SafeStream(StringIO())

    with pytest.raises(Understood):
        subcommand(words[1:], nowhere, nowhere) if subcommand else options.settings(words)


def test_commands_are_found_in_the_documents() -> None:
    assert [bool(runnable(name)) for name in ("curl", "http", "make", "waldur-mock", "waldur-contracts")] == [True] * 5


def test_the_suite_runs_as_pytest_as_the_guide_says() -> None:
    """Only the checks that it would run are collected, as to run them takes long."""
    (command,) = re.findall(r"^ {4}(WALDUR_CONTRACTS=.+)$", (ROOT / "contracts" / "GUIDE.md").read_text(), re.MULTILINE)
    setting, program, *words = shlex.split(command)
    name, _, value = setting.partition("=")

    ended = subprocess.run(
        [sys.executable, "-m", program, *words, "--collect-only", "--quiet"],
        cwd=ROOT,
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "invariants/invoices_paid" in ended.stdout
