"""A second start of the default world loads nothing heavy, and a start does not need a home."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.serving import ROOT
from waldur_billing_mock.mock_server.serve import listen
from waldur_billing_mock.mock_server.settings import cache_folder

HEAVY: Final = (
    "schemathesis",
    "hypothesis",
    "faker",
    "jinja2",
    "yaml",
    "pytest",
    "httpx",
    "jsonschema_rs",
    "jsonpath_rfc9535",
    "prometheus_client",
    "pycountry",
    "shtab",
    "starlette.applications",
    "starlette.requests",
    "waldur_billing_mock.mock_server.control.app",
    "waldur_billing_mock.mock_server.pages",
    "waldur_billing_mock.openapi.history",
)
START: Final = """
import sys
import waldur_billing_mock.mock_server.__main__
from waldur_billing_mock.mock_server.serve import create_app, create_stage
from waldur_billing_mock.mock_server.serve import listen
from waldur_billing_mock.mock_server.settings import Settings
create_app(Settings(), create_stage(Settings()))
print(*sys.modules)
"""


def modules_after_a_start(cache: Path) -> set[str]:
    started = subprocess.run(
        [sys.executable, "-c", START],
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return set(started.stdout.split())


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    cache = tmp_path_factory.mktemp("cache")
    modules_after_a_start(cache)
    return modules_after_a_start(cache)


@pytest.mark.parametrize("module", HEAVY)
def test_a_second_start_does_without(module: str, loaded: set[str]) -> None:
    assert module not in loaded


def test_a_start_needs_neither_a_home_nor_an_entry_among_the_users() -> None:
    """`Path.home` raises a RuntimeError there; even `--version` ended in a traceback."""
    script = (
        "import pwd, os\n"
        "def unknown(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = unknown\n"
        "os.environ.pop('HOME', None); os.environ.pop('XDG_CACHE_HOME', None)\n"
        "from waldur_billing_mock.mock_server.__main__ import main\n"
        "from waldur_billing_mock.mock_server.settings import Settings\n"
        "from waldur_billing_mock.mock_server.app import create_default_app\n"
        "assert Settings().cache is None\n"
        "create_default_app(scenario='empty')\n"
        "main(['--version'])\n"
    )

    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("waldur-mock ")


@pytest.mark.parametrize("given", ["", "relative/folder"])
def test_a_cache_folder_that_is_no_path_from_the_root_is_not_used(given: str) -> None:
    assert cache_folder({"XDG_CACHE_HOME": given}) == Path.home() / ".cache" / "waldur-billing-mock"


def test_two_starts_at_once_share_a_cache(tmp_path: Path) -> None:
    words = [sys.executable, "-c", START]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    both = [subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) for _ in range(2)]

    assert [process.wait(60) for process in both] == [0, 0]
    cached = {path.name for path in (tmp_path / "waldur-billing-mock").iterdir()}
    assert cached == {"documents.json", "support.json"}


def test_the_listening_socket_names_its_protocol_so_that_no_answer_waits_for_an_acknowledgement() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
