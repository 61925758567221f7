"""All that the control plane steers, in one place, and one call of an operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.exchanges import Reader
from waldur_billing_mock.mock_server.control.metrics import Metrics
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.control.session import Session
from waldur_billing_mock.mock_server.control.sessions import Sessions
from waldur_billing_mock.mock_server.world_text import WorldText

if TYPE_CHECKING:
    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Plane:
    """What operations work on. `now` returns the time of day; `api` answers requests that are replayed.

    `reseed` builds the world of a scenario from what `control.yaml` names Reseed, with `now` as an instant (raises
    `ScenarioError`); `read_world` builds that of a world file or a scenario file (raises `WorldFileError` or
    `ScenarioError`). `operation_ids` are those of the API, and `inner` is the API alone, without faults, journal and
    events.
    """

    sessions: Sessions
    shared_rules: Rules
    reader: Reader
    operation_ids: frozenset[str]
    metrics: Metrics
    version: Mapping[str, str]
    users: Callable[[World], Sequence[Mapping[str, Any]]]
    now: Callable[[], datetime]
    api: ASGIApp
    reseed: Callable[[Mapping[str, Any]], World]
    read_world: Callable[[WorldText], World]
    inner: ASGIApp


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the session that is meant, and what was sent, validated. A body that was not sent is None.

    The body of an operation that takes YAML too is a `WorldText`, which is not parsed yet.
    """

    plane: Plane
    session: Session
    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any
    request: Request


class NotFound(Exception):
    """There is no such thing; the message says what was looked for."""


class Conflict(Exception):
    """It cannot be done in the present state; the message says why and what to do."""
