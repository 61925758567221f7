"""Exchanges as an HTTP archive (HAR 1.2), and what is masked wherever they are shown: tokens, cookies, passwords."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, quote

from starlette.types import Scope

from waldur_billing_mock.mock_server.control.journal import Exchange

MASK: Final = "***"

_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization", "x-csrftoken"})
_SECRET_PARAMETERS: Final = re.compile(r"(?i)(token|key|secret|password|signature)")
# Each name is read once, from its beginning: a header of 64 KiB without a name would else take minutes.
_ASSIGNED: Final = re.compile(r"(?<![\w-])([\w-]++)=")
_VALUE: Final = re.compile(r"[^&>\s\"]+")


def archive_of(entries: Iterable[Mapping[str, Any]], version: str) -> dict[str, Any]:
    """The archive of entries, written by a version of the mock."""
    creator = {"name": "waldur-billing-mock", "version": version}
    return {"log": {"version": "1.2", "creator": creator, "entries": list(entries)}}


def entry_of(one: Exchange) -> dict[str, Any]:
    """An exchange as an entry of HAR 1.2."""
    scope, milliseconds = one.scope, round(one.seconds * 1000, 3)
    http_version = f"HTTP/{scope.get('http_version', '1.1')}"
    request: dict[str, Any] = {
        "method": scope["method"],
        "url": address_of(scope),
        "httpVersion": http_version,
        "cookies": [],
        "headers": _pairs(headers_of(scope["headers"])),
        "queryString": [{"name": name, "value": value} for name, values in query_of(scope).items() for value in values],
        "headersSize": -1,
        "bodySize": one.request_size,
    }
    if one.request_body:
        mime = headers_of(scope["headers"]).get("content-type", "")
        request["postData"] = {"mimeType": mime, "text": one.request_body.decode("utf-8", "replace")}
    answered = headers_of(one.headers)
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
    host = headers_of(scope["headers"]).get("host") or ":".join(str(part) for part in scope.get("server") or ("mock",))
    query = "&".join(
        f"{quote(name)}={quote(value, safe='*')}" for name, values in query_of(scope).items() for value in values
    )
    return f"{scope.get('scheme', 'http')}://{host}{quote(scope['path'])}" + (f"?{query}" if query else "")


def headers_of(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in lower case, without secrets."""
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
