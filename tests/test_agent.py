"""The MCP server offers every operation of the control plane and the contract checks as tools."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent

from tests.serving import ROOT
from waldur_billing_mock.mock_server import agent
from waldur_billing_mock.mock_server.control import description
from waldur_billing_mock.mock_server.control.client import MockClient
from waldur_billing_mock.mock_server.testing.mock import Mock

STREAMS: Final = {"events_stream"}


@pytest.fixture(scope="module")
def waldur() -> Iterator[Mock]:
    mock = Mock(scenario="one-invoice")
    try:
        yield mock
    finally:
        mock.close()


def said(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


async def called(mock: Mock, name: str, **arguments: Any) -> CallToolResult:
    """The result of a tool, by the client of the library, in this process."""
    async with Client(agent.make_server(mock, mock.url)) as client:
        return await client.call_tool(name, arguments)


def test_every_operation_of_the_control_plane_is_a_tool() -> None:
    names = [tool.name for tool in agent.tools()]

    assert names == [
        *(name for name in description.operations() if name not in STREAMS),
        "contracts_check",
        "contracts_explain",
    ]


@pytest.mark.parametrize("tool", agent.tools(), ids=lambda tool: tool.name)
def test_the_schema_of_a_tool_is_whole(tool: Any) -> None:
    jsonschema_rs.validator_for(tool.input_schema)

    assert "#/components/" not in json.dumps(tool.input_schema)
    assert tool.description


@pytest.mark.asyncio
async def test_tools_are_listed_to_a_client(waldur: Mock) -> None:
    async with Client(agent.make_server(waldur, waldur.url)) as client:
        listed = await client.list_tools()

    assert {"clock_advance", "faults_add", "requests_verify", "reset"} <= {tool.name for tool in listed.tools}


@pytest.mark.asyncio
async def test_a_fault_is_planted_and_the_journal_read(waldur: Mock) -> None:
    planted = await called(waldur, "faults_add", operation="invoices_list", status=503, times=1)
    with waldur.client("staff") as http:
        status = http.get("/api/invoices/").status_code
    journal = await called(waldur, "requests_list", operation="invoices_list", limit=1)

    assert (planted.is_error, status) == (False, 503)
    assert json.loads(said(journal))[0]["status"] == 503


@pytest.mark.asyncio
async def test_the_clock_is_moved_and_the_world_reset(waldur: Mock) -> None:
    before = json.loads(said(await called(waldur, "clock_get")))
    moved = await called(waldur, "clock_advance", by="P1D")
    reset = await called(waldur, "reset")
    after = json.loads(said(await called(waldur, "clock_get")))

    assert (moved.is_error, reset.is_error) == (False, False)
    assert json.loads(said(moved))["now"] != before["now"] == after["now"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("faults_add", {"operation": "invoices_list", "status": "x"}, "status"),
        ("faults_add", {"statuss": 503}, "does not take statuss"),
        ("faults_remove", {}, "needs id"),
        ("faults_remove", {"id": 999}, "404"),
        ("no_such_tool", {}, "There is no tool"),
    ],
)
async def test_what_is_wrong_is_said_as_an_error(
    name: str, arguments: dict[str, Any], expected: str, waldur: Mock
) -> None:
    result = await called(waldur, name, **arguments)

    assert result.is_error
    assert expected in said(result)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_contract_checks_are_explained_and_made(waldur: Mock) -> None:
    checked = "conventions/pages_partition_the_whole"

    explained = await called(waldur, "contracts_explain", id=f"{checked}/invoices_list")
    judged = await called(waldur, "contracts_check", only=checked)
    unknown = await called(waldur, "contracts_check", only="no/such")

    assert checked in said(explained)
    assert (judged.is_error, unknown.is_error) == (False, True)
    assert "kept" in said(judged)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_command_speaks_the_protocol_on_standard_input_and_output(waldur: Mock) -> None:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "waldur_billing_mock.mock_server", "mcp", "--url", waldur.url, "--session", "agent"],
        cwd=str(ROOT),
    )

    async with Client(command) as client:
        added = await client.call_tool("faults_add", {"operation": "invoices_list", "status": 418})
    elsewhere = [rule["status"] for rule in waldur.faults.list()]

    assert not added.is_error
    assert 418 not in elsewhere


def test_a_mock_that_does_not_run_is_named() -> None:
    with MockClient("http://127.0.0.1:1") as client:
        text, failed = agent.call(client, "http://127.0.0.1:1", "health", {})

    assert failed
    assert "start it with `waldur-mock serve`" in text


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "mcp.py").write_text("raise ModuleNotFoundError(\"No module named 'mcp'\", name='mcp')\n")

    ended = subprocess.run(
        [sys.executable, "-m", "waldur_billing_mock.mock_server", "mcp"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "pip install 'waldur-billing-mock[mcp]'" in ended.stderr
