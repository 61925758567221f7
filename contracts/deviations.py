"""The catalogue of known deviations, and which of them explains a complaint.

A complaint is a known deviation if the target keeps the contract once the description says what real servers do; what
explains it are those entries of the catalogue that change what the complaint rests on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import Any, Final

from waldur_billing_mock.contracts.description import FOLDER, Description
from waldur_billing_mock.contracts.exchange import Complaint
from waldur_billing_mock.openapi.document import Node, read_yaml
from waldur_billing_mock.openapi.overlay import Action, apply
from waldur_billing_mock.openapi.revision import wire_overlay
from waldur_billing_mock.openapi.target import select

OBSERVED: Final[Mapping[str, tuple[str, str]]] = {
    "list-order-unstable": ("habits/pages_partition_the_whole/*", "*rows of all pages*|no row may stand on two pages*"),
    "period-costs-collapse": ("invariants/*_costs_for_period_retrieve", "* must count equal items each"),
    "costs-unscoped": ("roles/*/invoice_items_costs_list", "the costs of a foreign project*"),
    "costs-items-collapse": ("invariants/invoice_items_costs_list", "equal items of the current month*"),
    "growth-stale-after-migrate": (
        "*/invoices_growth_retrieve",
        "the figures and the invoices of *|the figures of a named customer *",
    ),
    "absurd-years-fail": ("shapes/invoice_items_*", "ST101*"),
}
"""Deviations that no description can express: the checks that notice them, and how these complain.

`out-of-range-fails` has no check: nothing here sends such prices, and a failure alone does not tell its cause.
"""


@dataclass(frozen=True, slots=True)
class Deviation:
    """An entry of the catalogue. `places` are the pointers that it changes; blank for what is only observed."""

    id: str
    description: str
    source: str
    since: str
    places: tuple[str, ...] = ()

    def is_observed_by(self, check_id: str, complaint: Complaint) -> bool:
        """Whether a complaint is what a check says of this deviation, which no description can express."""
        checks, words = OBSERVED.get(self.id, ("", ""))
        return fnmatch(check_id, checks) and any(fnmatch(complaint.what, word) for word in words.split("|"))


class Catalogue:
    """The deviations that concern a revision."""

    def __init__(self, description: Description) -> None:
        self._document: Final = description.document
        self.entries: Final = tuple(_entries(description))

    def explain(self, operation_place: str, complaint: Complaint) -> tuple[str, ...]:
        """The entries that change what a complaint rests on, the nearest that there are.

        They change its place, or bring the members that it is about, or change what refers to its component; else they
        change anything that its operation uses.
        """
        used = self._used_by(operation_place)
        wide = [entry for entry in self.entries if any(_touches(entry.places, place) for place in used)]
        near = [entry for entry in self.entries if _touches(entry.places, complaint.place)]
        shown = [entry for entry in near if not all(place.endswith("/x-waldur-switches") for place in entry.places)]
        bringing = [entry for entry in wide if self._brings_members(entry, complaint.place)]
        referring = [entry for entry in wide if self._refers_to(entry, complaint.place)]
        return tuple(dict.fromkeys(entry.id for entry in shown or near or bringing or referring or wide))

    def observed(self, check_id: str, complaint: Complaint) -> tuple[str, ...]:
        """The deviations that no description can express and that explain a complaint."""
        return tuple(entry.id for entry in self.entries if entry.is_observed_by(check_id, complaint))

    def _brings_members(self, entry: Deviation, place: str) -> bool:
        """Whether an entry adds properties to a schema that is complained to have too many."""
        above, _, keyword = place.rpartition("/")
        return keyword == "additionalProperties" and any(
            other.rpartition("/")[0] == f"{above}/properties" and not _at(self._document, other)
            for other in entry.places
        )

    def _refers_to(self, entry: Deviation, place: str) -> bool:
        """Whether an entry changes what refers to the component of a place."""
        component = "/".join(place.split("/")[:4])
        return component.startswith("/components/") and any(
            component in _references(_at(self._document, other)) for other in entry.places
        )

    def _used_by(self, place: str) -> list[str]:
        """The place of an operation, and those of all components that it refers to."""
        if not place:
            return []
        found, waiting = [place], [place]
        while waiting:
            for reference in _references(_at(self._document, waiting.pop())):
                if reference not in found:
                    found.append(reference)
                    waiting.append(reference)
        return found


def _entries(description: Description) -> Iterable[Deviation]:
    overlay = wire_overlay(FOLDER, description.revision)
    document: Node = description.document
    for action in overlay.actions:
        found = (_pointer(location) for location in select(document, action.target))
        places = tuple(place for place in found if not place.endswith("/examples"))
        document = apply(document, replace(overlay, actions=(action,)))
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
    if action.remove or not isinstance(action.update, dict):
        return places
    return [f"{place}/{leaf}" for place in places for leaf in _leaves(action.update)]


def _leaves(update: Mapping[str, Any]) -> Iterable[str]:
    for key, value in update.items():
        if key in ("properties", "responses") and isinstance(value, dict):
            yield from (f"{key}/{_escape(str(member))}" for member in value)
        else:
            yield _escape(key)


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


def _at(document: Node, pointer: str) -> Any:
    node: Any = document
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        node = node[int(key)] if isinstance(node, list) else node.get(key, {})
    return node


def _pointer(location: Sequence[str | int]) -> str:
    return "".join(f"/{_escape(str(step))}" for step in location)


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
