"""Replaces what is private in a world file, tells what was replaced, and looks for originals that are left."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.world import TABLES
from waldur_billing_mock.mock_server.recording.originals import SHORTEST, Originals
from waldur_billing_mock.mock_server.recording.private_fields import (
    DETAILS,
    FREE_FORM,
    ISSUER,
    KEPT_MEMBERS,
    NAMES,
    PRIVATE,
)
from waldur_billing_mock.mock_server.recording.pseudonyms import Kind, Pseudonyms
from waldur_billing_mock.mock_server.world_fields import stored_fields

Content = Mapping[str, Any]
"""The content of a world file: its head and its tables."""
_LONGEST: Final = {
    name: {field: kind.schema.get("maxLength") for field, (kind, _) in stored_fields(row).items()}
    for name, row in TABLES.items()
}

_SHORTEST_IN_DIGITS: Final = 8
"""Shorter texts occur in random hexadecimal digits by chance."""


@dataclass
class Replaced:
    """What was done to each field: the kind of its pseudonyms, how many values were replaced, how many differ."""

    kinds: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    distinct: dict[str, set[str]] = field(default_factory=dict)
    originals: int = 0
    left: list[str] = field(default_factory=list)
    scaled: str = ""

    def note(self, where: str, kind: str, original: str) -> None:
        """A value that was replaced."""
        self.kinds[where] = kind
        self.counts[where] += 1
        self.distinct.setdefault(where, set()).add(original)

    def rows(self) -> list[dict[str, object]]:
        """A row a field. No original is in it."""
        return [
            {"field": where, "kind": self.kinds[where], "values": count, "distinct": len(self.distinct[where])}
            for where, count in sorted(self.counts.items())
        ]

    def lines(self) -> list[str]:
        """The report in words."""
        found = [
            f"replaced: {row['field']}: {row['values']} values, {row['distinct']} distinct, as {row['kind']}"
            for row in self.rows()
        ]
        found.append("kept: ids and numbers of invoices, dates, states, units, countries, tax rates, quantities")
        found.append(self.scaled or "amounts are kept; --scale multiplies them by a secret factor")
        left = f"{len(self.left)} fields still show one" if self.left else "none is left"
        found.append(f"{self.originals} originals were looked for in the file, {left}")
        return found


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a file: where it is, and of which kind."""

    where: str
    kind: Kind
    value: str
    longest: int | None = None


def anonymize(content: Content, secret: bytes) -> tuple[dict[str, Any], Replaced]:
    """The same world with pseudonyms, and what was replaced; `left` of it names fields that still show an original."""
    originals = originals_of(content)
    pseudonyms, replaced = Pseudonyms(secret, originals), Replaced()

    def replace(text: Text) -> str:
        made = pseudonyms.of(text.kind, text.value, text.longest)
        if made != text.value:
            replaced.note(text.where, text.kind, text.value)
        return made

    made = _mapped(content, replace)
    changed = _changed(content, made)
    replaced.originals = len(changed)
    replaced.left = left_in(made, changed)
    return made, replaced


def originals_of(content: Content) -> Originals:
    """All private texts of a file, and the kinds of its names."""
    names: dict[str, Kind] = {}
    others = set()
    for text in texts(content):
        if text.kind in NAMES:
            names.setdefault(text.value, text.kind)
        elif text.kind not in ("term", "text"):
            others.add(text.value)
    return Originals(names, frozenset(others))


def left_in(content: Content, originals: frozenset[str]) -> list[str]:
    """The fields of a file that show an original of at least three characters.

    Identifiers and tokens are random digits, in which a short code such as `B12` is found by chance and tells nothing:
    only originals of at least eight characters are looked for in them.
    """
    sought = Originals({}, originals)
    in_digits = Originals({}, frozenset(text for text in originals if len(text) >= _SHORTEST_IN_DIGITS))
    by_kind = {"uuid": in_digits, "token": in_digits}
    return sorted({text.where for text in texts(content) if by_kind.get(text.kind, sought).within(text.value)})


def _changed(before: Content, after: Content) -> frozenset[str]:
    """The private texts that were replaced. What consists of words of billing alone is not private."""
    pairs = zip(texts(before), texts(after), strict=True)
    return frozenset(old.value for old, new in pairs if old.value != new.value and len(old.value.strip()) >= SHORTEST)


def texts(content: Content) -> Iterator[Text]:
    """Every private text of a file."""
    found: list[Text] = []

    def collect(text: Text) -> str:
        found.append(text)
        return text.value

    _mapped(content, collect)
    yield from found


def _mapped(content: Content, replace: Any) -> dict[str, Any]:
    """A file with each private text replaced."""
    made = dict(content)
    if isinstance(content.get("issuer_details"), dict):
        made["issuer_details"] = _members(content["issuer_details"], "issuer_details", ISSUER, replace)
    for table in TABLES:
        if isinstance(content.get(table), list):
            made[table] = [_row(table, row, replace) for row in content[table]]
    return made


def _row(table: str, row: Mapping[str, Any], replace: Any) -> dict[str, Any]:
    kinds, made = PRIVATE.get(table, {}), dict(row)
    for name, value in row.items():
        where, longest = f"{table}.{name}", _LONGEST[table].get(name)
        if name == FREE_FORM.get(table):
            made[name] = _free_form(table, value, where, replace)
        elif name.endswith("uuid") and isinstance(value, str):
            made[name] = replace(Text(where, "uuid", value)) if value else value
        elif name.endswith("uuids"):
            made[name] = [replace(Text(where, "uuid", one)) for one in value]
        elif name in kinds and isinstance(value, list):
            made[name] = [replace(Text(where, kinds[name], one, longest)) for one in value]
        elif name in kinds and isinstance(value, str):
            made[name] = replace(Text(where, kinds[name], value, longest))
    return made


def _free_form(table: str, value: Any, where: str, replace: Any) -> Any:
    match table, value:
        case "resources", dict():
            return {replace(Text(where, "term", name)): one for name, one in value.items()}
        case "users", list():
            return [{**one, "scope_uuid": replace(Text(where, "uuid", one["scope_uuid"]))} for one in value]
        case _, dict():
            return _members(value, where, DETAILS, replace)
    return value


def _members(value: Mapping[str, Any], where: str, kinds: Mapping[str, Kind], replace: Any) -> dict[str, Any]:
    """A free-form object: known members by their kinds, others as free text."""
    return {
        name: one if name in KEPT_MEMBERS else _any(one, f"{where}.{name}", kinds.get(name), kinds, replace)
        for name, one in value.items()
    }


def _any(value: Any, where: str, kind: Kind | None, kinds: Mapping[str, Kind], replace: Any) -> Any:
    match value:
        case str():
            known: Kind = "uuid" if where.endswith("_uuid") and value else kind or "text"
            return replace(Text(where, known, value))
        case dict():
            return _members(value, where, kinds, replace)
        case list():
            return [_any(one, where, kind, kinds, replace) for one in value]
    return value
