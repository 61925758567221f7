"""The sorts of values in a world file: how each is read, written, and described by JSON Schema."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final

Schema = Mapping[str, Any]

_MOST_LEVELS: Final = 32
"""How deeply free-form JSON may be nested."""

_MOST_DIGITS: Final = 30
"""Digits of a number in free-form JSON, before and after the decimal point each."""

_DAY: Final = "-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME: Final = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
ANY_YEAR: Final = "(?!0000)[0-9]{4}"


class Unfit(ValueError):
    """A value that a field cannot have. `path` leads from the field to the value."""

    def __init__(self, found: Any, expected: str) -> None:
        super().__init__(f"found {shown(found)}; expected {expected}.")
        self.path: list[str | int] = []


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of value: its JSON Schema, what makes a value of its JSON (or raises `Unfit`), and the opposite."""

    expected: str
    schema: Schema
    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = _same


def scalar(expected: str, schema: Schema, parse: Callable[[Any], Any], write: Callable[[Any], Any] = _same) -> Kind:
    """A kind whose `parse` raises any `ValueError` or `OverflowError` for what does not fit."""

    def read(value: Any) -> Any:
        try:
            return parse(value)
        except (ValueError, OverflowError):
            raise Unfit(value, expected) from None

    return Kind(expected, schema, read, write)


def text_of(
    expected: str,
    pattern: str = "",
    longest: int | None = None,
    *,
    format: str = "",
    parse: Callable[[str], Any] = _same,
    write: Callable[[Any], Any] = _same,
) -> Kind:
    """Text that a pattern matches as a whole."""
    matches = re.compile(pattern).fullmatch if pattern else None
    limits = {"pattern": f"^({pattern})$" if pattern else "", "maxLength": longest, "format": format}
    schema = {"type": "string", **{name: limit for name, limit in limits.items() if limit}}

    def read(value: Any) -> Any:
        _must(isinstance(value, str))
        # Half of a surrogate pair is in no encoding of text: this raises a ValueError.
        value.encode()
        _must(matches is None or matches(value) is not None)
        _must(longest is None or len(value) <= longest)
        return parse(value)

    return scalar(f"{expected} of at most {longest} characters" if longest else expected, schema, read, write)


def _must(fits: bool) -> None:
    if not fits:
        raise ValueError


def integer(expected: str, low: int, high: int) -> Kind:
    def read(value: Any) -> int:
        _must(type(value) is int and low <= value <= high)
        number: int = value
        return number

    return scalar(expected, {"type": "integer", "minimum": low, "maximum": high}, read)


def _boolean(value: Any) -> Any:
    _must(isinstance(value, bool))
    return value


BOOLEAN: Final = scalar("true or false", {"type": "boolean"}, _boolean)


def decimal(whole: int, places: int) -> Kind:
    return text_of(
        f'a decimal number as text, such as "12.50", with at most {whole} digits before and {places} after the point',
        rf"-?[0-9]{{1,{whole}}}(\.[0-9]{{1,{places}}})?",
        parse=Decimal,
        write=lambda value: format(value, "f"),
    )


def date_of(year: str, years: str = "") -> Kind:
    expected = f'a date{years} such as "2025-11-22"'
    return text_of(expected, year + _DAY, format="date", parse=date.fromisoformat, write=date.isoformat)


def instant(year: str, years: str = "") -> Kind:
    return text_of(
        f'an instant{years} with its offset, such as "2025-11-22T09:30:00Z"',
        year + _DAY + _TIME,
        format="date-time",
        parse=lambda text: datetime.fromisoformat(text).astimezone(UTC),
        write=lambda value: value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z",
    )


def _bounded(value: Any, levels: int = _MOST_LEVELS) -> Any:
    """Free-form JSON that is not nested too deeply, without numbers that fill pages when they are written out."""
    _must(levels >= 0)
    match value:
        case str():
            value.encode()
        case int():
            _must(abs(value) < 10**_MOST_DIGITS)
        case Decimal():
            _must(int(value.as_tuple().exponent) >= -_MOST_DIGITS and value.adjusted() < _MOST_DIGITS)
        case dict():
            for name, one in value.items():
                _bounded(name)
                _bounded(one, levels - 1)
        case list():
            for one in value:
                _bounded(one, levels - 1)
    return value


JSON: Final = scalar(
    f"JSON nested at most {_MOST_LEVELS} deep, with numbers of at most {_MOST_DIGITS} digits on each side of the point",
    {},
    _bounded,
)


def choice(*values: str) -> Kind:
    """One of a few texts."""
    return scalar(
        " or ".join(f'"{value}"' for value in values),
        {"enum": list(values)},
        lambda value: values[values.index(value)],
    )


def or_null(kind: Kind) -> Kind:
    return Kind(
        f"{kind.expected}, or null",
        {"anyOf": [kind.schema, {"type": "null"}]},
        lambda value: None if value is None else kind.read(value),
        lambda value: None if value is None else kind.write(value),
    )


def list_of(kind: Kind, make: Callable[[Any], Any] = list, order: Callable[[Any], Any] = list) -> Kind:
    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise Unfit(value, "a list")
        return make([_read_at(place, kind, one) for place, one in enumerate(value)])

    return Kind(
        "a list",
        {"type": "array", "items": kind.schema},
        read,
        lambda value: [kind.write(one) for one in order(value)],
    )


TEXT: Final = text_of("text")


def mapping_of(kind: Kind, names: Mapping[str, Kind] | None = None) -> Kind:
    """An object whose members are of one kind, but for some names that have kinds of their own."""
    known: Mapping[str, Kind] = names or {}

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Unfit(value, "an object")
        return {TEXT.read(name): _read_at(name, known.get(name, kind), one) for name, one in value.items()}

    schema = {"type": "object", "additionalProperties": kind.schema}
    if known:
        schema["properties"] = {name: one.schema for name, one in known.items()}
    return Kind(
        "an object",
        schema,
        read,
        lambda value: {name: known.get(name, kind).write(one) for name, one in value.items()},
    )


def object_of(kinds: Mapping[str, Kind], make: Callable[..., Any] = dict) -> Kind:
    """An object with exactly these members."""

    def read(value: Any) -> Any:
        if not isinstance(value, dict) or value.keys() != kinds.keys():
            raise Unfit(value, f"an object with the members {', '.join(kinds)}")
        return make(**{name: _read_at(name, kind, value[name]) for name, kind in kinds.items()})

    def write(value: Any) -> Any:
        get = value.__getitem__ if isinstance(value, Mapping) else lambda name: getattr(value, name)
        return {name: kind.write(get(name)) for name, kind in kinds.items()}

    return Kind("an object", object_schema({name: kind.schema for name, kind in kinds.items()}, kinds), read, write)


def object_schema(properties: Mapping[str, Schema], required: Sequence[str] | Mapping[str, object]) -> Schema:
    """The schema of an object that has no other members."""
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return schema if required else {name: part for name, part in schema.items() if name != "required"}


def _read_at(place: str | int, kind: Kind, value: Any) -> Any:
    try:
        return kind.read(value)
    except Unfit as error:
        error.path.insert(0, place)
        raise


def json_text(value: Any) -> str:
    """JSON text on one line; decimals are written digit for digit."""
    # A world has a hundred thousand values, so the most frequent types come first and need no encoder of their own.
    if type(value) is str:
        return encode_basestring(value)
    if value is None:
        return "null"
    match value:
        case Decimal():
            return format(value, "f")
        case Mapping():
            return f"{{{', '.join([f'{json_text(name)}: {json_text(one)}' for name, one in value.items()])}}}"
        case list() | tuple():
            return f"[{', '.join([json_text(one) for one in value])}]"
    return json.dumps(value, ensure_ascii=False)


def shown(value: Any) -> str:
    """A value as an error message quotes it: short, on one line, without control characters."""
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case tuple():
            return ", ".join(shown(one) for one in value)
        case str():
            text = json.dumps(value[:61], ensure_ascii=False)
        case Decimal():
            text = str(value)
        case _:
            text = json.dumps(value)
    text = "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)
    return text if len(text) <= 62 else f"{text[:59]}..."
