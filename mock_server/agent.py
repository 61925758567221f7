"""`waldur-mock mcp`: the control plane of a running mock and the contract suite as tools for agents (MCP).

Each operation of the control plane is a tool of the same name, made from its description.
"""

import json
import os
import subprocess  # nosec B404
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
from anyio import to_thread
from mcp import types
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server

from waldur_billing_mock import __version__
from waldur_billing_mock.mock_server.control import description
from waldur_billing_mock.mock_server.control.client import MockClient, MockError
from waldur_billing_mock.openapi.document import Node

SECONDS_TO_JUDGE: Final = 600.0
_STREAMS: Final = {"events_stream"}
"""What never ends is no tool."""
_INSTRUCTIONS: Final = (
    "Steers a mock of Waldur's billing API: its sessions and snapshots, its clock, faults, the journal of requests. "
    "`contracts_check` judges the mock by the contract, `contracts_explain` says what a check requires. "
    "The API itself is called over HTTP; `users_list` has the tokens."
)
_CHECK: Final = types.Tool(
    name="contracts_check",
    description="Judge the mock by the contract of the billing API. It is only read. The answer is Markdown.",
    input_schema={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "only": {
                "type": "string",
                "description": "Checks whose identifier begins so, such as invariants/invoices_list.",
            },
            "profile": {"type": "string", "enum": ["quick", "full"], "default": "quick"},
        },
    },
    annotations=types.ToolAnnotations(read_only_hint=True),
)
_EXPLAIN: Final = types.Tool(
    name="contracts_explain",
    description="Say what a check of the contract requires; without an identifier, list all checks.",
    input_schema={
        "type": "object",
        "additionalProperties": False,
        "properties": {"id": {"type": "string", "description": "The identifier of a check."}},
    },
    annotations=types.ToolAnnotations(read_only_hint=True),
)


def tools() -> list[types.Tool]:
    """All tools, by the names of the operations that they call."""
    return [*(_tool(operation) for operation in _operations()), _CHECK, _EXPLAIN]


def make_server(client: MockClient, url: str) -> "Server[dict[str, Any]]":
    """A server whose tools steer the mock of `client`, which is at `url`."""

    async def on_list_tools(
        context: ServerRequestContext[dict[str, Any]], asked: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools())

    async def on_call_tool(
        context: ServerRequestContext[dict[str, Any]], asked: types.CallToolRequestParams
    ) -> types.CallToolResult:
        text, failed = await to_thread.run_sync(call, client, url, asked.name, asked.arguments or {})
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)

    return Server(
        "waldur-billing-mock",
        version=__version__,
        instructions=_INSTRUCTIONS,
        on_list_tools=on_list_tools,
        on_call_tool=on_call_tool,
    )


def call(client: MockClient, url: str, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
    """What a tool answers, and whether that is an error that the caller can correct."""
    if name == _EXPLAIN.name:
        return _suite("explain", *([arguments["id"]] if arguments.get("id") else []))
    if name == _CHECK.name:
        return _check(url, arguments)
    operation = description.operations().get(name)
    if operation is None or name in _STREAMS:
        return f"There is no tool {name!r}; there are {', '.join(tool.name for tool in tools())}.", True
    given = {part["name"] for part in operation.parameters}
    if unknown := set(arguments) - given - set(operation.fields()):
        return f"{name} does not take {', '.join(sorted(unknown))}.", True
    path = {part["name"]: arguments[part["name"]] for part in operation.located("path") if part["name"] in arguments}
    if missing := [part["name"] for part in operation.located("path") if part["name"] not in path]:
        return f"{name} needs {', '.join(missing)}.", True
    query = {part["name"]: arguments.get(part["name"]) for part in operation.located("query")}
    body = {field: value for field, value in arguments.items() if field not in given}
    try:
        answer = client.call(name, path, query, body if body or operation.body_required else None)
    except MockError as error:
        return str(error), True
    except httpx.TransportError as error:
        return f"The mock at {url} does not answer ({error}); start it with `waldur-mock serve`.", True
    return (answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, indent=1)), False


def run(url: str, session: str | None, token: str | None) -> None:
    """Serves on standard input and output until the input ends."""
    with MockClient(url, session=session, token=token) as client:
        anyio.run(_serve, make_server(client, url))


async def _serve(server: "Server[dict[str, Any]]") -> None:
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def _operations() -> Iterator[description.Operation]:
    return (one for one in description.operations().values() if one.operation_id not in _STREAMS)


def _tool(operation: description.Operation) -> types.Tool:
    properties: dict[str, Node] = {
        part["name"]: {**part["schema"], "description": part.get("description", "")} for part in operation.parameters
    }
    required = [part["name"] for part in operation.parameters if part.get("required")]
    properties.update(operation.fields())
    schema: Node = {"type": "object", "additionalProperties": False, "properties": properties, "required": required}
    return types.Tool(
        name=operation.operation_id,
        description=operation.summary,
        input_schema=_whole(schema),
        annotations=types.ToolAnnotations(
            read_only_hint=operation.method == "GET", destructive_hint=operation.method == "DELETE"
        ),
    )


def _whole(schema: Node) -> Node:
    """A schema with the definitions that it refers to inside."""
    known = description.document()["components"]["schemas"]
    text, definitions = json.dumps(schema), {}
    while missing := {name for name in known if f'"#/components/schemas/{name}"' in text and name not in definitions}:
        definitions.update({name: known[name] for name in sorted(missing)})
        text += json.dumps([known[name] for name in missing])
    whole = {**schema, "$defs": definitions} if definitions else schema
    made: Node = json.loads(json.dumps(whole).replace("#/components/schemas/", "#/$defs/"))
    return made


def _check(url: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.md")
        only = ["--only", arguments["only"]] if arguments.get("only") else []
        words = ["--target", url, "--read-only", "--profile", arguments.get("profile", "quick"), *only]
        said, failed = _suite(*words, "--markdown", str(report))
        return (report.read_text(encoding="utf-8"), False) if report.is_file() else (said, failed)


def _suite(*words: str) -> tuple[str, bool]:
    """What the contract suite prints. It is another process, as standard output here belongs to the protocol."""
    ended = subprocess.run(  # noqa: S603 - no shell, and the words are of this file or in one argument  # nosec B603
        [sys.executable, "-m", "waldur_billing_mock.contracts", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_TO_JUDGE,
        env={**os.environ, "NO_COLOR": "1"},
    )
    return (ended.stdout if ended.returncode == 0 else ended.stderr or ended.stdout), ended.returncode == 2
