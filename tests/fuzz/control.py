"""Requests to the control plane, by its own description: any JSON in any body, any text in paths and queries."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.fuzz.requests import Headers, Sent, queries
from tests.fuzz.values import ANY, json_documents
from waldur_billing_mock.mock_server.control import description
from waldur_billing_mock.mock_server.control.description import Operation

_LEFT_OUT: Final = frozenset({"events_stream", "events_list", "webhooks_add", "requests_replay"})
"""They do not end, or they call other hosts, or they repeat what may do so."""
_IDENTIFIERS: Final = ("1", "0", "-1", "main", "x", "default", "%00", "..", "9" * 30)
_LOCAL: Final[Headers] = ((b"Host", b"localhost"),)
_JSON: Final[Headers] = ((b"Content-Type", b"application/json"),)


def control_requests() -> st.SearchStrategy[Sent]:
    """Requests to one of its operations."""
    return st.one_of(*[_of(one) for one in description.operations().values() if _is_bounded(one)])


def _is_bounded(operation: Operation) -> bool:
    return operation.operation_id not in _LEFT_OUT and not operation.path.startswith("/events")


def _of(operation: Operation) -> st.SearchStrategy[Sent]:
    names = sorted(_names(operation.schema)) or ["x"]
    parameters = [parameter["name"] for parameter in operation.located("query")]
    content = json_documents(names) if operation.schema is not None else st.just(b"")
    value = st.one_of(st.sampled_from(_IDENTIFIERS), ANY.map(lambda text: text.encode("utf-8", "replace").hex()))
    return st.builds(
        lambda name, query, body: Sent(
            operation.method,
            b"/_mock" + _filled(operation.path, name).encode() + (b"?" + query if query else b""),
            _LOCAL + (_JSON if body else ()),
            body,
        ),
        value,
        st.one_of(st.just(b""), queries([*parameters, "mock_session"])),
        content,
    )


def _filled(path: str, name: str) -> str:
    return "/".join(name if segment.startswith("{") else segment for segment in path.split("/"))


def _names(node: Any) -> set[str]:
    """The names of all properties in a schema."""
    match node:
        case {"properties": dict(properties), **others}:
            return {*properties, *_names(properties), *_names(others)}
        case dict():
            return {name for value in node.values() for name in _names(value)}
        case list():
            return {name for value in node for name in _names(value)}
    return set()
