"""Rows as columns of bytes, from which each row is made when it is first read.

A column is encoded by a dictionary: each distinct value once, as JSON, and for each row the number of its value. A
column of uuids has 16 bytes for each row. Only what `pack_rows` wrote can be read; the code that stores it checks its
hash.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any, Protocol, TypeAlias, TypeVar

K = TypeVar("K", bound=Hashable)
Spec: TypeAlias = Mapping[str, Any]
"""What is packed, as JSON: where its bytes are, or the bytes' meaning."""

_PIECE = 1024
_UUID_BYTES = 16
_MOST_CODES = {"B": 1 << 8, "H": 1 << 16, "I": 1 << 32}
"""How many values the numbers of a type tell apart."""


class Converter(Protocol):
    """What makes JSON of a value of a field, and the value of the JSON."""

    @property
    def read(self) -> Callable[[Any], Any]: ...
    @property
    def write(self) -> Callable[[Any], Any]: ...


def _same(value: Any) -> Any:
    return value


class Packing:
    """Collects the bytes of columns."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._length = 0

    def add(self, part: bytes) -> list[int]:
        """Where the part is: its first byte, and the one after it."""
        start = self._length
        self.parts.append(part)
        self._length += len(part)
        return [start, self._length]


def pack_rows(packing: Packing, rows: Sequence[Any], fields: Mapping[str, Converter]) -> Spec:
    """The fields of rows but the ids, in the order of the rows. Raises `TypeError` for a value that is no JSON.

    Values that are dicts are free-form JSON, which needs no converter.
    """
    columns: dict[str, list[Any]] = {name: [] for name in fields if name != "id"}
    # Piece by piece, as rows lie all over the memory, and each would be fetched anew for each field.
    for start in range(0, len(rows), _PIECE):
        piece = rows[start : start + _PIECE]
        for name, column in columns.items():
            column += map(attrgetter(name), piece)
    return {name: _pack(packing, column, fields[name].write) for name, column in columns.items()}


def pack_numbers(packing: Packing, numbers: Sequence[int]) -> Spec:
    """Numbers from 0 to below 2³²."""
    return _pack_below(packing, numbers, max(numbers, default=0) + 1)


def _pack_below(packing: Packing, numbers: Iterable[int], most: int) -> Spec:
    code = next(code for code, limit in _MOST_CODES.items() if most <= limit)
    return {"type": code, "at": packing.add(bytes(numbers) if code == "B" else array(code, numbers).tobytes())}


def _pack(packing: Packing, values: Sequence[Any], write: Callable[[Any], Any]) -> Spec:
    types = set(map(type, values))
    if types == {str}:
        texts = dict.fromkeys(values)
        if 2 * len(texts) > len(values) and _are_uuids(values):
            return {"uuids": packing.add(bytes.fromhex("".join(values)))}
        codes, table = _pack_forms(packing, {text: write(text) for text in texts})
        return {"codes": _pack_below(packing, map(codes.__getitem__, values), len(texts)), **table}
    # Most values are the same few objects, so that it is enough to look at these. Equal ones may differ: 1 and 1.0.
    distinct = dict(zip(map(id, values), values, strict=True))
    if types == {dict}:
        numbers, table = _pack_objects(packing, distinct)
    else:
        numbers, table = _pack_forms(packing, {identity: write(value) for identity, value in distinct.items()})
    return {"codes": _pack_below(packing, map(numbers.__getitem__, map(id, values)), len(distinct)), **table}


def _are_uuids(values: Sequence[Any]) -> bool:
    if set(map(type, values)) != {str} or set(map(len, values)) != {2 * _UUID_BYTES}:
        return False
    digits = "".join(values)
    try:
        return bytes.fromhex(digits).hex() == digits
    except ValueError:
        return False


def _pack_forms(packing: Packing, forms: Mapping[K, Any]) -> tuple[Mapping[K, int], Spec]:
    """The number of each form, by the keys of the forms, and the forms. Equal ones have one number."""
    if _are_uuids(list(forms.values())):
        uuids: dict[str, int] = {}
        codes = {key: uuids.setdefault(form, len(uuids)) for key, form in forms.items()}
        return codes, {"table_of_uuids": packing.add(bytes.fromhex("".join(uuids)))}
    texts: dict[str, int] = {}
    codes = {key: texts.setdefault(_text(form), len(texts)) for key, form in forms.items()}
    return codes, {"table": packing.add(f"[{','.join(texts)}]".encode())}


def _text(form: Any) -> str:
    return encode_basestring(form) if type(form) is str else json.dumps(form, ensure_ascii=False)


def _pack_objects(packing: Packing, forms: Mapping[int, Mapping[str, Any]]) -> tuple[Mapping[int, int], Spec]:
    """The same for objects: those with the same names of members are packed like rows."""
    shapes: dict[tuple[str, ...], list[int]] = {}
    for identity, form in forms.items():
        shapes.setdefault(tuple(form), []).append(identity)
    codes: dict[int, int] = {}
    tables = []
    for names, identities in shapes.items():
        tables.append(
            {
                "first": len(codes),
                "members": {
                    name: _pack(packing, [forms[identity][name] for identity in identities], _same) for name in names
                },
            }
        )
        for identity in identities:
            codes[identity] = len(codes)
    return codes, {"objects": tables}


class _Column(Protocol):
    def __getitem__(self, place: int) -> Any: ...
    def values(self, start: int, stop: int) -> list[Any]: ...


class _Uuids:
    """Uuids of 16 bytes each."""

    def __init__(self, content: memoryview) -> None:
        self._content = content

    def __len__(self) -> int:
        return len(self._content) // _UUID_BYTES

    def __getitem__(self, place: int) -> str:
        return self._content[place * _UUID_BYTES : (place + 1) * _UUID_BYTES].hex()

    def values(self, start: int, stop: int) -> list[Any]:
        digits, size = self._content[start * _UUID_BYTES : stop * _UUID_BYTES].hex(), 2 * _UUID_BYTES
        return [digits[place : place + size] for place in range(0, len(digits), size)]


class _Values(dict[int, Any]):
    """Values by their numbers, each made of its form when it is first asked for."""

    def __init__(self, forms: Callable[[], Any], read: Callable[[Any], Any]) -> None:
        self._load, self._read = forms, read
        self._forms: Any = None

    def __missing__(self, code: int) -> Any:
        if self._forms is None:
            self._forms = self._load()
        value = self[code] = self._read(self._forms[code])
        return value


class _Objects:
    """Objects by their numbers; `firsts` are the numbers with which those of another shape begin."""

    def __init__(self, tables: Sequence[Spec], content: memoryview) -> None:
        self._firsts = [table["first"] for table in tables]
        self._shapes = [
            {name: _unpack(spec, content, _same) for name, spec in table["members"].items()} for table in tables
        ]

    def __getitem__(self, code: int) -> dict[str, Any]:
        number = bisect_right(self._firsts, code) - 1
        place = code - self._firsts[number]
        return {name: column[place] for name, column in self._shapes[number].items()}


class _Coded:
    """A column that is encoded by a dictionary: the numbers of values, and the values."""

    def __init__(self, codes: memoryview, table: _Values) -> None:
        self._codes = codes
        self._table = table

    def __getitem__(self, place: int) -> Any:
        return self._table[self._codes[place]]

    def values(self, start: int, stop: int) -> list[Any]:
        return list(map(self._table.__getitem__, self._codes[start:stop]))


def unpack_numbers(spec: Spec, content: memoryview) -> memoryview:
    """Raises `KeyError`, `TypeError` or `ValueError` for what `pack_numbers` did not write."""
    start, stop = spec["at"]
    numbers = content[start:stop]
    match spec["type"]:
        case "B":
            return numbers
        case "H":
            return numbers.cast("H")
        case "I":
            return numbers.cast("I")
    raise ValueError(f"unknown type of numbers: {spec['type']!r}")


def _unpack(spec: Spec, content: memoryview, read: Callable[[Any], Any]) -> _Column:
    match spec:
        case {"uuids": [start, stop]}:
            return _Uuids(content[start:stop])
        case {"codes": codes, "table_of_uuids": [start, stop]}:
            return _Coded(unpack_numbers(codes, content), _Values(lambda: _Uuids(content[start:stop]), _same))
        case {"codes": codes, "table": [start, stop]}:
            return _Coded(unpack_numbers(codes, content), _Values(lambda: json.loads(bytes(content[start:stop])), read))
        case {"codes": codes, "objects": tables}:
            objects = _Objects(tables, content)
            return _Coded(unpack_numbers(codes, content), _Values(lambda: objects, _same))
    raise ValueError("unknown kind of column")


class Columns:
    """The rows of a class in columns, in the order of their ids."""

    def __init__(
        self, kind: type[Any], ids: Sequence[int], spec: Spec, content: memoryview, fields: Mapping[str, Converter]
    ) -> None:
        """Raises `KeyError`, `TypeError` or `ValueError` for what `pack_rows` did not write."""
        self.ids = ids
        self._kind = kind
        self._columns = {name: _unpack(spec[name], content, one.read) for name, one in fields.items() if name != "id"}

    def rows(self, start: int, stop: int) -> list[Any]:
        """New rows, from one place to before another."""
        kind = self._kind
        made = list(map(object.__new__, repeat(kind, stop - start)))
        # Field by field, without a call for each row.
        deque(map(kind.__dict__["id"].__set__, made, self.ids[start:stop]), maxlen=0)
        for name, column in self._columns.items():
            deque(map(kind.__dict__[name].__set__, made, column.values(start, stop)), maxlen=0)
        return made

    def values(self, name: str) -> list[Any]:
        """The values of a field in all rows."""
        return self._columns[name].values(0, len(self.ids))

    def keys(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The values of some fields in all rows, together."""
        return zip(*[self.values(name) for name in names], strict=True) if names else repeat((), len(self.ids))
