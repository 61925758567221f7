"""Which Waldur a description is of: a revision (a published state of the API) and a dialect (documented or wire).

The pages say what the newest documents say, the revision `documents`. Every other revision is an overlay of its name;
the wire dialect is one more overlay, whose actions may be limited to revisions by `x-waldur-revisions`.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from waldur_billing_mock.openapi.document import Node, bundle
from waldur_billing_mock.openapi.overlay import Action, Overlay, OverlayError, apply, load

BASE: Final = "documents"
"""The revision that the pages describe by themselves."""
_WIRE: Final = "wire"


def revisions(folder: Path) -> tuple[str, ...]:
    """The revisions of a description, the base first."""
    overlays = (path.stem for path in (folder / "overlays").glob("*.yaml"))
    return (BASE, *sorted(name for name in overlays if name != _WIRE))


def describe(folder: Path, revision: str = BASE, *, wire: bool = False) -> Node:
    """The bundled document of a revision, in the wire dialect where asked. Raises `OverlayError`, `DocumentError`."""
    if revision not in revisions(folder):
        known = ", ".join(revisions(folder))
        raise OverlayError(f"There is no revision {revision!r}; choose one of {known}.")
    document = bundle(folder)
    if revision != BASE:
        document = apply(document, load(folder / "overlays" / f"{revision}.yaml"))
    return apply(document, wire_overlay(folder, revision)) if wire else document


def wire_overlay(folder: Path, revision: str) -> Overlay:
    """The catalogue of known deviations, without the actions that are limited to other revisions."""
    overlay = load(folder / "overlays" / f"{_WIRE}.yaml")
    return replace(overlay, actions=tuple(action for action in overlay.actions if _holds_for(action, revision)))


def _holds_for(action: Action, revision: str) -> bool:
    limited = action.extensions.get("x-waldur-revisions")
    return not isinstance(limited, list) or revision in limited
