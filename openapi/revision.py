"""Which Waldur a description is of: a revision (a published state of the API) and a dialect (documented or wire).

The pages say what the newest documents say, the revision `documents`. Every other revision is an overlay of its name on
its neighbour, which it names as `extends`. What servers tolerate besides is one more overlay, and the wire dialect is
another. The actions of these two may be limited to revisions by `x-waldur-revisions`: names, and spans such as
`8.0.5..` (from 8.0.5 on) or `..8.0.8` (up to 8.0.8).
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from waldur_billing_mock.openapi.document import Node, bundle, with_inline_parameters, without_unused_components
from waldur_billing_mock.openapi.overlay import Action, Overlay, OverlayError, apply, load

BASE: Final = "documents"
"""The revision that the pages describe by themselves."""
LATEST: Final = "latest"
"""Another name of the newest release."""
_PAGES: Final = "../openapi.yaml"
_WIRE: Final = "wire"
_TOLERANT: Final = "tolerant"
_RELEASE: Final = re.compile(r"\d+(\.\d+)*")


class Choice(NamedTuple):
    """A described revision, and a sentence where it was asked for by another name."""

    revision: str
    remark: str


def revisions(folder: Path) -> tuple[str, ...]:
    """The revisions of a description: the base, then the releases, the oldest first."""
    names = (path.stem for path in (folder / "overlays").glob("*.yaml"))
    return (BASE, *sorted(filter(_RELEASE.fullmatch, names), key=_number))


def choose(folder: Path, asked: str) -> Choice:
    """The revision that a name means: `latest` is the newest release, a release without one is that before it.

    Raises `OverlayError` for another name.
    """
    _, *releases = known = revisions(folder)
    if asked in known:
        return Choice(asked, "")
    if asked == LATEST and releases:
        return Choice(releases[-1], f"The latest release that is described is {releases[-1]}.")
    before = [release for release in releases if _RELEASE.fullmatch(asked) and _number(release) <= _number(asked)]
    if not before or before == releases:
        raise OverlayError(f"There is no revision {asked!r}; choose one of {', '.join((*known, LATEST))}.")
    return Choice(before[-1], f"Release {asked} has the contract of {before[-1]}.")


def describe(folder: Path, revision: str = BASE, *, wire: bool = False, tolerant: bool = False) -> Node:
    """The bundled document of a revision, in the wire dialect where asked. Raises `OverlayError`, `DocumentError`.

    It says what to send; with `tolerant` it says what servers take besides.
    """
    revision = choose(folder, revision).revision
    document = bundle(folder)
    for overlay in _chain(folder, revision, load):
        document = apply(document, overlay)
    return _spoken(folder, document, revision, wire=wire, tolerant=tolerant)


def describe_all(folder: Path, *, wire: bool = False, tolerant: bool = False) -> dict[str, Node]:
    """What `describe` makes of every revision. Each is made from its neighbour, in a fraction of the time."""
    read = cache(load)
    made = {BASE: bundle(folder)}
    for revision in revisions(folder):
        document = made[BASE]
        for overlay in _chain(folder, revision, read):
            if overlay.version not in made:
                made[overlay.version] = apply(document, overlay)
            document = made[overlay.version]
    return {
        revision: _spoken(folder, made[revision], revision, wire=wire, tolerant=tolerant)
        for revision in revisions(folder)
    }


def _spoken(folder: Path, document: Node, revision: str, *, wire: bool, tolerant: bool) -> Node:
    """The document of a revision in a dialect."""
    # A description need not tolerate anything.
    tolerant = tolerant and (folder / "overlays" / f"{_TOLERANT}.yaml").exists()
    for name in [_TOLERANT] * tolerant + [_WIRE] * wire:
        document = apply(document, _limited(folder, name, revision))
    if wire:
        document = {**document, "info": {**document["info"], "title": f"{document['info']['title']}, wire dialect"}}
    return without_unused_components(with_inline_parameters(document))


def wire_overlay(folder: Path, revision: str) -> Overlay:
    """The catalogue of known deviations, without the actions that are limited to other revisions."""
    return _limited(folder, _WIRE, revision)


def _limited(folder: Path, name: str, revision: str) -> Overlay:
    overlay = load(folder / "overlays" / f"{name}.yaml")
    return replace(overlay, actions=tuple(action for action in overlay.actions if _holds_for(action, revision)))


def _chain(folder: Path, revision: str, read: Callable[[Path], Overlay]) -> list[Overlay]:
    """The overlays that lead from the pages to a revision, in the order in which they are applied."""
    found: list[Overlay] = []
    while revision != BASE:
        path = folder / "overlays" / f"{revision}.yaml"
        overlay = read(path)
        neighbour = BASE if overlay.extends == _PAGES else overlay.extends.removesuffix(".yaml")
        if neighbour not in revisions(folder):
            raise OverlayError(f"{path}: `extends` has to be {_PAGES} or the file of another revision.")
        if any(overlay.version == later.version for later in found):
            raise OverlayError(f"{path}: by `extends`, the revision is based on itself; let one of them name {_PAGES}.")
        found.append(overlay)
        revision = neighbour
    return found[::-1]


def _holds_for(action: Action, revision: str) -> bool:
    limits = action.extensions.get("x-waldur-revisions")
    return not isinstance(limits, list) or any(covers(str(limit), revision) for limit in limits)


def covers(limit: str, revision: str) -> bool:
    """Whether a revision is the named one, or a release within the span."""
    first, dots, last = limit.partition("..")
    if not dots or revision == BASE:
        return limit == revision
    return (not first or _number(first) <= _number(revision)) and (not last or _number(revision) <= _number(last))


def _number(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))
