"""Records a server as the content of a world file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from waldur_billing_mock.contracts.guard import CannotAsk
from waldur_billing_mock.contracts.revision import Revision, find_revision
from waldur_billing_mock.contracts.settings import Unusable
from waldur_billing_mock.contracts.target import Target, must_be_waldur
from waldur_billing_mock.contracts.values import Malformed
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.recording.assembling import assemble
from waldur_billing_mock.mock_server.recording.gathering import Bounds, Gatherer
from waldur_billing_mock.mock_server.recording.notes import Notes
from waldur_billing_mock.mock_server.recording.reading import CannotRead, OnRequest, ResumeFile, billing, neighbours
from waldur_billing_mock.mock_server.world_file import load
from waldur_billing_mock.mock_server.world_values import json_text

_SEED: Final = 1


def _nothing(*arguments: object) -> None:
    """What is done where nobody looks."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A world file as data, how the revision of its server was found, and what is to be said about it."""

    content: Mapping[str, Any]
    revision: Revision
    notes: Notes

    def world(self) -> World:
        """The world of the file. Raises `WorldFileError`."""
        return load_content(self.content)


def load_content(content: Mapping[str, Any], name: str = "the recording") -> World:
    """The world of a world file that is held as data. Raises `WorldFileError`."""
    return load(json_text(content), name)


def record(
    target: Target,
    now: datetime,
    bounds: Bounds | None = None,
    *,
    resume: ResumeFile | None = None,
    step: Callable[[str, int], None] = _nothing,
    on_request: OnRequest = _nothing,
) -> Recording:
    """Reads a server. `now` is the time where it does not tell its own. `step` and `on_request` say how far it is.

    Raises `Unusable` where the server is no Waldur, or cannot be read to the end.
    """
    chosen, notes = bounds or Bounds(), Notes()
    try:
        must_be_waldur(target)
        revision = find_revision(target)
        gatherer = Gatherer(
            billing(target, revision.name, on_request, resume, _SEED),
            neighbours(target, revision.name, on_request, resume),
            chosen,
            target.now() or now,
            step,
        )
        return Recording(assemble(gatherer.gather(), notes), revision, notes)
    except CannotAsk as error:
        raise Unusable(f"The recording could not be finished: {error}.") from None
    except CannotRead as error:
        raise Unusable(f"The recording could not be finished: {error}.") from None
    except (Malformed, KeyError, TypeError) as error:
        raise Unusable(
            f"{target.name} answers what cannot be recorded ({type(error).__name__}: {error}); "
            f"judge it by `waldur-contracts --target {target.base}`."
        ) from error
