"""The text of a world file, which is JSON or YAML: what it holds, and on which line a value is.

YAML is read as the data that JSON has: texts, numbers, true, false, null, lists and objects. A plain date is text. No
tag makes anything else of a value, and aliases may not make more of a file than it has characters.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.openapi.pointer import pointer

Pointer = Sequence[str | int]
"""The names of members and the numbers of entries that lead to a value."""

MOST_BYTES: Final = 2**30
"""The largest file that is read."""

_INTEGER: Final = re.compile("-?(0|[1-9][0-9]*)")
_FRACTION: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_WORDS: Final[Mapping[str, bool | None]] = {"": None, "~": None, "null": None, "true": True, "false": False}
_MOST_LEVELS: Final = 100


class WorldFileError(Exception):
    """A file that is no world. The sentence says in which file and where, what is wrong, and what was expected."""


@dataclass(frozen=True, slots=True)
class WorldText:
    """The text of a world file, and the name of the file in messages."""

    name: str
    text: str
    is_yaml: bool = False

    @classmethod
    def of_file(cls, path: Path) -> "WorldText":
        """Raises `WorldFileError` for a file that cannot be read."""
        try:
            if path.stat().st_size > MOST_BYTES:
                raise WorldFileError(f"{path}: the file is larger than {MOST_BYTES:,} bytes, which is the limit.")
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise WorldFileError(f"{path}: the file cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise WorldFileError(f"{path}: the file is not UTF-8: {error.reason} at byte {error.start}.") from error
        return cls(str(path), text, path.suffix in (".yaml", ".yml"))

    def parsed(self) -> Any:
        """The value of the text. Numbers with a fraction are `Decimal`."""
        return _yaml_value(self) if self.is_yaml else _json_value(self)

    def error(self, path: Pointer, message: str) -> WorldFileError:
        """The error for the value at a path, which is given as a JSON Pointer."""
        return self.errors([(path, message)])[0]

    def errors(self, found: Sequence[tuple[Pointer, str]]) -> list[WorldFileError]:
        """The errors for some values, for which the text is read once where it is YAML."""
        line_of = partial(_yaml_line, _yaml_node(self)) if self.is_yaml else partial(_json_line, self.text)
        return [
            WorldFileError(f"{self.name}, line {line_of(path)}{', ' if path else ''}{pointer(path)}: {message}")
            for path, message in found
        ]


def _json_value(source: WorldText) -> Any:
    try:
        return json.loads(
            source.text, parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_without_repetition
        )
    except json.JSONDecodeError as error:
        raise WorldFileError(
            f"{source.name}, line {error.lineno}, column {error.colno}: the file is not JSON: {error.msg}."
        ) from error
    except RecursionError as error:
        raise WorldFileError(f"{source.name}: the file is nested too deeply.") from error
    except ValueError as error:
        raise WorldFileError(f"{source.name}: the file is not JSON: {error}.") from error


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("the exponent of a number is out of range") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _without_repetition(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        names = [name for name, _ in members]
        raise ValueError(f"an object has two members {next(json.dumps(n) for n in names if names.count(n) > 1)}")
    return found


def _json_line(text: str, path: Pointer) -> int:
    """The line of the value at a path of valid JSON; for a value that is missing, the line of what should hold it."""
    place = _after_blanks(text, 0)
    for step in path:
        found = _json_place(text, place, step)
        if found is None:
            break
        place = found
    return text.count("\n", 0, place) + 1


def _json_place(text: str, place: int, step: str | int) -> int | None:
    """Where a member or an entry begins in the object or list that begins at a place."""
    decode, number = json.JSONDecoder().raw_decode, 0
    place = _after_blanks(text, place + 1)
    while text[place] not in "]}":
        name: str | int = number
        if isinstance(step, str):
            name, place = decode(text, place)
            place = _after_blanks(text, _after_blanks(text, place) + 1)
        if name == step:
            return place
        place = _after_blanks(text, decode(text, place)[1])
        if text[place] == ",":
            place = _after_blanks(text, place + 1)
        number += 1
    return None


def _after_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place


def _yaml_value(source: WorldText) -> Any:
    return _YamlReader(source).value(_yaml_node(source), 0)


def _yaml_node(source: WorldText) -> Any:
    # YAML is loaded for YAML files only: it takes longer than a whole start.
    import yaml

    try:
        _refuse_deep_nesting(source)
        node = yaml.compose(source.text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise WorldFileError(
            f"{source.name}{line}: the file is not YAML: {getattr(error, 'problem', None) or error}."
        ) from error
    if node is None:
        raise WorldFileError(f"{source.name}: the file is empty.")
    return node


def _refuse_deep_nesting(source: WorldText) -> None:
    import yaml

    level = 0
    event: Any
    for event in yaml.parse(source.text, Loader=yaml.CSafeLoader):
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > _MOST_LEVELS:
            raise WorldFileError(
                f"{source.name}, line {event.start_mark.line + 1}: the file is nested more than {_MOST_LEVELS} deep."
            )


class _YamlReader:
    def __init__(self, source: WorldText) -> None:
        self._source: Final = source
        self._left = len(source.text) + 1

    def value(self, node: Any, level: int) -> Any:
        import yaml

        # Each node of a file without aliases has a character of its own.
        self._left -= 1
        if self._left < 0 or level > _MOST_LEVELS:
            raise self._error(node, "aliases make more of the file than it has characters; write some of them out.")
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.startswith("tag:yaml.org,2002:python/"):
            raise self._error(node, f"the tag {node.tag} is not allowed; remove it.")
        match node:
            case yaml.MappingNode():
                return self._mapping(node, level)
            case yaml.SequenceNode():
                return [self.value(one, level + 1) for one in node.value]
        return node.value if node.style else _yaml_scalar(node.value)

    def _mapping(self, node: Any, level: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, one in node.value:
            name = self.value(key, level + 1)
            if not isinstance(name, str) or name in found:
                raise self._error(key, "a key must be text, and each key may be there once.")
            found[name] = self.value(one, level + 1)
        return found

    def _error(self, node: Any, message: str) -> WorldFileError:
        return WorldFileError(f"{self._source.name}, line {node.start_mark.line + 1}: {message}")


def _yaml_scalar(text: str) -> Any:
    """A plain scalar, by the rules of JSON: what JSON would not read as a number or a word is text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= 4000 else text
    try:
        return Decimal(text) if _FRACTION.fullmatch(text) else text
    except InvalidOperation:
        return text


def _yaml_line(node: Any, path: Pointer) -> int:
    import yaml

    for step in path:
        if isinstance(node, yaml.MappingNode) and isinstance(step, str):
            found = next((one for key, one in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = node.value[step]
        else:
            found = None
        if found is None:
            break
        node = found
    line: int = node.start_mark.line + 1
    return line
