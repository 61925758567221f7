"""The catalogue of known deviations, and which of them explains a complaint.

A value that fits what real servers are known to send is a known deviation; what explains it are the entries of the
catalogue that change what the complaint rests on. What no schema can express is named by the check that can see it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from waldur_billing_mock.contracts.description import FOLDER, Description
from waldur_billing_mock.contracts.exchange import Complaint
from waldur_billing_mock.openapi.document import read_yaml
from waldur_billing_mock.openapi.overlay import Action, steps
from waldur_billing_mock.openapi.pointer import escape, find, pointer
from waldur_billing_mock.openapi.revision import wire_overlay

_UNSHOWN: Final = ("/x-waldur-switches", "/x-waldur-attribute")
"""Keywords that change what a server does or where it reads a value, but not the form of the value."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """An entry of the catalogue. `places` are the pointers that it changes; blank for what is only observed."""

    id: str
    description: str
    source: str
    since: str
    places: tuple[str, ...] = ()


class Catalogue:
    """The deviations that concern a revision. `ids` are their identifiers."""

    def __init__(self, description: Description) -> None:
        self._document: Final = description.document
        self.entries: Final = tuple(_entries(description))
        self.ids: Final = frozenset(entry.id for entry in self.entries)
        self._explained: Final[dict[tuple[str, str], tuple[str, ...]]] = {}

    def explain(self, operation_place: str, complaint: Complaint) -> tuple[str, ...]:
        """The entries that change what a complaint rests on, the nearest that there are; none where none does.

        They change its place, or bring the members that it is about, or change what refers to its component.
        """
        key = operation_place, complaint.place
        if key not in self._explained:
            self._explained[key] = self._explain(operation_place, complaint)
        return self._explained[key]

    def _explain(self, operation_place: str, complaint: Complaint) -> tuple[str, ...]:
        used = self._used_by(operation_place)
        wide = [entry for entry in self.entries if any(_touches(entry.places, place) for place in used)]
        near = [entry for entry in self.entries if _touches(entry.places, complaint.place)]
        shown = [entry for entry in near if not all(place.endswith(_UNSHOWN) for place in entry.places)]
        bringing = [entry for entry in wide if self._brings_members(entry, complaint.place)]
        referring = [entry for entry in wide if self._refers_to(entry, complaint.place)]
        return tuple(dict.fromkeys(entry.id for entry in shown or bringing or referring))

    def looked_at(self, operation_place: str) -> frozenset[str]:
        """The entries that change a form of the answers of an operation, so that judging an answer can show them."""
        used = [place for place in self._used_by(operation_place) if place.startswith("/components/schemas/")]
        return frozenset(
            entry.id
            for entry in self.entries
            if any(_touches(entry.places, place) for place in used)
            or any(place.startswith(f"{operation_place}/responses") for place in entry.places)
        )

    def _brings_members(self, entry: Deviation, place: str) -> bool:
        """Whether an entry adds properties to a schema that is complained to have too many."""
        above, _, keyword = place.rpartition("/")
        return keyword == "additionalProperties" and any(
            other.rpartition("/")[0] == f"{above}/properties" and not find(self._document, other)
            for other in entry.places
        )

    def _refers_to(self, entry: Deviation, place: str) -> bool:
        """Whether an entry changes what refers to the component of a place."""
        component = "/".join(place.split("/")[:4])
        return component.startswith("/components/") and any(
            component in _references(find(self._document, other)) for other in entry.places
        )

    def _used_by(self, place: str) -> list[str]:
        """The place of an operation, and those of all components that it refers to."""
        if not place:
            return []
        found, waiting = [place], [place]
        while waiting:
            for reference in _references(find(self._document, waiting.pop())):
                if reference not in found:
                    found.append(reference)
                    waiting.append(reference)
        return found


@lru_cache(maxsize=8)
def catalogue(description: Description) -> Catalogue:
    """The catalogue of a description, made once for the last eight of them. Nobody may change it."""
    return Catalogue(description)


def _entries(description: Description) -> Iterable[Deviation]:
    for action, locations in steps(description.document, wire_overlay(FOLDER, description.revision)):
        found = (pointer(location) for location in reversed(locations))
        places = tuple(place for place in found if not place.endswith("/examples"))
        if not places:  # examples show data, and promise nothing
            continue
        yield Deviation(
            str(action.extensions.get("x-waldur-deviation", action.place)),
            action.description,
            str(action.extensions.get("x-waldur-behaviour", "")),
            str(action.extensions.get("x-waldur-since", "")),
            tuple(_narrowed(places, action)),
        )
    content = read_yaml(FOLDER / "overlays" / "wire.yaml")
    for entry in content.get("x-waldur-observed-only", []):
        id = str(entry["x-waldur-deviation"])
        yield Deviation(
            id,
            str(entry["description"]),
            str(entry.get("x-waldur-behaviour", "")),
            str(entry.get("x-waldur-since", "")),
        )


def _narrowed(places: Sequence[str], action: Action) -> Iterable[str]:
    """An update of an object touches the members that it brings, not the whole object."""
    if not isinstance(action.update, dict):  # nothing is updated by an action that removes
        return places
    return [f"{place}/{leaf}" for place in places for leaf in _leaves(action.update)]


def _leaves(update: Mapping[str, Any]) -> Iterable[str]:
    for key, value in update.items():
        if key in ("properties", "responses") and isinstance(value, dict):
            yield from (f"{key}/{escape(str(member))}" for member in value)
        else:
            yield escape(key)


def _touches(places: Sequence[str], place: str) -> bool:
    """Whether a complaint's place lies in, around, or beside what an entry changes."""
    return any(
        place == other or place.startswith(f"{other}/") or other.startswith(f"{place}/") or _beside(place, other)
        for other in places
    )


def _beside(place: str, other: str) -> bool:
    """A keyword and another keyword of the same schema: a type that changes brings a new pattern."""
    above = place.rpartition("/")[0]
    return "/properties/" in above and other.rpartition("/")[0] == above


def _references(node: Any) -> Iterable[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix("#")
        for key, member in node.items():
            if key not in ("examples", "links"):
                yield from _references(member)
    elif isinstance(node, list):
        for member in node:
            yield from _references(member)
