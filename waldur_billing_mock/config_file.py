"""Options from a file, as `waldur-mock serve --config FILE` and `waldur-contracts --config FILE` take them.

The file is YAML (or JSON): an object whose members are the long options of the command, without the two hyphens. What
the command line gives wins, lists included. A file holds no secrets: of tokens it names the environment variables.
"""

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, get_type_hints

Kind = Literal["boolean", "integer", "number", "string"]
Make = Callable[[], argparse.ArgumentParser]
"""Makes the parser of a command anew."""

_OPTION: Final = "config"
_SCHEMA: Final = "$schema"
"""A member that names the schema for editors, and is no option."""
_VARIABLE: Final = r"(?![0-9A-Fa-f]{32,}$)[A-Za-z_][A-Za-z0-9_]*$"
"""The name of an environment variable, and no token."""
_NAMING_VARIABLES: Final[Mapping[str, str]] = {
    "token-env": f"^{_VARIABLE}",
    "role-token": rf"^[a-z0-9_]+=\s*{_VARIABLE}",
}
"""Options that name an environment variable with a token, and the form of their values."""
_TAGS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "boolean": ("bool",),
    "integer": ("int",),
    "number": ("int", "float"),
    # YAML takes a day or an instant without quotes for a value of its own.
    "string": ("str", "timestamp"),
}
_MEANT: Final[Mapping[Kind, str]] = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
}
_LONGEST_SHOWN: Final = 60


class ConfigError(Exception):
    """A file of options that cannot be used. The message says what is wrong, where, and what to do."""


def add_config(command: argparse.ArgumentParser) -> argparse.Action:
    """The option by which a command takes options from a file."""
    return command.add_argument(
        f"--{_OPTION}",
        type=Path,
        metavar="FILE",
        help="take options from this file, YAML with their long names; those of the command line win (default: none)",
    )


def words_of_file(make: Make, path: Path, given: Sequence[str]) -> list[str]:
    """The words that a file adds to those that were given. Raises `ConfigError`.

    They belong before the given ones, which are known to be valid.
    """
    known = options(make())
    destinations = _destinations(make(), given)
    words: list[str] = []
    for name, node in _members(path):
        if name not in known:
            raise ConfigError(f"{_place(path, node)}: {_unknown(name, known)}")
        made = _words(path, name, known[name], node)
        if known[name].dest not in destinations:
            words += made
    return words


def schema(command: argparse.ArgumentParser, title: str) -> dict[str, Any]:
    """The JSON Schema of the files of options of a command."""
    properties = {name: _described(command, name, action) for name, action in options(command).items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "properties": {_SCHEMA: {"type": "string"}, **properties},
    }


def options(command: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The options that a file may give, by their long names without hyphens."""
    found = {}
    for action in command._actions:
        names = [name[2:] for name in action.option_strings if name.startswith("--")]
        if names and action.help != argparse.SUPPRESS and names[0] not in ("help", "version", _OPTION):
            found[names[0]] = action
    return found


def _destinations(command: argparse.ArgumentParser, given: Sequence[str]) -> set[str]:
    """Where the given words put something."""
    for action in command._actions:
        action.default = argparse.SUPPRESS
    return set(vars(command.parse_args(given)))


def _members(path: Path) -> Iterator[tuple[str, Any]]:
    """The members of the object in a file: names, and nodes of YAML, which know their lines."""
    # Loaded for a file alone.
    import yaml

    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--{_OPTION} {path} cannot be read: {error}.") from None
    except RecursionError:
        raise ConfigError(f"{path}: values are nested too deep; write `name: value`, an option a line.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark is not None else str(path)
        problem = getattr(error, "problem", None) or "a character that no text has"
        raise ConfigError(f"{where}: this is no YAML ({problem}); write `name: value`, an option a line.") from None
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(f"{_place(path, root)}: options are written as `name: value`, one a line.")
    seen: dict[str, int] = {}
    for key, node in root.value:
        name = str(key.value)
        if name in seen:
            raise ConfigError(f"{_place(path, key)}: {name} is there already, in line {seen[name]}; leave one out.")
        seen[name] = key.start_mark.line + 1
        if name != _SCHEMA:
            yield name, node


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    if re.search("token|password|secret", name, re.IGNORECASE):
        return (
            f"there is no option {name!r}; secrets do not belong in a file. Put a token into an environment variable, "
            "and give the variable's name where the command takes one."
        )
    near = get_close_matches(name.replace("_", "-").lstrip("-"), known, 1)
    advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}."
    return f"there is no option {name!r}; {advice}"


def _words(path: Path, name: str, action: argparse.Action, node: Any) -> list[str]:
    """The words for one option."""
    if _kind(action) == "boolean":
        return [f"--{name}"] if _text(path, name, "boolean", node).lower() in ("true", "yes", "on") else []
    several = node.value if _takes_several(action) and node.id == "sequence" else [node]
    texts = [_checked(path, name, action, one) for one in several]
    return [f"--{name}", *texts] if action.nargs == "+" and texts else [f"--{name}={text}" for text in texts]


def _checked(path: Path, name: str, action: argparse.Action, node: Any) -> str:
    """The text of a value that the option takes. Raises `ConfigError`."""
    text = _text(path, name, _kind(action), node)
    if name in _NAMING_VARIABLES and not re.search(_NAMING_VARIABLES[name], text):
        form = "ROLE=NAME with the name" if name == "role-token" else "the name"
        raise ConfigError(
            f"{_place(path, node)}: {name} must be {form} of an environment variable, such as WALDUR_TOKEN; put the "
            "token into that variable."
        )
    if action.choices is not None and text not in action.choices:
        raise ConfigError(f"{_place(path, node)}: {name} must be one of {', '.join(map(str, action.choices))}.")
    if action.nargs == "+" and text.startswith("-"):
        raise ConfigError(f"{_place(path, node)}: {name} must not begin with a hyphen.")
    try:
        if callable(action.type):
            action.type(text)
    except argparse.ArgumentTypeError as error:
        raise ConfigError(f"{_place(path, node)}: {name}: {error}.") from None
    except ValueError:
        raise ConfigError(f"{_place(path, node)}: {name} must be {_MEANT[_kind(action)]}.") from None
    return text


def _text(path: Path, name: str, kind: Kind, node: Any) -> str:
    """A scalar as it is written, where it is of a kind. Raises `ConfigError`."""
    tag = str(node.tag).rpartition(":")[2]
    if node.id != "scalar" or tag not in _TAGS[kind]:
        got = f"{node.value[:_LONGEST_SHOWN]!r}" if node.id == "scalar" else f"a {node.id}"
        shown = "" if name in _NAMING_VARIABLES else f", not {got}"
        advice = "; put it in quotes" if kind == "string" and node.id == "scalar" and node.value else ""
        raise ConfigError(f"{_place(path, node)}: {name} must be {_MEANT[kind]}{shown}{advice}.")
    return str(node.value)


def _place(path: Path, node: Any) -> str:
    return f"{path}, line {node.start_mark.line + 1}"


def _takes_several(action: argparse.Action) -> bool:
    return action.nargs == "+" or isinstance(action, argparse._AppendAction)


def _kind(action: argparse.Action) -> Kind:
    """What values of an option are, by what reads them."""
    if action.nargs == 0:
        return "boolean"
    reads = action.type
    made = reads if isinstance(reads, type) or reads is None else get_type_hints(reads).get("return")
    kinds: Mapping[Any, Kind] = {int: "integer", float: "number"}
    return kinds.get(made, "string")


def _described(command: argparse.ArgumentParser, name: str, action: argparse.Action) -> dict[str, Any]:
    """The JSON Schema of an option's values."""
    one: dict[str, Any] = {"type": _kind(action)}
    if action.choices is not None:
        one["enum"] = list(action.choices)
    if name in _NAMING_VARIABLES:
        one["pattern"] = _NAMING_VARIABLES[name]
    values = {"anyOf": [one, {"type": "array", "items": one}]} if _takes_several(action) else one
    default = {"default": action.default} if isinstance(action.default, bool | int | float | str) else {}
    help = (action.help or "") % {**vars(action), "prog": command.prog}
    return {"description": help, **values, **default}
