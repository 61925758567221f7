"""Verifies that a request was made, and else reports how the nearest one differs."""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from waldur_billing_mock.mock_server.control.archive import query_of
from waldur_billing_mock.mock_server.control.exchanges import Reader, body_of
from waldur_billing_mock.mock_server.control.journal import Exchange

if TYPE_CHECKING:
    import jsonschema_rs

_WEIGHTS: Final[Mapping[str, int]] = {"operation": 100, "path": 40, "method": 40, "user": 3, "status": 2}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that an exchange has other than expected."""

    what: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected!r}, got {self.got!r}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found. Of a miss: the nearest exchange, if there is any, and what it has different."""

    count: int
    expected: str
    verified: bool
    nearest: Exchange | None = None
    differences: Sequence[Difference] = ()


def verify(reader: Reader, exchanges: Sequence[Exchange], expectation: Mapping[str, Any]) -> Verdict:
    """Counts the exchanges that fit the expectation (`control.yaml`, Expectation).

    Raises `ValueError` for a `matches` that is no regular expression.
    """
    _compile_patterns(expectation.get("body"))
    compared = [(list(_differences(reader, exchange, expectation)), exchange) for exchange in exchanges]
    count = sum(not differences for differences, _ in compared)
    least, most, text = _times(expectation)
    if least <= count <= (count if most is None else most):
        return Verdict(count, text, verified=True)
    others = [pair for pair in compared if pair[0]]
    if count >= least or not others:
        return Verdict(count, text, verified=False)
    # Of those that are equally near, the last.
    differences, nearest = min(reversed(others), key=lambda pair: _weight(pair[0]))
    return Verdict(count, text, verified=False, nearest=nearest, differences=differences)


def fits(reader: Reader, exchange: Exchange, wanted: Mapping[str, Any]) -> bool:
    """Whether an exchange is one of those that a query of the journal asks for."""
    status = str(exchange.status)
    return (
        ("operation" not in wanted or reader.operation(exchange) == wanted["operation"])
        and ("method" not in wanted or exchange.scope["method"] == wanted["method"].upper())
        and ("path" not in wanted or fnmatch.fnmatchcase(exchange.scope["path"], wanted["path"]))
        and ("status" not in wanted or status == wanted["status"] or f"{status[0]}xx" == wanted["status"])
        and ("user" not in wanted or reader.username(exchange) == wanted["user"])
        and ("refused" not in wanted or ((exchange.status or 0) >= 400) == wanted["refused"])
        and ("since" not in wanted or exchange.id > wanted["since"])
    )


def _times(expectation: Mapping[str, Any]) -> tuple[int, int | None, str]:
    if "times" in expectation:
        times = expectation["times"]
        return times, times, f"exactly {times}"
    least = expectation.get("at_least", 0 if "at_most" in expectation else 1)
    most = expectation.get("at_most")
    return least, most, f"at least {least}" if most is None else f"{least} to {most}"


def _differences(reader: Reader, exchange: Exchange, expectation: Mapping[str, Any]) -> Iterator[Difference]:
    scope = exchange.scope
    plain = {
        "operation": reader.operation(exchange),
        "user": reader.username(exchange),
        "status": exchange.status,
        "method": scope["method"],
    }
    for name, got in plain.items():
        expected = expectation.get(name, got)
        if got != (expected.upper() if name == "method" else expected):
            yield Difference(name, expected, got)
    if "path" in expectation and not fnmatch.fnmatchcase(scope["path"], expectation["path"]):
        yield Difference("path", expectation["path"], scope["path"])
    query = query_of(scope)
    for name, expected in expectation.get("query", {}).items():
        sent = query.get(name)
        wanted = [str(one) for one in (expected if isinstance(expected, list) else [expected])]
        if sent != wanted:
            yield Difference(f"query.{name}", expected, sent[0] if sent is not None and len(sent) == 1 else sent)
    if "body" in expectation:
        yield from _body_differences("body", expectation["body"], body_of(exchange.request_body))


def _compile_patterns(expected: Any) -> None:
    match expected:
        case {"matches": str(pattern)} if len(expected) == 1:
            _compiled(pattern)
        case dict():
            for value in expected.values():
                _compile_patterns(value)
        case list():
            for value in expected:
                _compile_patterns(value)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> "jsonschema_rs.Validator":
    """What fits texts by a regular expression in linear time, so that none can keep the server busy."""
    import jsonschema_rs  # a server starts without it

    try:
        return jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
    except jsonschema_rs.ValidationError:
        raise ValueError(
            f"{pattern!r} is not a regular expression that can be matched in linear time: "
            "look-around and back-references are not supported."
        ) from None


def _body_differences(place: str, expected: Any, got: Any) -> Iterator[Difference]:
    match expected:
        case {"matches": str(pattern)} if len(expected) == 1:
            if not isinstance(got, str | int | float) or not _compiled(pattern).is_valid(str(got)):
                yield Difference(place, expected, got)
        case dict():
            for name, value in expected.items():
                if not isinstance(got, dict) or name not in got:
                    yield Difference(f"{place}.{name}", value, None)
                else:
                    yield from _body_differences(f"{place}.{name}", value, got[name])
        case list() if isinstance(got, list) and len(got) == len(expected):
            for number, (one, other) in enumerate(zip(expected, got, strict=True)):
                yield from _body_differences(f"{place}[{number}]", one, other)
        case _:
            if got != expected and _number(got) != (_number(expected) or object()):
                yield Difference(place, expected, got)


def _number(value: Any) -> Decimal | None:
    """The value as a number where it is one: 12.5 and "12.50" are the same to the API."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _weight(differences: Sequence[Difference]) -> int:
    """Another operation or path makes a request less alike than another value in its body."""
    return sum(_WEIGHTS.get(one.what, 1) for one in differences)
