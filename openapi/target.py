"""The part of JSONPath (RFC 9535) in which overlays say where they change a document.

Supported: `$`, `.name`, `['name']`, `['one', 'other']`, `.*`, `[*]`, `[3]`, a descent `..` before any of
these, and filters such as `[?@.format == 'uuid']`, `[?@['x-waldur-link']]` or
`[?@.in == 'query' && @.name != 'page']`. All else is refused rather than guessed at. This module knows nothing
of OpenAPI and changes no document.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Location: TypeAlias = tuple[str | int, ...]
Found: TypeAlias = tuple[Location, Json]

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_PATH = rf"(?:\.{_NAME}|\[(?:{_QUOTED})\])*"
_NAMES = rf"(?:{_QUOTED})(?:\s*,\s*(?:{_QUOTED}))*"
_LITERAL = rf"{_QUOTED}|-?\d+|true|false|null"
_TERM = rf"@{_PATH}(?:\s*(?:==|!=)\s*(?:{_LITERAL}))?"
_TERMS = rf"{_TERM}(?:\s*&&\s*{_TERM})*"

_SEGMENT = re.compile(
    rf"(?P<descend>\.\.)?(?:(?(descend)|\.)(?:(?P<name>{_NAME})|(?P<star>\*))"
    rf"|\[\s*(?:(?P<quoted>{_NAMES})|(?P<index>\d+)|(?P<every>\*)"
    rf"|\?\s*(?:(?P<filter>{_TERMS})|\(\s*(?P<wrapped>{_TERMS})\s*\)))\s*\])"
)
_ONE_TERM = re.compile(rf"@(?P<path>{_PATH})(?:\s*(?P<sign>==|!=)\s*(?P<literal>{_LITERAL}))?")
_ONE_STEP = re.compile(rf"\.(?P<name>{_NAME})|\[(?P<quoted>{_QUOTED})\]")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class TargetError(ValueError):
    """A target is not written in the supported part of JSONPath; the text says where and what would be."""


@dataclass(frozen=True)
class Named:
    """The members of an object that have one of these names."""

    names: tuple[str, ...]

    def matches(self, key: str | int, child: Json) -> bool:
        return key in self.names


@dataclass(frozen=True)
class Index:
    """The entry of an array at this position, counted from 0."""

    position: int

    def matches(self, key: str | int, child: Json) -> bool:
        return key == self.position


@dataclass(frozen=True)
class Every:
    """All members of an object, all entries of an array."""

    def matches(self, key: str | int, child: Json) -> bool:
        return True


@dataclass(frozen=True)
class Term:
    """One condition of a filter: the node at `path` exists or, with a sign, compares so with the literal."""

    path: tuple[str, ...]
    sign: str | None
    literal: Json

    def holds(self, node: Json) -> bool:
        for name in self.path:
            if not isinstance(node, dict) or name not in node:
                return self.sign == "!="
            node = node[name]
        if self.sign is None:
            return True
        # Python takes True for 1; JSON does not.
        equal = type(node) is type(self.literal) and node == self.literal
        return equal == (self.sign == "==")


@dataclass(frozen=True)
class Where:
    """The members or entries for which all terms hold."""

    terms: tuple[Term, ...]

    def matches(self, key: str | int, child: Json) -> bool:
        return all(term.holds(child) for term in self.terms)


@dataclass(frozen=True)
class Segment:
    """One step from a node to some of its children or, when it descends, to some of all that is below it."""

    selector: Named | Index | Every | Where
    descend: bool

    def follow(self, origin: Found) -> Iterator[Found]:
        for location, node in _below(origin) if self.descend else [origin]:
            for key, child in _children(node):
                if self.selector.matches(key, child):
                    yield (*location, key), child


def parse(target: str) -> tuple[Segment, ...]:
    """Return the steps of a target. Raises `TargetError` for anything outside the supported part."""
    if not target.startswith("$"):
        raise TargetError("A target starts at the root of the document: begin it with `$`.")
    segments: list[Segment] = []
    position = 1
    while position < len(target):
        match = _SEGMENT.match(target, position)
        if match is None:
            raise TargetError(
                f"`{target[position:]}` is not supported. Write .name, ['name'] (where it holds more than "
                "letters, digits and _), ['one', 'other'], .*, [*], [0], .. before one of these, or a filter "
                "such as [?@.name == 'state' && @.in == 'query']."
            )
        segments.append(Segment(_selector(match), match["descend"] is not None))
        position = match.end()
    return tuple(segments)


def select(document: Json, target: str) -> list[Location]:
    """Return where the target's nodes are, in document order, each once; none is an empty list."""
    nodes: list[Found] = [((), document)]
    for segment in parse(target):
        nodes = [found for node in nodes for found in segment.follow(node)]
    return list(dict.fromkeys(location for location, _ in nodes))


def _selector(match: re.Match[str]) -> Named | Index | Every | Where:
    if match["name"] is not None:
        return Named((match["name"],))
    if match["quoted"] is not None:
        names = re.findall(_QUOTED, match["quoted"])
        return Named(tuple(_unquoted(name) for name in names))
    if match["index"] is not None:
        return Index(int(match["index"]))
    if match["star"] is not None or match["every"] is not None:
        return Every()
    terms = match["filter"] or match["wrapped"]
    return Where(tuple(_term(term) for term in _ONE_TERM.finditer(terms)))


def _term(match: re.Match[str]) -> Term:
    steps = _ONE_STEP.finditer(match["path"])
    path = tuple(step["name"] or _unquoted(step["quoted"]) for step in steps)
    literal = match["literal"]
    return Term(path, match["sign"], None if literal is None else _value(literal))


def _value(literal: str) -> Json:
    if literal in _WORDS:
        return _WORDS[literal]
    return _unquoted(literal) if literal[0] in "'\"" else int(literal)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _children(node: Json) -> Iterator[tuple[str | int, Json]]:
    if isinstance(node, dict):
        yield from node.items()
    elif isinstance(node, list):
        yield from enumerate(node)


def _below(origin: Found) -> Iterator[Found]:
    """The node itself first, then everything below it, depth first."""
    yield origin
    location, node = origin
    for key, child in _children(node):
        yield from _below(((*location, key), child))
