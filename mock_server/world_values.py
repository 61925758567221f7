"""How the values of stored fields stand in a world file: a kind for every type that rows are made of."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from waldur_billing_mock.mock_server.billing.store import World

_HEX: Final = re.compile(r"[0-9a-f]{32}")
_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class _Json:
    """Stands for the recursive type of free-form JSON while annotations are read."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of value. `write` makes JSON of it; `read` raises `ValueError` where that is not what is `expected`."""

    expected: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _plain(expected: str, fits: Callable[[Any], bool]) -> Kind:
    """Values that stand in the file as they are."""
    return Kind(expected, lambda value: value, lambda value: _checked(value, fits(value)))


def _checked(value: Any, fits: bool) -> Any:
    if not fits:
        raise ValueError
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.encode() or True)


def _integer(expected: str, low: int | None = None, high: int | None = None) -> Kind:
    return _plain(
        expected,
        lambda value: type(value) is int and (low is None or value >= low) and (high is None or value <= high),
    )


def _is_json(value: Any) -> bool:
    return _is_text(json_text(value))


TEXT: Final = _plain("text", _is_text)
INTEGER: Final = _integer("an integer")
BOOLEAN: Final = _plain("true or false", lambda value: isinstance(value, bool))
JSON: Final = _plain("any JSON value", _is_json)
UUID: Final = _plain(
    "a uuid of 32 lower-case hexadecimal digits", lambda value: _is_text(value) and bool(_HEX.fullmatch(value))
)
UUID_OR_EMPTY: Final = _plain(
    'a uuid of 32 lower-case hexadecimal digits, or ""',
    lambda value: value == "" or (_is_text(value) and bool(_HEX.fullmatch(value))),
)
DECIMAL: Final = Kind(
    'a decimal number as text, such as "12.50",',
    lambda value: format(value, "f"),
    lambda value: Decimal(_checked(value, isinstance(value, str) and bool(_DECIMAL.fullmatch(value)))),
)
DATE: Final = Kind(
    'a date such as "2025-11-22"',
    lambda value: value.isoformat(),
    lambda value: date.fromisoformat(_checked(value, isinstance(value, str))),
)


def _read_instant(value: Any) -> datetime:
    instant = datetime.fromisoformat(_checked(value, isinstance(value, str)))
    _checked(value, instant.tzinfo is not None)
    return instant.astimezone(UTC)


INSTANT: Final = Kind(
    'an instant with its offset, such as "2025-11-22T09:30:00Z",',
    lambda value: value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z",
    _read_instant,
)

_BY_TYPE: Final[Mapping[Any, Kind]] = {
    str: TEXT,
    int: INTEGER,
    bool: BOOLEAN,
    Decimal: DECIMAL,
    date: DATE,
    datetime: INSTANT,
    _Json: JSON,
}
_BY_NAME: Final[Mapping[str, Kind]] = {
    "id": _integer("an integer from 1", 1),
    "year": _integer("a year from 1 to 9999", 1, 9999),
    "month": _integer("a month from 1 to 12", 1, 12),
    "stored_project_uuid": UUID_OR_EMPTY,
}


def stored_fields(row_type: type[Any]) -> Mapping[str, tuple[Kind, bool]]:
    """The fields that a class stores, its world apart: the kind of the value, and whether the field must be there."""
    hints = get_type_hints(row_type, localns={"World": World, "Json": _Json})
    return {
        field.name: (
            _kind(hints[field.name], field.name),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(row_type)
        if field.name != "world"
    }


def _kind(hint: Any, name: str) -> Kind:
    """The kind of a type. The name tells uuids from other texts."""
    origin, arguments = get_origin(hint), get_args(hint)
    if name in _BY_NAME:
        return _BY_NAME[name]
    if hint is str and name.endswith("uuid"):
        return UUID
    if hint in _BY_TYPE:
        return _BY_TYPE[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        return _object(hint)
    if origin in (Union, UnionType):
        (one,) = [part for part in arguments if part is not NoneType]
        return _or_null(_kind(one, name))
    if origin is Literal:
        return _plain(" or ".join(f'"{choice}"' for choice in arguments), lambda value: value in arguments)
    if origin is tuple:
        return _list(_kind(arguments[0], name), tuple, list)
    if origin is frozenset:
        return _list(_kind(arguments[0], name.removesuffix("s")), frozenset, sorted)
    return mapping_of(_kind(arguments[1], name))


def _or_null(kind: Kind) -> Kind:
    return Kind(
        f"{kind.expected} or null",
        lambda value: None if value is None else kind.write(value),
        lambda value: None if value is None else kind.read(value),
    )


def _list(kind: Kind, make: Callable[[Any], Any], order: Callable[[Any], Any]) -> Kind:
    return Kind(
        f"a list, each entry {kind.expected}",
        lambda value: [kind.write(one) for one in order(value)],
        lambda value: make([kind.read(one) for one in _checked(value, isinstance(value, list))]),
    )


def mapping_of(kind: Kind) -> Kind:
    """An object whose members are all of one kind."""
    return Kind(
        f"an object, each member {kind.expected}",
        lambda value: {name: kind.write(one) for name, one in value.items()},
        lambda value: {name: kind.read(one) for name, one in _checked(value, isinstance(value, dict)).items()},
    )


def _object(row_type: type[Any]) -> Kind:
    kinds = stored_fields(row_type)

    def read(value: Any) -> Any:
        _checked(value, isinstance(value, dict) and set(value) == set(kinds))
        return row_type(**{name: kind.read(value[name]) for name, (kind, _) in kinds.items()})

    return Kind(
        f"an object of {', '.join(f'{name} ({kind.expected})' for name, (kind, _) in kinds.items())}",
        lambda value: {name: kind.write(getattr(value, name)) for name, (kind, _) in kinds.items()},
        read,
    )


def json_text(value: Any) -> str:
    """JSON text on one line; decimals stand in it digit for digit."""
    match value:
        case Mapping():
            return f"{{{', '.join(f'{json_text(name)}: {json_text(one)}' for name, one in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(json_text(one) for one in value)}]"
        case Decimal():
            return format(value, "f")
    return json.dumps(value, ensure_ascii=False)


def shown(value: Any) -> str:
    """A value as an error message quotes it: cut after 60 characters."""
    text = json_text(value) if not isinstance(value, tuple) else ", ".join(str(one) for one in value)
    return text if len(text) <= 60 else f"{text[:57]}..."
