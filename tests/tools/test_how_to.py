"""The pages of how-to work: their files are written, their commands typed in order, in an empty folder."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from pygments.lexers import GoLexer
from pygments.token import Error

from tests.deploy.commands import installed
from tests.proxy.running import Running, proxying
from tests.serving import ROOT, serving
from tests.tools.test_tutorials import BLOCK, DOCUMENTED
from waldur_billing_mock.mock_server.control import description
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.revision import describe

PAGES: Final = ("develop-a-client", "write-tests", "run-in-ci", "run-for-a-team", "sessions", "proxy")
CLIENT: Final = ROOT / ".venv" / "clients" / "8.1.3" / "bin" / "python"
"""Waldur's own client, in an environment that `make test` makes."""
RUNS_TYPESCRIPT: Final = (22, 18)
ELSEWHERE: Final = "waldur.example.com"
"""A deployment that nobody can ask here. Commands that name it are parsed by `tests/test_documents.py`."""
OF_THE_PROXY: Final = "127.0.0.1:8090"


def blocks(page: str) -> list[tuple[str, str, str]]:
    """The blocks of a page: language, file name (or empty) and text."""
    return BLOCK.findall((ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    programs = installed(tmp_path / "bin")
    monkeypatch.setenv("PATH", os.pathsep.join((str(programs), os.environ["PATH"])))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(folder))))
    # An installed package registers its plugin itself.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p waldur_billing_mock.mock_server.testing.plugin")
    typed = 0
    proxies: list[Running] = []
    with ExitStack() as running:
        for kind, title, text in blocks(page):
            if title:
                (folder / title).write_text(text, encoding="utf-8")
            for command in re.findall(r"^\$ (.+)$", text, re.MULTILINE) if kind == "console" else ():
                typed += 1
                if ELSEWHERE in command:
                    continue
                if command.startswith("waldur-mock serve "):
                    options, program = _without_port(command.split()[2:]), (str(programs / "waldur-mock"),)
                    served = running.enter_context(serving(*options, program=program, folder=folder))
                    monkeypatch.setenv("WALDUR_MOCK_URL", served.url)
                    continue
                address = os.environ.get("WALDUR_MOCK_URL", "").removeprefix("http://")
                if command.startswith("waldur-mock proxy "):
                    options = _without_port(command.replace(DOCUMENTED, address).split()[2:])
                    proxies.append(running.enter_context(proxying(*options, folder=folder)))
                    continue
                if "--har" in command:
                    _stop(proxies)
                here = _for_this_machine(command, folder).replace(DOCUMENTED, address)
                if proxies:
                    here = here.replace(OF_THE_PROXY, proxies[-1].url.removeprefix("http://"))
                ended = subprocess.run(["bash", "-c", here], cwd=folder, capture_output=True, text=True, check=False)
                assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"

    assert typed


def _stop(proxies: Sequence[Running]) -> None:
    """Ctrl-C, after which the files are there that the page names."""
    for proxy in proxies:
        proxy.stop()
        assert proxy.exit_code == 0, proxy.said


def _without_port(words: Sequence[str]) -> list[str]:
    """The options of `serve`, which takes a free port here."""
    if "--port" not in words:
        return list(words)
    place = words.index("--port")
    return [*words[:place], *words[place + 2 :]]


def _for_this_machine(command: str, folder: Path) -> str:
    """What stands for a command whose program this machine lacks, or has under another name."""
    if command == "python unpaid.py":
        return f"{CLIENT} unpaid.py"
    if command.startswith("node ") and shutil.which("node") is None:
        return "true"
    if command.startswith("node ") and _node() < RUNS_TYPESCRIPT:
        # Types are inferred, so the files are JavaScript, too.
        for file in folder.glob("*.mts"):
            shutil.copy(file, file.with_suffix(".mjs"))
        return command.replace(".mts", ".mjs")
    if command.startswith("go ") and shutil.which("go") is None:
        return "true"  # see test_go_is_well_formed
    return command


def _node() -> tuple[int, int]:
    printed = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    major, minor, *_ = printed.removeprefix("v").split(".")
    return int(major), int(minor)


@pytest.mark.parametrize(("page", "title"), [("develop-a-client", "unpaid.go"), ("write-tests", "invoices_test.go")])
def test_go_is_well_formed(page: str, title: str) -> None:
    """Read as far as a machine without Go can: words, brackets, and the addresses that are called."""
    (text,) = (text for _, name, text in blocks(page) if name == title)

    assert [value for kind, value in GoLexer().get_tokens(text) if kind is Error] == []
    code = re.sub(r'"(\\.|[^"\\])*"|`[^`]*`', "", text)
    for opening, closing in ("()", "[]", "{}"):
        assert code.count(opening) == code.count(closing)
    paths = {path.partition("?")[0] for path in re.findall(r'"(/(?:api|_mock)/[^"]*)"', text)}
    assert paths
    assert paths <= _known_paths()


def _known_paths() -> set[str]:
    api: Node = describe(DESCRIPTION)
    return {*api["paths"], *(f"/_mock{path}" for path in description.document()["paths"])}


def test_the_ten_tests_are_those_that_are_run_here() -> None:
    printed = {title: text for _, title, text in blocks("write-tests")}
    folder = ROOT / "tests" / "testing"

    for title, file in (("billing.py", "billing.py"), ("test_billing.py", "test_ten_cases.py")):
        assert printed[title] == _as_printed((folder / file).read_text(encoding="utf-8"))


def _as_printed(text: str) -> str:
    """A file of tests as its reader would write it: without types of fixtures, and next to the client."""
    changes: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
        (r'\A""".*?"""\n\n', ""),
        (r"from tests\.testing\.billing import", "from billing import"),
        (r"from waldur_billing_mock\.mock_server\.testing import MockSession\n", ""),
        (r"\(waldur_mock: MockSession\) -> None:", "(waldur_mock):"),
    ]
    for pattern, replacement in changes:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    return text


def test_none_of_the_ten_tests_is_longer_than_ten_lines() -> None:
    text = next(text for _, title, text in blocks("write-tests") if title == "test_billing.py")
    tests = [part.rstrip() for part in re.split(r"\n\n\n", text) if "def test_" in part]

    assert len(tests) == 10
    assert max(len(test.splitlines()) for test in tests) <= 10
