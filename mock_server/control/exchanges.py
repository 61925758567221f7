"""How exchanges of the journal are shown: as JSON, as a curl line, as an HTTP archive. Tokens never are."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, quote

from starlette.types import Scope

from waldur_billing_mock.mock_server.control.journal import Delivery, Exchange
from waldur_billing_mock.mock_server.control.lookup import Lookup
from waldur_billing_mock.mock_server.control.refusals import why
from waldur_billing_mock.mock_server.control.session import session_of
from waldur_billing_mock.openapi.document import Node

MASK: Final = "***"

_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-csrftoken"})
_SECRET_PARAMETERS: Final = re.compile(r"(?i)(token|key|secret|password|signature)")
# Each name is read once, from its beginning: a header of 64 KiB without a name would else take minutes.
_ASSIGNED: Final = re.compile(r"(?<![\w-])([\w-]++)=")
_VALUE: Final = re.compile(r"[^&>\s\"]+")


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
        return {
            "log": {
                "version": "1.2",
                "creator": {"name": "waldur-billing-mock", "version": self._version},
                "entries": [self._entry(one) for one in exchanges],
            }
        }

    def _entry(self, one: Exchange) -> dict[str, Any]:
        scope, milliseconds = one.scope, round(one.seconds * 1000, 3)
        http_version = f"HTTP/{scope.get('http_version', '1.1')}"
        request: dict[str, Any] = {
            "method": scope["method"],
            "url": address_of(scope),
            "httpVersion": http_version,
            "cookies": [],
            "headers": _pairs(_headers(scope["headers"])),
            "queryString": [
                {"name": name, "value": value} for name, values in query_of(scope).items() for value in values
            ],
            "headersSize": -1,
            "bodySize": one.request_size,
        }
        if one.request_body:
            mime = _headers(scope["headers"]).get("content-type", "")
            request["postData"] = {"mimeType": mime, "text": one.request_body.decode("utf-8", "replace")}
        answered = _headers(one.headers)
        return {
            "startedDateTime": one.at.isoformat(),
            "time": milliseconds,
            "request": request,
            "response": {
                "status": one.status or 0,
                "statusText": "",
                "httpVersion": http_version,
                "cookies": [],
                "headers": _pairs(answered),
                "content": {
                    "size": one.size,
                    "mimeType": answered.get("content-type", ""),
                    "text": one.body.decode("utf-8", "replace"),
                },
                "redirectURL": answered.get("location", ""),
                "headersSize": -1,
                "bodySize": one.size,
            },
            "cache": {},
            "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        }


def query_of(scope: Scope) -> dict[str, list[str]]:
    """The parameters of the query, those that look like secrets masked."""
    sent = parse_qs(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True)
    return {name: [MASK] if _SECRET_PARAMETERS.search(name) else values for name, values in sent.items()}


def address_of(scope: Scope) -> str:
    """The address that was asked, with masked secrets."""
    host = _headers(scope["headers"]).get("host") or ":".join(str(part) for part in scope.get("server") or ("mock",))
    query = "&".join(
        f"{quote(name)}={quote(value, safe='*')}" for name, values in query_of(scope).items() for value in values
    )
    return f"{scope.get('scheme', 'http')}://{host}{quote(scope['path'])}" + (f"?{query}" if query else "")


def body_of(content: bytes) -> Any:
    """The JSON value of a body; its text where it is none; None for no body."""
    if not content:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")


def _option(header: str, value: bytes) -> str:
    return "-H " + shlex.quote(f"{header}: {value.decode('latin-1')}")


def _message(headers: Iterable[tuple[bytes, bytes]], body: bytes, size: int) -> dict[str, Any]:
    return {"headers": _headers(headers), "body": body_of(body), "size": size}


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    named = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in pairs)
    return {name: MASK if name in _SECRET_HEADERS else _without_secrets(value) for name, value in named}


def _pairs(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _without_secrets(text: str) -> str:
    """The text with the values of names such as `token` masked, wherever `name=value` is in it."""
    parts: list[str] = []
    end = 0
    for name in _ASSIGNED.finditer(text):
        if name.start() >= end and _SECRET_PARAMETERS.search(name[1]) and (value := _VALUE.match(text, name.end())):
            parts += [text[end : name.end()], MASK]
            end = value.end()
    return "".join(parts) + text[end:]
