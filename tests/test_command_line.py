"""The command line says what it can do, what it serves, and what the user can mend."""

import errno
import json
import os
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
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.asgi import Api, pristine
from tests.descriptions import description
from tests.operations.figures import INVOICE
from tests.serving import FROM_THE_CHECKOUT, ROOT
from waldur_billing_mock import __version__
from waldur_billing_mock.fixtures import SCENARIOS
from waldur_billing_mock.mock_server.__main__ import main
from waldur_billing_mock.mock_server.arguments import parser
from waldur_billing_mock.mock_server.serve_options import world_settings
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.start_world import create_stage
from waldur_billing_mock.mock_server.world_file import dump, load, write
from waldur_billing_mock.mock_server.world_text import WorldFileError
from waldur_billing_mock.openapi.document import to_yaml
from waldur_billing_mock.openapi.presentation import present
from waldur_billing_mock.openapi.revision import revisions

SECONDS_TO_STOP: Final = 1.0
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
    scenario = () if "--world" in arguments else ("--scenario", "one-invoice")
    process = subprocess.Popen(
        [*FROM_THE_CHECKOUT, "serve", "--port", "0", *scenario, *arguments],
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
    assert capsys.readouterr().out == f"waldur-mock {__version__}\n"


@pytest.mark.parametrize("command", ["serve", "export", "spec", "world-format", "completion"])
def test_the_help_of_a_command_has_defaults_and_two_examples(capsys: pytest.CaptureFixture[str], command: str) -> None:
    run(command, "--help")

    _, examples, more = capsys.readouterr().out.partition("examples:\n")
    assert examples
    assert len([line for line in more.partition("\n\n")[0].splitlines() if line.startswith("  waldur-mock ")]) == 2


@pytest.mark.parametrize("command", ["serve", "export", "spec", "world-format"])
def test_the_help_tells_the_default_of_every_option(capsys: pytest.CaptureFixture[str], command: str) -> None:
    run(command, "--help")

    listed = capsys.readouterr().out.partition("\noptions:\n")[2].partition("\n\n")[0]
    options = re.split(r"\n  (?=-)", f"\n{listed}".rstrip())
    without = {"--help", "--world", "--save", "--diff", "--history", "--support"}
    assert [
        option
        for option in options
        if option.strip() and "default" not in option and not any(name in option for name in without)
    ] == []


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_completes_the_commands(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert run("completion", shell) == 0

    script = capsys.readouterr().out
    assert "world-format" in script
    assert "--scenario" in script


@pytest.mark.parametrize("arguments", [(), ("dance",), ("spec", "--format", "xml"), ("serve", "--nonsense")])
def test_a_command_that_is_none_is_explained(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    assert run(*arguments) == 2
    assert capsys.readouterr().err.startswith("usage: waldur-mock")


def test_several_workers_are_refused_with_the_reason_and_a_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "--workers", "4") == 2

    said = " ".join(capsys.readouterr().err.split())
    assert "a world is in the memory of one process" in said
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
        (["spec", "--history", "--format", "yaml"], "Differences come as text, markdown, json; choose one"),
        (["spec", "--format", "text"], "The description comes as yaml, json; choose one"),
        (["serve", "--port", "0", "--revision", "9"], "There is no revision '9'"),
        (["serve", "--port", "0", "--scenario", "x"], "there is no scenario 'x'; choose one of default"),
        (["serve", "--port", "0", "--scenario", "empty", "--months", "2"], "has one size"),
        (["serve", "--port", "0", "--world", "missing.json"], "missing.json"),
        (["serve", "--port", "0", "--now", "22.11.2025"], "'22.11.2025' is not a date; write it as 2025-11-22"),
        (["serve", "--port", "0", "--now", "2025-02-30"], "'2025-02-30' is not a date"),
        (
            ["serve", "--port", "0", "--grace-hours", "24"],
            "--grace-hours: the revision documents has no state pending_",
        ),
        (["serve", "--grace-hours", "672"], "'672' is not a number of hours from 0 to 671"),
        (["serve", "--port", "65536"], "'65536' is not a valid port; use a number from 0 to 65535"),
        (["serve", "--port", "-1"], "'-1' is not a valid port"),
        (["serve", "--port", "0", "--customers", "0"], "'0' is not a whole number from 1"),
        (
            ["serve", "--port", "0", "--host", "192.0.2.1"],
            "cannot listen on the host '192.0.2.1': it is not an address of this machine",
        ),
        (["serve", "--host", "nosuch.invalid"], "cannot listen on the host 'nosuch.invalid': it is not a known name"),
        (["serve", "--host", ""], "cannot listen on the host ''"),
        (["serve", "--port", "80000"], "'80000' is not a valid port"),
        (["serve", "--seed", "x"], "'x' is not a valid seed"),
        (
            ["serve", "--world", "w.json", "--seed", "1"],
            "--world w.json already says what the world is; leave out --seed.",
        ),
        (["export", "--world", "w.json", "--now", "2025-11-22", "--months", "3"], "leave out --now, --months."),
        (["serve", "--world", "w.json", "--scenario", "empty"], "leave out --scenario."),
        (["export", "--scenario", "x"], "there is no scenario 'x'"),
        (
            ["export", "--scenario", "empty", "--output", "/nowhere/w.json"],
            "/nowhere/w.json: the file cannot be written: ",
        ),
        (["serve", "--port", "0", "--save", "/nowhere/w.json"], "--save /nowhere/w.json: no file can be written there"),
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
    assert complaint.startswith(f"waldur-mock: cannot listen on 127.0.0.1: the port {port} is in use; ")
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
    """On a busy machine one of three has to be in time."""
    for last in (False, False, True):
        with started() as process:
            lines_until(process.stdout, "Ctrl-C")

            begun = time.monotonic()
            process.send_signal(signal_number)
            code = process.wait(10)
            seconds = time.monotonic() - begun
            said = process.communicate()[1]

        assert code == 0
        assert "Traceback" not in said
        if last or seconds < SECONDS_TO_STOP:
            break

    assert seconds < SECONDS_TO_STOP


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


# Export and save.


@pytest.mark.parametrize(
    "arguments",
    [
        ("--scenario", "one-invoice", "--seed", "3"),
        ("--customers", "5", "--months", "3", "--now", "2026-02-10"),
        ("--world", str(ROOT / "mock_server" / "worlds" / "complete.yaml")),
    ],
)
def test_an_exported_world_answers_byte_for_byte_the_same(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = tmp_path / "world.json"
    assert run("export", *arguments, "--output", str(path)) == 0

    worlds = [load(path.read_text(encoding="utf-8")), create_stage(settings_of("serve", *arguments)).world]

    assert dump(worlds[0]) == dump(worlds[1])
    answers = []
    for world in worlds:
        api = Api(Settings(), world)
        token = next(user.token for user in api.world.users if user.is_staff)
        headers = {"Authorization": f"Token {token}"}
        lists = ("/api/invoices/", "/api/invoice-items/", "/api/invoices/growth/", "/api/provider-invoice-items/")
        answers.append([api.send("GET", path, None, headers).text for path in lists])
    assert answers[0] == answers[1]


def settings_of(*arguments: str) -> Settings:
    """The settings of a command that serves."""
    return Settings(**world_settings(parser().parse_args(arguments)))


def test_an_export_goes_to_standard_output_where_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "--scenario", "empty") == 0
    assert capsys.readouterr().out == dump(pristine("empty"))


@pytest.mark.parametrize(
    ("arguments", "name"), [((), "world.schema.json"), (("--example", "complete"), "complete.yaml")]
)
def test_the_format_of_world_files_is_printed(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], name: str
) -> None:
    assert run("world-format", *arguments) == 0
    assert capsys.readouterr().out == (ROOT / "mock_server" / "worlds" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_the_world_is_saved_at_the_end_and_goes_on_where_it_was(tmp_path: Path, signal_number: signal.Signals) -> None:
    path = tmp_path / "world.json"
    with started("--save", str(path)) as process:
        message = "\n".join(lines_until(process.stdout, "Ctrl-C"))
        (address,) = re.findall(r"at (http://127\.0\.0\.1:\d+)/api/", message)
        paid = Request(f"{address}/api/invoices/{INVOICE}/paid/", method="POST")
        paid.add_header("Authorization", "Token YOUR_API_TOKEN")
        urlopen(paid, timeout=10).close()
        process.send_signal(signal_number)
        assert process.wait(10) == 0

    (invoice,) = load(path.read_text(encoding="utf-8")).invoices
    assert invoice.state == "paid"
    assert [one.name for one in tmp_path.iterdir()] == ["world.json"]


def test_a_file_that_cannot_be_saved_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a full disk; what was there before stays."""
    path = tmp_path / "world.json"
    path.write_text("before", encoding="utf-8")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorldFileError, match="cannot be written: No space left on device"):
        write(pristine("empty"), path)

    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


# Other addresses than this machine's alone.


def test_on_another_address_a_new_admin_token_is_printed_and_a_warning_logged() -> None:
    with started("--host", "0.0.0.0", "--log-format", "json") as process:
        (line,) = lines_until(process.stdout, "listening")
        warning = json.loads(lines_until(process.stderr, "warning")[-1])
        start = json.loads(line)
        address = start["address"].replace("0.0.0.0", "127.0.0.1")
        with pytest.raises(HTTPError, match="401"):
            urlopen(f"{address}/_mock/users", timeout=10)
        users = ask(address, "/_mock/users", start["admin_token"])

    assert len(start["admin_token"]) >= 24
    assert "can be reached from other machines" in warning["message"]
    assert users == start["users"]


def test_a_given_admin_token_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALDUR_MOCK_ADMIN_TOKEN", "given-by-the-operator")
    with started("--log-format", "json") as process:
        (line,) = lines_until(process.stdout, "listening")
        users = ask(json.loads(line)["address"], "/_mock/users", "given-by-the-operator")

    assert users
    assert "given-by-the-operator" not in line


def test_a_world_without_users_is_served_with_a_word_on_it(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text("{}", encoding="utf-8")

    with started("--world", str(path)) as process:
        message = "\n".join(lines_until(process.stdout, "Ctrl-C"))

    assert "nobody can call the API" in message
