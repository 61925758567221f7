"""Findings in words, without tokens, and without data unless it is to be shown."""

import shlex
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from waldur_billing_mock.contracts.exchange import Complaint, Exchange
from waldur_billing_mock.contracts.findings import Verdict
from waldur_billing_mock.contracts.values import shape
from waldur_billing_mock.contracts.wires import IN_PROCESS

_LONGEST: Final = 400
_MOCK: Final = "http://localhost:8080"


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret replaced."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text


def value(what: Any, verdict: Verdict) -> str:
    """A value as a report may show it: itself where data is shown, else its shape."""
    text = _plain(what) if verdict.shows_data else _plain(shape(what))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"


def lines(complaint: Complaint, verdict: Verdict) -> list[str]:
    """A complaint in lines: what, where in the description, expected and got, and how to ask again."""
    found = [complaint.what + (f" ({complaint.detail})" if complaint.detail else "")]
    found.append(f"described at {complaint.place}")
    if complaint.expected is not None:
        found.append(f"expected {value(complaint.expected, verdict)}")
    if complaint.got is not None:
        found.append(f"got      {value(complaint.got, verdict)}")
    if isinstance(complaint.expected, Decimal) and isinstance(complaint.got, Decimal):
        found.append(f"they differ by {complaint.got - complaint.expected}")
    if complaint.exchange is not None:
        found.append(curl(complaint.exchange, verdict))
    return found


def curl(exchange: Exchange, verdict: Verdict) -> str:
    """The request as a command line; the token is the variable TOKEN, to be set by who runs it."""
    request = exchange.request
    base = _MOCK if verdict.base == IN_PROCESS else verdict.base
    words = ["curl", "-i"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != "GET":
        words += ["-X", request.method]
    command = " ".join(words)
    if exchange.role != "anonymous":
        command += ' -H "Authorization: Token $TOKEN"'
    for name, text in request.headers:
        if name.lower() in ("content-type", "accept"):
            command += f" -H {shlex.quote(f'{name}: {text}')}"
    if request.body:
        command += f" --data-raw {shlex.quote(request.body[:_LONGEST].decode('utf-8', 'replace'))}"
    return f"{command} {shlex.quote(base + request.target)}  # as {exchange.role}"


def _plain(what: Any) -> str:
    match what:
        case Decimal():
            return str(what)
        case list() | tuple():
            return "[" + ", ".join(map(_plain, what)) + "]"
        case set() | frozenset():
            return "{" + ", ".join(sorted(map(_plain, what))) + "}"
        case dict():
            return "{" + ", ".join(f"{key}: {_plain(member)}" for key, member in what.items()) + "}"
    return str(what)
