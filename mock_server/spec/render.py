"""Renders replies: the response schema is the serializer.

A schema is compiled once into a function that writes JSON text. It walks the properties in the schema's order and reads
the attribute of the same name from the object (or the key, of a mapping). Text is written directly so that a decimal
is written to the reply digit for digit, whether the schema calls it a number or a string.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from json.encoder import encode_basestring as quote
from operator import attrgetter, itemgetter, methodcaller
from sys import getsizeof
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar
from urllib.parse import quote as percent_encode
from weakref import ref

from waldur_billing_mock.mock_server.spec.validation import decimal_limits, nullable, types
from waldur_billing_mock.openapi.document import DocumentError, Node, resolve

Text = TypeVar("Text", str, bytes)
Write = Callable[[Any, str], str]
"""Takes a value and the base URL of the request; returns JSON text."""


class Texts(dict[Hashable, str | bytes]):
    """The rendered texts of one row, by representation and base URL. Its table drops them when the row changes."""

    __slots__ = ("__weakref__",)


class CachedTexts(NamedTuple):
    """Finds the texts that are cached: those `of` a value, and those `of_each` of several, which are of one kind.

    Both return None for what is no row.
    """

    of: Callable[[Any], Texts | None]
    of_each: Callable[[Sequence[Any]], Sequence[Texts] | None]


NOTHING_CACHED: Final = CachedTexts(lambda value: None, lambda values: None)

_MOST_PROJECTIONS: Final = 64
"""Selections of fields of one object that stay compiled."""

_OVERHEAD: Final = 500
"""Bytes that a cached text needs besides its own, with its key and the host in it."""

_EXACT: Final = Context(prec=120, rounding=ROUND_HALF_EVEN)
_ANY: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9_.~/-]*")
_NEVER_EMPTY: Final = frozenset({"uuid", "uri", "email", "date", "date-time"})


class TextCache:
    """Bounds the bytes of the texts that are cached of all rows together. The oldest are dropped first."""

    def __init__(self, most_bytes: int = 1 << 27) -> None:
        self._most: Final = most_bytes
        self._bytes = 0
        self._oldest_first: Final = deque[tuple[ref[Texts], Hashable, int]]()

    def add(self, texts: Texts, key: Hashable, text: Text) -> Text:
        """Caches a text of a row. What its table has dropped is freed, but counts until it would be dropped here."""
        texts[key] = text
        size = getsizeof(text) + _OVERHEAD
        self._oldest_first.append((ref(texts), key, size))
        self._bytes += size
        while self._bytes > self._most:
            oldest, key, size = self._oldest_first.popleft()
            if (left := oldest()) is not None:
                left.pop(key, None)
            self._bytes -= size
        return text


class Renderer:
    """The compiled schema of one reply. Rows whose text is cached are not written again."""

    def __init__(
        self, document: Node, schema: Node, texts: CachedTexts = NOTHING_CACHED, cache: TextCache | None = None
    ) -> None:
        self._document: Final = document
        self._texts_of, self._texts_of_each = texts
        self._cache: Final = cache or TextCache()
        self._objects: Final[dict[str, _Object]] = {}
        schema = resolve(document, schema)
        self._array: Final = types(schema)[:1] == ("array",)
        self._one: Final = self._compile(schema["items"] if self._array else schema)

    @property
    def is_array(self) -> bool:
        """Whether the reply is an array of rows."""
        return self._array

    def render(self, value: Any, base: str, fields: frozenset[str] = frozenset()) -> bytes:
        """JSON of the value; `fields` keeps only the properties of these names, or all where it knows none."""
        write = self._one
        if fields and isinstance(write, _Object):
            write = write.projected(fields)
        key = (write, base, "utf-8")
        if not self._array:
            return self._written(value, base, key, lambda one, base: write(one, base).encode())
        texts = self._all_written(value, base, key, lambda row, base: write(row, base).encode())
        if not texts:
            return b"[]"
        # With these two, a page is joined in one go, as it may be long.
        texts[0] = b"[" + texts[0]
        texts[-1] += b"]"
        return b",".join(texts)

    def _written(self, value: Any, base: str, key: Hashable, write: Callable[[Any, str], Text]) -> Text:
        """The text of a value, which is cached by the key where it is a row."""
        texts = self._texts_of(value)
        if texts is None:
            return write(value, base)
        text: Any = texts.get(key)
        return text if text is not None else self._cache.add(texts, key, write(value, base))

    def _all_written(
        self, values: Sequence[Any], base: str, key: Hashable, write: Callable[[Any, str], Text]
    ) -> list[Text]:
        """The text of each of the values, as `_written` returns it."""
        texts = self._texts_of_each(values)
        if texts is None:
            return [write(value, base) for value in values]
        found = list(map(methodcaller("get", key), texts))
        if None in found:
            for place, text in enumerate(found):
                if text is None:
                    found[place] = self._cache.add(texts[place], key, write(values[place], base))
        return found

    def _nested(self, write: Write) -> Write:
        """Writes an object within another, such as the customer of an invoice, whose text may be cached as well."""
        if not isinstance(write, _Object):
            return write
        return lambda value, base: self._written(value, base, (write, base), write)

    def _compile(self, node: Node) -> Write:
        reference = node.get("$ref")
        if reference in self._objects:
            return self._objects[reference]
        schema = resolve(self._document, node)
        match types(schema)[:1], schema.get("format"):
            case ("object",), _ if "properties" in schema:
                open_ended = schema.get("additionalProperties") is True
                compiled = _Object(open_ended=open_ended)
                if reference:  # known before its members are compiled, so that a schema may contain itself
                    self._objects[reference] = compiled
                return compiled.of(self._members(schema))
            case ("array",), _:
                one = self._compile(schema["items"])
                return lambda values, base: f"[{','.join(self._all_written(values, base, (one, base), one))}]"
            case ("string",), kind:
                return _string(schema, kind)
            case ("number",), _:
                return lambda value, base: format(value, "f")
            case ("integer",), _:
                return lambda value, base: str(value)
            case ("boolean",), _:
                return lambda value, base: "true" if value else "false"
            case (), _ if "anyOf" in schema:
                (variant,) = [part for part in schema["anyOf"] if part != {"type": "null"}]
                return self._compile(variant)
        return lambda value, base: _any(value)

    def _members(self, schema: Node) -> "list[_Member]":
        required = schema.get("required", ())
        return [self._member(name, part, name in required) for name, part in schema["properties"].items()]

    def _member(self, name: str, node: Node, required: bool) -> "_Member":
        schema = resolve(self._document, node)
        key = f"{quote(name)}:"
        if nullable(schema):
            missing: str | None = f"{key}null"
        elif required and "x-waldur-absent" in node:
            missing = key + json.dumps(node["x-waldur-absent"])
        else:
            missing = None if required else ""
        link = node.get("x-waldur-link")
        return _Member(
            name=name,
            key=key,
            read=_link_reader(link) if link else attrgetter(node.get("x-waldur-attribute", name)),
            write=_write_link if link else self._nested(self._compile(node)),
            missing=missing,
            never_empty=schema.get("format") in _NEVER_EMPTY,
        )


@dataclass(frozen=True, slots=True)
class _Member:
    """A property. `missing` is the text for no value: empty where it is left out then, None where it must have one."""

    name: str
    key: str
    read: Callable[[Any], Any]
    write: Write
    missing: str | None
    never_empty: bool

    def step(self, read: Callable[[Any], Any]) -> "_Step":
        """How the property is written that is read so."""
        return read, self.key, self.write, self.never_empty, self


_Step: TypeAlias = tuple[Callable[[Any], Any], str, Write, bool, _Member]


class _Object:
    """Writes an object, member by member."""

    def __init__(self, *, open_ended: bool = False) -> None:
        self._open_ended: Final = open_ended
        self._members: tuple[_Member, ...] = ()
        self._of_attributes: tuple[_Step, ...] = ()
        self._of_items: tuple[_Step, ...] = ()
        self._names: frozenset[str] = frozenset()
        self._projections: Final[dict[frozenset[str], _Object]] = {}

    def of(self, members: "Iterable[_Member]") -> "_Object":
        """The same object, with these members from now on."""
        self._members = tuple(members)
        # Plain tuples, as most of the time of rendering goes by in the loop over them.
        self._of_attributes = tuple(member.step(member.read) for member in self._members)
        self._of_items = tuple(member.step(itemgetter(member.name)) for member in self._members)
        self._names = frozenset(member.name for member in self._members)
        return self

    def __call__(self, value: Any, base: str) -> str:
        mapping = isinstance(value, Mapping)
        steps = [step for step in self._of_items if step[-1].name in value] if mapping else self._of_attributes
        parts = []
        for read, key, write, never_empty, member in steps:
            part = read(value)
            if part is None or (never_empty and part == ""):
                if member.missing is None:
                    raise DocumentError(
                        f"{type(value).__name__}.{member.name} has no value, but the description requires one; "
                        "allow null there or name the value to send instead as x-waldur-absent."
                    )
                if member.missing:
                    parts.append(member.missing)
            else:
                parts.append(key + write(part, base))
        if mapping and self._open_ended:
            parts += [f"{quote(key)}:{_any(value[key])}" for key in value if key not in self._names]
        return "{" + ",".join(parts) + "}"

    def projected(self, fields: frozenset[str]) -> "_Object":
        """The same object with only the named members, or with all where none of the names is known."""
        known = fields & self._names
        if not known:
            return self
        if known not in self._projections:
            if len(self._projections) >= _MOST_PROJECTIONS:
                self._projections.clear()
            self._projections[known] = _Object().of(member for member in self._members if member.name in known)
        return self._projections[known]


def _string(schema: Node, kind: str | None) -> Write:
    whole = "integer" in types(schema)
    match kind:
        case "uuid":
            return lambda value, base: f'"{hyphenated(value)}"'
        case "decimal":
            places = Decimal(1).scaleb(-decimal_limits(schema).places)
            return lambda value, base: f'"{_EXACT.quantize(value, places):f}"'
        case "date-time":
            zone = schema.get("x-waldur-utc", "Z")
            return lambda value, base: f'"{_instant(value, zone)}"'
        case "date":
            return lambda value, base: f'"{value}"' if isinstance(value, date) else quote(value)
    # Nearly all values are text.
    return lambda value, base: quote(value) if type(value) is str else _text(value, whole)


def _any(value: Any) -> str:
    """Free-form JSON. The encoder of the standard library is quick, and knows no decimals."""
    try:
        return _ANY.encode(value)
    except TypeError:
        pass
    match value:
        case Decimal():
            return format(value, "f")
        case Mapping():
            return f"{{{','.join(f'{quote(name)}:{_any(one)}' for name, one in value.items())}}}"
        case list() | tuple():
            return f"[{','.join(map(_any, value))}]"
    raise TypeError(f"{type(value).__name__} is no type of JSON")


def _text(value: Any, whole: bool) -> str:
    """Text as it is; a decimal digit for digit, or as an integer where the schema also allows one for whole numbers."""
    if not isinstance(value, Decimal):
        return quote(str(value))
    return f"{value:f}" if whole and value.as_tuple().exponent == 0 else f'"{value:f}"'


@lru_cache(maxsize=4096)
def hyphenated(value: str) -> str:
    """A uuid of 32 hex digits in the form of RFC 9562."""
    return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"


def _instant(value: datetime, zone: str) -> str:
    return value.isoformat().removesuffix("+00:00") + zone


def _link_reader(template: str) -> Callable[[Any], str | None]:
    """Reads the path that a link template gives for an object (`/api/customers/{customer.uuid}/`), None for no object.

    A uuid is written with hyphens; `{customer.uuid:hex}` writes its 32 digits.
    """
    start, _, rest = template.partition("{")
    place, _, end = rest.partition("}")
    path, _, form = place.partition(":")
    *owners, last = path.split(".")

    def read(value: Any) -> str | None:
        for owner in owners:
            value = getattr(value, owner)
            if value is None:
                return None
        found = getattr(value, last)
        return start + (found if form == "hex" else hyphenated(found)) + end

    return read


def _write_link(path: str, base: str) -> str:
    return f'"{base}{path if _PLAIN_PATH.fullmatch(path) else percent_encode(path)}"'
