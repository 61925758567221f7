"""Overlays (OpenAPI Overlay 1.0 and 1.1): what a published revision or a dialect says otherwise, action by action.

An overlay is applied to a bundled document. Objects are merged member by member, arrays are appended to, and
a plain value is replaced by whatever the update holds in its place. To replace an array or an object as a
whole, remove it in one action and update its parent in the next. Overlays of 1.1 may also remove plain values.

An action that matches nothing is an error here, although the specification lets it pass: it states a
difference that does not exist.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waldur_billing_mock.openapi.document import DocumentError, Node, read_yaml
from waldur_billing_mock.openapi.target import Json, Location, TargetError, parse, select

_VERSIONS = ("1.0.", "1.1.")
_OVERLAY_KEYS = ("overlay", "info", "extends", "actions")
_INFO_KEYS = ("title", "version", "description")
_ACTION_KEYS = ("target", "description", "update", "remove")


class OverlayError(DocumentError):
    """An overlay that cannot be loaded or applied; the text names file, action, target and the remedy."""


@dataclass(frozen=True, slots=True)
class Action:
    """One change: `update` is merged into every node that `target` selects, or those nodes are removed.

    `place` names file and number of the action for messages, `extensions` holds its `x-` keys. `takes_values` says
    whether plain values may be removed, which Overlay 1.1 allows.
    """

    place: str
    target: str
    description: str
    update: Json
    remove: bool
    extensions: Mapping[str, Json]
    takes_values: bool


@dataclass(frozen=True, slots=True)
class Overlay:
    """A titled list of actions. `extends` is the file of the document that it is written for, where it says so."""

    title: str
    version: str
    description: str
    extends: str
    actions: tuple[Action, ...]
    extensions: Mapping[str, Json]


def load(path: Path) -> Overlay:
    """Return the overlay in a file. Raises `OverlayError` where a key is missing, unknown or wrong."""
    content = _object(read_yaml(path), str(path), "the file")
    _known(content, _OVERLAY_KEYS, str(path))
    version = _text(content, "overlay", str(path))
    if not version.startswith(_VERSIONS):
        raise OverlayError(f"{path}: `overlay: {version}` is not supported; write 1.0.0 or 1.1.0.")
    info = _object(content.get("info"), str(path), "`info`")
    _known(info, _INFO_KEYS, f"{path}, info")
    actions = content.get("actions")
    if not isinstance(actions, list) or not actions:
        raise OverlayError(f"{path}: `actions` has to be a list with at least one action.")
    return Overlay(
        title=_text(info, "title", f"{path}, info"),
        version=_text(info, "version", f"{path}, info"),
        description=_text(info, "description", f"{path}, info") if "description" in info else "",
        extends=_text(content, "extends", str(path)) if "extends" in content else "",
        actions=tuple(
            _action(action, f"{path}, action {number}", takes_values=not version.startswith("1.0."))
            for number, action in enumerate(actions, 1)
        ),
        extensions=_extensions(content) | _extensions(info),
    )


def apply(document: Node, overlay: Overlay) -> dict[str, Any]:
    """Return the document as the overlay's actions, in their order, leave it; the argument is not changed.

    Raises `OverlayError` when an action matches nothing or its update does not fit what it matches.
    """
    result: Node = _copy(document)
    for action in overlay.actions:
        _change(result, action)
    return result


def steps(document: Node, overlay: Overlay) -> Iterator[tuple[Action, list[Location]]]:
    """Apply an overlay as `apply` does, and yield each action with the locations that it selects and has changed.

    Raises `OverlayError` as `apply` does.
    """
    changed: Node = _copy(document)
    for action in overlay.actions:
        yield action, _change(changed, action)


def _change(document: Node, action: Action) -> list[Location]:
    """Apply an action to a document in its place. Returns the locations that were selected, the last first."""
    locations = _targets(document, action)
    for location in locations:
        if action.remove:
            _remove(document, location)
        else:
            _update(document, location, action)
    return locations


def _targets(document: Node, action: Action) -> list[Location]:
    """The places that the action changes, deepest and last first, so that no removal moves another place."""
    locations = select(document, action.target)
    if not locations:
        raise _failure(action, "it matches nothing; correct it, or delete the action if the difference is gone")
    if action.remove and () in locations:
        raise _failure(action, "the document itself cannot be removed; select something in it")
    if not (action.remove and action.takes_values) and any(
        not isinstance(_at(document, place), dict | list) for place in locations
    ):
        raise _failure(action, "it selects a plain value; select the object or array that holds it")
    return sorted(locations, reverse=True)


def _remove(document: Node, location: Location) -> None:
    del _at(document, location[:-1])[location[-1]]


def _update(document: Node, location: Location, action: Action) -> None:
    old = _at(document, location)
    # The specification appends one entry to a selected array; only below that are arrays joined to arrays.
    entry = isinstance(old, list) and not isinstance(action.update, list)
    new = [action.update] if entry else action.update
    merged = _merged(old, new, action, "".join(["$", *(f"[{key!r}]" for key in location)]))
    if location:
        _at(document, location[:-1])[location[-1]] = merged
    else:
        document.update(_object(merged, action.place, "`update` of the whole document"))


def _merged(old: Json, new: Json, action: Action, where: str) -> Json:
    """The node at `where` once `new` is merged into `old`. Shares nothing with the overlay."""
    match old, new:
        case dict(), dict():
            joined = dict(old)
            for key, value in new.items():
                joined[key] = _merged(old[key], value, action, f"{where}.{key}") if key in old else _copy(value)
            return joined
        case list(), list():
            return [*old, *_copy(new)]
        case ((dict() | list()), _) if old:
            kind = "an object" if isinstance(old, dict) else "an array"
            raise _failure(action, f"{where} is {kind}, the update is none; remove it in an action before")
    fresh: Json = _copy(new)
    return fresh


def _copy(node: Any) -> Any:
    """A copy in which no two places share an object, as they do below YAML's anchors."""
    match node:
        case dict():
            return {key: _copy(value) for key, value in node.items()}
        case list():
            return [_copy(value) for value in node]
    return node


def _at(document: Node, location: Location) -> Any:
    node: Any = document
    for key in location:
        node = node[key]
    return node


def _failure(action: Action, reason: str) -> OverlayError:
    return OverlayError(f"{action.place}: target {action.target}: {reason}.")


def _action(node: object, place: str, *, takes_values: bool) -> Action:
    content = _object(node, place, "an action")
    _known(content, _ACTION_KEYS, place)
    target = _text(content, "target", place)
    try:
        parse(target)
    except TargetError as error:
        raise OverlayError(f"{place}: target {target}: {error}.") from error
    remove = content.get("remove", False)
    if not isinstance(remove, bool):
        raise OverlayError(f"{place}: `remove` is true or false.")
    if remove == ("update" in content):
        raise OverlayError(f"{place}: target {target}: write either `update` or `remove: true`.")
    return Action(
        place=place,
        target=target,
        description=_text(content, "description", place) if "description" in content else "",
        update=content.get("update"),
        remove=remove,
        extensions=_extensions(content),
        takes_values=takes_values,
    )


def _object(node: object, place: str, what: str) -> dict[str, Json]:
    if not isinstance(node, dict) or not all(isinstance(key, str) for key in node):
        raise OverlayError(f"{place}: {what} has to be an object with text keys.")
    return node


def _text(content: dict[str, Json], key: str, place: str) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise OverlayError(f"{place}: `{key}` is missing or no text; a number needs quotes.")
    return value


def _known(content: dict[str, Json], keys: tuple[str, ...], place: str) -> None:
    for key in content:
        if key not in keys and not key.startswith("x-"):
            raise OverlayError(f"{place}: `{key}` is not supported; known are {', '.join(keys)} and x- keys.")


def _extensions(content: dict[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in content.items() if key.startswith("x-")}
