"""Compares two answers to the same question by what they mean, and says where in the description they differ.

Forms do not count: a decimal may be a number or text, a uuid have hyphens or not, a link have any host, and what is
null may be missing. A field that one server never shows does count. Rows that tie may come in any order.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from waldur_billing_mock.contracts.values import Malformed, identity_of, plain

Kind = Literal["operation", "status", "content type", "rows", "order", "field", "value"]
_WHOLE: Final = re.compile("-?(0|[1-9][0-9]{0,20})")
ABSENT: Final = "(missing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which two answers differ: where (names joined by dots, `[]` for any row), and both values."""

    kind: Kind
    where: str
    one: object
    other: object


def compare_values(one: Any, other: Any, where: str = "") -> Iterator[Difference]:
    """The differences of two JSON values. Fields that are missing from one of two objects count as null."""
    if one == other:
        return  # as most are: what is equal means the same, and need not be brought into one form
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            path = f"{where}.{name}" if where else str(name)
            yield from compare_values(one.get(name), other.get(name), path)
    elif isinstance(one, list) and isinstance(other, list):
        yield from _compare_lists(one, other, where)
    elif not (_meaning(one) == _meaning(other) or (_is_nothing(one) and _is_nothing(other))):
        yield Difference("value", where, one, other)


def compare_fields(ones: Sequence[Any], others: Sequence[Any], where: str = "") -> Iterator[Difference]:
    """The fields that all objects of one side lack, and some of the other show; the objects may lie in lists."""
    ones, others = _flat(ones), _flat(others)
    if not ones or not others:
        return
    mine, theirs = _names(ones), _names(others)
    for name in (*mine, *(name for name in theirs if name not in mine)):
        path = f"{where}.{name}" if where else name
        if name not in theirs:
            yield Difference("field", path, "shown", ABSENT)
        elif name not in mine:
            yield Difference("field", path, ABSENT, "shown")
        else:
            of_one, of_other = ([row[name] for row in rows if name in row] for rows in (ones, others))
            nested = "[]" if any(isinstance(value, list) for value in of_one) else ""
            yield from compare_fields(of_one, of_other, f"{path}{nested}")


def compare_rows(
    one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]], keys: Sequence[str]
) -> Iterator[Difference]:
    """The differences of two whole lists: rows by their identity, then their order as far as `keys` decide it."""
    mine, theirs = _by_identity(one), _by_identity(other)
    for name in mine.keys() - theirs.keys():
        yield Difference("rows", "[]", name, ABSENT)
    for name in theirs.keys() - mine.keys():
        yield Difference("rows", "[]", ABSENT, name)
    for name in mine.keys() & theirs.keys():
        yield from compare_values(mine[name], theirs[name], "[]")
    if mine.keys() == theirs.keys() and list(mine) != list(theirs):
        orders = [[tuple(str(plain(row.get(key))) for key in keys) for row in rows.values()] for rows in (mine, theirs)]
        if keys and orders[0] != orders[1]:
            yield Difference("order", "[]", "one order", "another order")


def _meaning(value: object) -> object:
    """A value in the one form in which equal values are equal; whole numbers are the same as text."""
    return Decimal(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else plain(value)


def _compare_lists(one: list[Any], other: list[Any], where: str) -> Iterator[Difference]:
    """Lists within an object: by identity where the rows have one, else place by place."""
    path = f"{where}[]"
    rows = [*one, *other]
    if rows and all(isinstance(row, dict) and "uuid" in row for row in rows):
        yield from (
            Difference(found.kind, path + found.where.removeprefix("[]"), found.one, found.other)
            for found in compare_rows(one, other, ())
        )
        return
    if len(one) != len(other):
        yield Difference("rows", path, f"{len(one)} rows", f"{len(other)} rows")
        return
    for mine, theirs in zip(one, other, strict=True):
        yield from compare_values(mine, theirs, path)


def _by_identity(rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for place, row in enumerate(rows):
        try:
            name = identity_of(row)
        except Malformed:
            name = f"row {place}"
        found.setdefault(name, row)
    return found


def _flat(values: Sequence[Any]) -> list[Any]:
    """The objects among values and in lists of them."""
    found: list[Any] = []
    for value in values:
        found.extend(_flat(value) if isinstance(value, list) else [value] if isinstance(value, dict) else [])
    return found


def _names(rows: Sequence[Mapping[str, Any]]) -> dict[str, None]:
    return dict.fromkeys(name for row in rows for name in row)


def _is_nothing(value: object) -> bool:
    return value is None or value in ("", [], {}) or value == "00000000-0000-0000-0000-000000000000"
