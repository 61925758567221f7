"""The command line says what it can do, what it serves, and what the user can mend."""

import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final
from urllib.request import Request, urlopen

import pytest

from tests.asgi import pristine
from tests.descriptions import description
from tests.serving import FROM_THE_CHECKOUT, ROOT
from waldur_billing_mock.fixtures import SCENARIOS
from waldur_billing_mock.mock_server import __version__
from waldur_billing_mock.mock_server.__main__ import main
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.mock_server.world_file import dump
from waldur_billing_mock.openapi.document import to_yaml
from waldur_billing_mock.openapi.presentation import present
from waldur_billing_mock.openapi.revision import revisions

SECONDS_TO_STOP: Final = 2.0
SECONDS_TO_LIVE: Final = 60.0


def run(*arguments: str) -> int:
    """The exit code of a command that ran in this process."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A server on a free port, ended in any case; both of its streams can be read."""
    process = subprocess.Popen(
        [*FROM_THE_CHECKOUT, "serve", "--port", "0", "--scenario", "one-invoice", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # A server that hangs is ended, so that whoever reads what it says comes to the end of it.
    guard = threading.Timer(SECONDS_TO_LIVE, process.kill)
    guard.start()
    try:
        yield process
    finally:
        guard.cancel()
        process.kill()
        process.communicate()


def lines_until(stream: IO[str] | None, last: str) -> list[str]:
    """What a stream says, up to the line that holds a text."""
    assert stream is not None
    lines: list[str] = []
    while not lines or last not in lines[-1]:
        line = stream.readline()
        assert line, f"the stream ended after {lines}"
        lines.append(line.rstrip("\n"))
    return lines


def ask(address: str, path: str, token: str) -> Any:
    with urlopen(Request(address + path, headers={"Authorization": f"Token {token}"}), timeout=10) as reply:
        return json.loads(reply.read())


# Help and version.


@pytest.mark.parametrize("arguments", [(), ("serve",), ("spec",)])
def test_help_tells_all_options(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    code = run(*arguments, "--help")

    text = capsys.readouterr().out
    options = {
        (): ["serve", "spec", "--version"],
        ("serve",): [
            "--host",
            "--port",
            "--revision",
            "--wire",
            "--world",
            "--scenario",
            "--seed",
            "--now",
            *SCENARIOS,
        ],
        ("spec",): ["--revision", "--wire", "--diff", "--format", *revisions(DESCRIPTION)],
    }
    assert code == 0
    assert [option for option in options[arguments] if option not in text] == []


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("dance",), ("spec", "--format", "xml"), ("serve", "--nonsense")])
def test_a_command_that_is_none_is_explained(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    assert run(*arguments) == 2
    assert capsys.readouterr().err.startswith("usage: waldur-mock")


def test_several_workers_are_refused_with_the_reason_and_a_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "--workers", "4") == 2

    said = " ".join(capsys.readouterr().err.split())
    assert "the world lives in the memory of one process" in said
    assert "start several servers, each on its own --port" in said


# The description.


@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
@pytest.mark.parametrize("wire", [False, True])
def test_the_description_is_printed_as_json(capsys: pytest.CaptureFixture[str], revision: str, wire: bool) -> None:
    code = run("spec", "--revision", revision, "--format", "json", *(["--wire"] if wire else []))

    assert code == 0
    assert json.loads(capsys.readouterr().out) == present(description(revision, wire))


def test_the_description_is_printed_as_yaml_where_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    code = run("spec")

    assert code == 0
    assert capsys.readouterr().out == to_yaml(present(description()))


def test_differences_are_listed_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    codes = [run("spec", "--diff", "7.8.8", "8.0.9"), run("spec", "--diff", "7.8.8", "7.8.8")]

    lines = capsys.readouterr().out.splitlines()
    assert codes == [0, 0]
    assert any("InvoiceItemDetail" in line for line in lines)
    assert lines[-1] == "No difference."


@pytest.mark.parametrize("arguments", [("--diff", "8.1.2", "8.1.3"), ("--history",)])
def test_a_report_of_differences_has_the_format_that_was_asked_for(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    codes = [run("spec", *arguments, "--format", form) for form in ("markdown", "json")]

    markdown, _, objects = capsys.readouterr().out.partition("[\n")
    assert codes == [0, 0]
    assert markdown.startswith("| release | severity | change | operations |\n")
    assert json.loads("[" + objects)[-1]["release"] == "8.1.3"


def test_the_tolerant_description_is_another_than_what_to_send(capsys: pytest.CaptureFixture[str]) -> None:
    types = []
    for arguments in ((), ("--tolerant",)):
        run("spec", "--format", "json", *arguments)
        types.append(json.loads(capsys.readouterr().out)["components"]["parameters"]["page"]["schema"]["type"])

    assert types == ["integer", ["integer", "string"]]


@pytest.mark.parametrize(
    ("asked", "version", "said"),
    [
        ("8.0.6", "8.0.5", "Release 8.0.6 has the contract of 8.0.5."),
        ("latest", "8.1.3", "The latest release that is described is 8.1.3."),
        ("8.0.5", "8.0.5", ""),
    ],
)
def test_a_release_between_two_is_told_to_be_the_one_before(
    capsys: pytest.CaptureFixture[str], asked: str, version: str, said: str
) -> None:
    run("spec", "--revision", asked, "--format", "json")

    shown = capsys.readouterr()
    assert (json.loads(shown.out)["info"]["version"], shown.err.strip()) == (version, said)


# What the user can mend.


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["spec", "--revision", "9"], "There is no revision '9'; choose one of documents, 7.8.8, 7.9.0"),
        (["spec", "--diff", "7.8.8", "9"], "There is no revision '9'"),
        (["spec", "--history", "--format", "yaml"], "Differences come as text, markdown or json"),
        (["spec", "--format", "text"], "The description comes as yaml or json"),
        (["serve", "--port", "0", "--revision", "9"], "There is no revision '9'"),
        (["serve", "--port", "0", "--scenario", "x"], "there is no scenario 'x'; choose one of default"),
        (["serve", "--port", "0", "--scenario", "empty", "--months", "2"], "has one size"),
        (["serve", "--port", "0", "--world", "missing.json"], "missing.json"),
        (["serve", "--port", "0", "--now", "22.11.2025"], "'22.11.2025' is no date; write it as 2025-11-22"),
        (["serve", "--port", "0", "--now", "2025-02-30"], "'2025-02-30' is no date"),
        (["serve", "--port", "65536"], "'65536' is no port; choose a number from 0 to 65535"),
        (["serve", "--port", "-1"], "'-1' is no port"),
        (["serve", "--port", "0", "--customers", "0"], "'0' is not a positive number"),
        (["serve", "--port", "0", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1:0"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    code = run(*arguments)

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert "waldur-mock" in said.err
    assert complaint in said.err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}'])
def test_a_file_that_is_no_world_is_told_so(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str) -> None:
    path = tmp_path / "world.json"
    path.write_text(text, encoding="utf-8")

    assert run("serve", "--port", "0", "--world", str(path)) == 2
    assert capsys.readouterr().err.startswith(f"waldur-mock: {path}, line 1")


def test_a_port_that_is_taken_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        code = run("serve", "--port", str(port))

    complaint = capsys.readouterr().err
    assert code == 2
    assert complaint.startswith(f"waldur-mock: cannot listen on 127.0.0.1:{port}: ")
    assert "choose another --port, or 0 for a free one." in complaint


# A server.


def test_the_start_message_is_enough_to_begin_with() -> None:
    with started("--revision", "8.0.9", "--wire") as process:
        message = "\n".join(lines_until(process.stdout, "Ctrl-C"))

        (address,) = re.findall(r"at (http://127\.0\.0\.1:\d+)/api/", message)
        (token,) = re.findall(r"Authorization: Token (\S+)'", message)
        (invoice,) = ask(address, "/api/invoices/", token)
        shown = [(user["role"], user["token"]) for user in ask(address, "/_mock/users", token)]

    assert f"Waldur billing mock {__version__}" in message
    assert "8.0.9, wire dialect" in message
    assert "one-invoice, seed 1, clock at 2025-12-05T09:00:00+00:00" in message
    assert "1 invoices, 6 invoice items" in message
    assert f"{address}/_mock/" in message
    assert invoice["uuid"] == "a1b2c3d4e5f67890abcdef1234567890"
    assert [line.split() for line in message.splitlines() if line.split()[-1:] == [shown[1][1]]] == [list(shown[1])]


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_stops_at_once_and_quietly(signal_number: signal.Signals) -> None:
    with started() as process:
        lines_until(process.stdout, "Ctrl-C")

        begun = time.monotonic()
        process.send_signal(signal_number)
        code = process.wait(10)
        seconds = time.monotonic() - begun
        said = process.communicate()[1]

    assert code in ((0,) if signal_number == signal.SIGINT else (0, -signal.SIGTERM))
    assert seconds < SECONDS_TO_STOP
    assert "Traceback" not in said


def test_the_log_can_be_read_by_machines() -> None:
    with started("--log-format", "json") as process:
        (line,) = lines_until(process.stdout, "listening")
        start = json.loads(line)
        token = start["users"][0]["token"]

        ask(start["address"], "/api/invoices/?page_size=1", token)
        (logged,) = lines_until(process.stderr, "invoices")

    entry = json.loads(logged)
    assert start["event"] == "listening"
    assert {key: entry[key] for key in ("method", "path", "status")} == {
        "method": "GET",
        "path": "/api/invoices/?page_size=1",
        "status": 200,
    }
    assert token not in logged


def test_a_world_of_a_file_is_served(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text(dump(pristine("empty")), encoding="utf-8")

    with started("--world", str(path)) as process:
        message = "\n".join(lines_until(process.stdout, "Ctrl-C"))

    assert str(path) in message
    assert "0 invoices" in message
