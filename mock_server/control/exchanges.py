"""How exchanges of the journal are shown: as JSON, as a curl line, as an HTTP archive. Tokens never are."""

import json
import shlex
from collections.abc import Iterable
from typing import Any, Final

from waldur_billing_mock.mock_server.control.archive import address_of, archive_of, entry_of, headers_of, query_of
from waldur_billing_mock.mock_server.control.journal import Delivery, Exchange
from waldur_billing_mock.mock_server.control.lookup import Lookup
from waldur_billing_mock.mock_server.control.refusals import why
from waldur_billing_mock.mock_server.control.session import session_of
from waldur_billing_mock.openapi.document import Node


class Reader:
    """Reads exchanges for people. `document` is the description of the API that answered."""

    def __init__(self, document: Node, lookup: Lookup, version: str) -> None:
        self._document: Final = document
        self._lookup: Final = lookup
        self._version: Final = version

    def operation(self, exchange: Exchange) -> str | None:
        return self._lookup.operation(exchange.scope)

    def username(self, exchange: Exchange) -> str | None:
        user = self._lookup.user(exchange.scope)
        return user.username if user is not None else None

    def shown(self, one: Exchange | Delivery) -> dict[str, Any]:
        """The entry as the control plane lists it."""
        if isinstance(one, Delivery):
            return {
                "id": one.id,
                "at": one.at.isoformat(),
                "operation": None,
                "method": "POST",
                "path": one.url,
                "webhook": {"event": one.event, "attempt": one.attempt, "outcome": one.outcome},
            }
        scope = one.scope
        operation = self.operation(one)
        return {
            "id": one.id,
            "at": one.at.isoformat(),
            "session": session_of(scope).id,
            "operation": operation,
            "user": self.username(one),
            "method": scope["method"],
            "path": scope["path"],
            "query": query_of(scope),
            "request": _message(scope["headers"], one.request_body, one.request_size),
            "status": one.status,
            "response": _message(one.headers, one.body, one.size),
            "milliseconds": round(one.seconds * 1000, 3),
            "fault": scope.get("waldur.fault"),
            "refusal": why(self._document, self._lookup.match(scope), one, body_of(one.body)),
        }

    def curl(self, exchange: Exchange) -> str:
        """A command that repeats the request. The token is to be put into the variable TOKEN."""
        scope = exchange.scope
        words = ["curl", "-X", scope["method"]] if scope["method"] != "GET" else ["curl"]
        line = [shlex.join(words)]
        for name, value in scope["headers"]:
            header = name.decode("latin-1")
            if header == "authorization":
                line.append('-H "Authorization: Token $TOKEN"')
            elif header in ("content-type", "accept", "prefer", "x-mock-session", "x-impersonated-user-uuid"):
                line.append(_option(header, value))
        if exchange.request_body:
            line.append(f"--data-binary {shlex.quote(exchange.request_body.decode('utf-8', 'replace'))}")
        line.append(shlex.quote(address_of(scope)))
        return " ".join(line)

    def archive(self, exchanges: Iterable[Exchange]) -> dict[str, Any]:
        """The exchanges as HAR 1.2."""
        return archive_of(map(entry_of, exchanges), self._version)


def body_of(content: bytes) -> Any:
    """The JSON value of a body; its text where it is none, or holds what no answer can; None for no body."""
    if not content:
        return None
    try:
        value = json.loads(content)
        # Python reads NaN, numbers that are infinite for it, and halves of surrogate pairs.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        return value
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")


def _option(header: str, value: bytes) -> str:
    return "-H " + shlex.quote(f"{header}: {value.decode('latin-1')}")


def _message(headers: Iterable[tuple[bytes, bytes]], body: bytes, size: int) -> dict[str, Any]:
    return {"headers": headers_of(headers), "body": body_of(body), "size": size}
