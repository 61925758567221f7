"""The control plane as an ASGI application: routes, validation and errors, all made of its description."""

import inspect
import json
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock.mock_server.control import description
from waldur_billing_mock.mock_server.control.description import InvalidInput, Operation
from waldur_billing_mock.mock_server.control.find_session import REFUSAL
from waldur_billing_mock.mock_server.control.handlers import (
    builders,
    clock,
    events,
    faults,
    journal,
    server,
    sessions,
    state,
)
from waldur_billing_mock.mock_server.control.plane import Call, Conflict, NotFound, Plane
from waldur_billing_mock.mock_server.control.session import session_of
from waldur_billing_mock.mock_server.control.sessions import NoSession
from waldur_billing_mock.mock_server.web.body import is_deeper
from waldur_billing_mock.mock_server.web.problems import Problem
from waldur_billing_mock.mock_server.world_text import WorldText
from waldur_billing_mock.openapi.document import DocumentError

MOST_BODY_BYTES: Final = 64_000_000
MOST_LEVELS: Final = 100
"""Arrays and objects of a body inside each other."""

Function = Callable[[Call], Any]


def functions() -> dict[str, Function]:
    """Every operation's function by its operationId."""
    return {
        name: function
        for module in (builders, faults, journal, events, state, clock, sessions, server)
        for name, function in vars(module).items()
        if isinstance(function, FunctionType) and function.__module__ == module.__name__ and name[0] != "_"
    }


class ControlPlane:
    """ASGI application, to be mounted at `/_mock`. The description is read with the first request."""

    def __init__(self, plane: Plane) -> None:
        self._plane: Final = plane
        self._router: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._router is None:
            self._router = _router(self._plane)
        await self._router(scope, receive, send)


def _router(plane: Plane) -> Router:
    """Raises `DocumentError` where an operation has no function."""
    defined = functions()
    by_path: dict[str, dict[str, tuple[Operation, Function]]] = {}
    for operation in description.operations().values():
        if operation.operation_id not in defined:
            raise DocumentError(f"control.yaml describes {operation.operation_id}, but no handler has that name.")
        bound = (operation, defined[operation.operation_id])
        by_path.setdefault(operation.path, {})[operation.method] = bound
    # A path without parameters wins over one with them: /requests/verify over /requests/{id}.
    routes = [Route(path, _Path(plane, by_path[path])) for path in sorted(by_path, key=lambda path: path.count("{"))]
    return Router(routes, default=_unknown)


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    await _detail(404, "The control plane has no such address; GET /_mock/control.json describes all of them.")(
        scope, receive, send
    )


class _Path:
    """ASGI application for one path."""

    def __init__(self, plane: Plane, operations: Mapping[str, tuple[Operation, Function]]) -> None:
        self._plane: Final = plane
        self._operations: Final = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        method = "GET" if request.method == "HEAD" else request.method
        if method in self._operations:
            answer = await _answer(self._plane, *self._operations[method], request)
        else:
            allowed = ", ".join(self._operations)
            answer = _detail(405, f'Method "{request.method}" not allowed.', {"Allow": allowed})
        await answer(scope, receive, send)


async def _answer(plane: Plane, operation: Operation, function: Function, request: Request) -> Response:
    try:
        if REFUSAL in request.scope:
            raise request.scope[REFUSAL]
        call = Call(
            plane=plane,
            session=session_of(request.scope),
            path=_path(operation, request.path_params),
            query=description.validated_query(operation, request.query_params),
            body=await _body(operation, request),
            request=request,
        )
        value = function(call)
        if inspect.isawaitable(value):
            value = await value
    except InvalidInput as error:
        return JSONResponse(error.messages, status_code=400)
    except (NotFound, NoSession) as error:
        return _detail(404, str(error))
    except Conflict as error:
        return _detail(409, str(error))
    except Problem as problem:
        return JSONResponse(problem.body, status_code=problem.status)
    if isinstance(value, Response):
        return value
    return Response(status_code=operation.status) if value is None else _json(value, operation.status)


def _path(operation: Operation, texts: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for parameter in operation.located("path"):
        name = parameter["name"]
        try:
            values[name] = description.parsed(parameter["schema"], texts[name])
        except ValueError:
            raise NotFound(f"{texts[name]!r} is not a possible {name}.") from None
    return values


async def _body(operation: Operation, request: Request) -> Any:
    """The body, validated, or the text of a file. Raises `InvalidInput`."""
    if operation.schema is None:
        return None
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MOST_BODY_BYTES:
            raise InvalidInput({"non_field_errors": [f"The body is longer than {MOST_BODY_BYTES} bytes."]})
        pieces.append(piece)
    content = b"".join(pieces)
    if not content:
        if operation.body_required:
            raise InvalidInput({"non_field_errors": ["No data provided"]})
        return None
    if operation.takes_yaml:
        return _file(content, request.headers.get("content-type", ""))
    if is_deeper(content, MOST_LEVELS):
        raise InvalidInput({"detail": [f"JSON parse error - More than {MOST_LEVELS} levels of nesting."]})
    try:
        value = json.loads(content, parse_constant=_no_constant)
        # Halves of surrogate pairs, which JSON may hold, are no text that could be checked or answered.
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError as error:
        raise InvalidInput({"detail": [f"JSON parse error - {error}"]}) from error
    return description.validated_body(operation, value)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _file(content: bytes, media_type: str) -> WorldText:
    """The text of a file, which is YAML where the media type says so, and JSON otherwise."""
    try:
        return WorldText("the body", content.decode("utf-8-sig"), is_yaml="yaml" in media_type.lower())
    except UnicodeDecodeError as error:
        message = f"The body is not UTF-8: {error.reason} at byte {error.start}."
        raise InvalidInput({"non_field_errors": [message]}) from error


def _json(value: Any, status: int) -> Response:
    return Response(json.dumps(value, ensure_ascii=False, default=str), status, media_type="application/json")


def _detail(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"detail": message}, status_code=status, headers=headers)
