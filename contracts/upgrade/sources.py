"""Where answers come from: a recording (an HTTP archive), or a server that is read."""

import base64
import binascii
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from waldur_billing_mock.contracts.exchange import Request
from waldur_billing_mock.contracts.guard import CannotAsk
from waldur_billing_mock.contracts.settings import Settings, Unusable
from waldur_billing_mock.contracts.target import Target, open_target
from waldur_billing_mock.contracts.upgrade.seen import Answered
from waldur_billing_mock.contracts.values import Malformed, parse
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import Operation, operations

_OBJECTS: Final = 5
"""How many objects are read of each operation on one object."""
_SCOPES: Final = ("project_uuid", "customer_uuid")
"""What sums are asked for, besides the sum of all."""
_LISTS: Final = {"/api/invoices/": "invoices", "/api/invoice-items/": "items"}


def recorded(path: Path) -> list[Answered]:
    """The answers in an HTTP archive, as browsers and `/_mock/requests` save it. Raises `Unusable`."""
    try:
        archive = json.loads(path.read_text(encoding="utf-8-sig"))
        entries = archive["log"]["entries"]
        return [_of_entry(entry) for entry in entries]
    except OSError as error:
        raise Unusable(f"--har {path}: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unusable(f"--har {path} is no HTTP archive: there is no log with entries of requests in it.") from None


def _of_entry(entry: dict[str, Any]) -> Answered:
    request, response = entry["request"], entry["response"]
    content = response.get("content") or {}
    text = content.get("text") or ""
    try:
        body = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
        value = parse(body) if body else None
    except (Malformed, binascii.Error):
        value = None
    parts = urlsplit(str(request["url"]))
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return Answered(str(request["method"]).upper(), target, int(response["status"]), value)


def live(settings: Settings, document: Node) -> list[Answered]:
    """What a server answers to one read of each list and sum, and of some objects. Raises `Unusable`."""
    target = open_target(settings)
    try:
        return list(_read(target, document))
    except CannotAsk as error:
        raise Unusable(f"The target cannot be asked: {error}.") from None
    finally:
        target.close()


def _read(target: Target, document: Node) -> Iterator[Answered]:
    reads = [one for one in operations(document) if one.method == "GET"]
    known: dict[str, list[str]] = {}
    for operation in (one for one in reads if "{" not in one.path):
        answered = _ask(target, operation.path + ("?page_size=300" if "page" in operation.query else ""))
        yield answered
        if operation.path in _LISTS and isinstance(answered.value, list):
            rows = [row for row in answered.value if isinstance(row, dict)]
            known[operation.path] = [str(row["uuid"]) for row in rows if isinstance(row.get("uuid"), str)]
            for name, found in _scopes(rows).items():
                known[name] = [*dict.fromkeys([*known.get(name, ()), *found])]
    if not any(known.get(path) for path in _LISTS):
        raise Unusable("The target shows no invoices and no items, so that nothing can be looked at.")
    for operation in (one for one in reads if "{" not in one.path and one.path not in _LISTS):
        for name in (name for name in _SCOPES if name in operation.query):
            for uuid in known.get(name, ())[:_OBJECTS]:
                yield _ask(target, f"{operation.path}?{name}={uuid}")
    for operation in (one for one in reads if "{uuid}" in one.path):
        for uuid in _of(operation, known)[:_OBJECTS]:
            yield _ask(target, operation.path.replace("{uuid}", uuid))


def _scopes(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The projects and customers that are named in rows, in the form in which they are named there."""
    lines = [line for row in rows for line in row.get("items") or () if isinstance(line, dict)]
    return {name: [row[name] for row in (*rows, *lines) if isinstance(row.get(name), str)] for name in _SCOPES}


def _of(operation: Operation, known: dict[str, list[str]]) -> list[str]:
    return next((uuids for path, uuids in known.items() if operation.path.startswith(path)), [])


def _ask(target: Target, path: str) -> Answered:
    answer = target.guard.send(Request("GET", path), target.main)
    try:
        value = answer.json if answer.body else None
    except Malformed:
        value = None
    return Answered("GET", path, answer.status, value)
