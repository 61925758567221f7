"""A second start of the default world loads nothing heavy."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.serving import ROOT
from waldur_billing_mock.mock_server.__main__ import _listen

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
)
START: Final = """
import sys
from waldur_billing_mock.mock_server.__main__ import create_app, create_stage
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


def test_the_listening_socket_names_its_protocol_so_that_no_answer_waits_for_an_acknowledgement() -> None:
    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
