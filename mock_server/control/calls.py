"""Calls of the control plane over HTTP, by the names of its operations; what it refuses is raised."""

import json
from collections.abc import Iterator
from datetime import date
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from waldur_billing_mock.mock_server.control import description

Json = dict[str, Any]
Rows = list[Json]
Names = list[str]

SESSION_HEADER: Final = "X-Mock-Session"


class MockError(Exception):
    """The control plane refused: its status, and what it said."""

    def __init__(self, status: int, said: Any) -> None:
        text = said if isinstance(said, str) else said.get("detail") if "detail" in said else json.dumps(said)
        super().__init__(f"{status}: {text}")
        self.status: Final = status
        self.said: Final = said


class VerificationError(AssertionError):
    """A request was not made as often as expected. `verdict` holds the nearest one and what it had different."""

    def __init__(self, verdict: Json) -> None:
        super().__init__(verdict["message"])
        self.verdict: Final = verdict


class Calls:
    """A mock that is called over HTTP, in the `session`, or in the world that all share."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        *,
        session: str | None = None,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 30,
    ) -> None:
        """`token` is needed from another machine only. `transport` leads to a mock in this process."""
        headers = {}
        if session is not None:
            headers[SESSION_HEADER] = session
        if token is not None:
            headers["Authorization"] = f"Token {token}"
        self._http: Final = httpx.Client(
            base_url=url, headers=headers, transport=transport, timeout=timeout, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self, operation_id: str, path: Json | None = None, query: Json | None = None, body: Any = None
    ) -> httpx.Response:
        """The answer to an operation of the control plane, whatever it is.

        A body that is text is sent as a file: JSON where it begins with a brace, else YAML.
        """
        operation = description.operations()[operation_id]
        address = operation.path
        for name, value in (path or {}).items():
            address = address.replace(f"{{{name}}}", quote(str(value), safe=""))
        sent = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        if isinstance(body, str):
            media_type = "application/json" if body.lstrip().startswith("{") else description.YAML
            headers, content = {"Content-Type": media_type}, body.encode()
            return self._http.request(
                operation.method, f"/_mock{address}", params=sent, headers=headers, content=content
            )
        return self._http.request(operation.method, f"/_mock{address}", params=sent, json=body)

    def call(self, operation_id: str, path: Json | None = None, query: Json | None = None, body: Any = None) -> Any:
        """What an operation answers: JSON, or text where it is none. Raises `MockError` where it is refused."""
        return content_of(self.answered(operation_id, path, query, body))

    def text(self, operation_id: str, path: Json | None = None, query: Json | None = None) -> str:
        """The text of an answer. Raises `MockError` where the operation is refused."""
        return self.answered(operation_id, path, query).text

    def answered(
        self, operation_id: str, path: Json | None = None, query: Json | None = None, body: Any = None
    ) -> httpx.Response:
        """The answer to an operation. Raises `MockError` where it is refused."""
        answer = self.request(operation_id, path, query, body)
        if answer.status_code >= 400:
            raise MockError(answer.status_code, content_of(answer))
        return answer

    def stream(self, operation_id: str, query: Json) -> Iterator[str]:
        """The lines of an answer, as they come."""
        operation = description.operations()[operation_id]
        sent = {name: _text(value) for name, value in query.items() if value is not None}
        with self._http.stream(operation.method, f"/_mock{operation.path}", params=sent) as answer:
            if answer.status_code >= 400:
                answer.read()
                raise MockError(answer.status_code, content_of(answer))
            yield from answer.iter_lines()


def moment(value: date | str) -> str:
    """An instant or a day as the control plane takes it."""
    return value if isinstance(value, str) else value.isoformat()


def content_of(answer: httpx.Response) -> Any:
    """The body of an answer: JSON, or text where it is none; None where it is empty."""
    if not answer.content:
        return None
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return answer.json() if is_json else answer.text


def without_none(fields: Json) -> Json:
    """The fields that are given."""
    return {name: value for name, value in fields.items() if value is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_object(value: Any) -> Json:
    """The content of an answer that is an object."""
    assert isinstance(value, dict), "the operation answers an object"
    return value


def as_list(value: Any) -> Rows:
    """The content of an answer that is a list of objects."""
    assert isinstance(value, list), "the operation answers a list"
    return value
