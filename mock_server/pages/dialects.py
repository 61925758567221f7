"""The API in every revision and dialect, over the worlds of this server: pages show answers side by side."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.overlay import Overlay

_WIRE: Final = "-wire"


class Dialect(NamedTuple):
    """A revision, documented or as it is on the wire."""

    revision: str
    wire: bool

    @property
    def name(self) -> str:
        """How addresses of pages write it: `8.1.3-wire`."""
        return self.revision + _WIRE * self.wire

    @property
    def title(self) -> str:
        return f"{self.revision}, {'wire' if self.wire else 'documented'}"


class Dialects:
    """All of them. Descriptions and applications are made when they are first asked for, and kept."""

    def __init__(
        self,
        revisions: Sequence[str],
        own: Dialect,
        publish: Callable[[Dialect], Node],
        make: Callable[[Dialect], ASGIApp],
        deviations: Callable[[str], Overlay],
    ) -> None:
        """`publish` makes the description that readers get, `deviations` finds the catalogue of a revision."""
        self.own: Final = own
        self.all: Final = [Dialect(revision, wire) for revision in revisions for wire in (False, True)]
        self.revisions: Final = revisions
        self._publish: Final = publish
        self._make: Final = make
        self._documents: Final[dict[Dialect, Node]] = {}
        self._apps: Final[dict[Dialect, ASGIApp]] = {}
        self._deviations: Final = deviations

    def named(self, name: str, otherwise: Dialect) -> Dialect:
        """The dialect with a name; another one where there is none of this name."""
        return next((dialect for dialect in self.all if dialect.name == name), otherwise)

    async def document(self, dialect: Dialect) -> Node:
        """The description as it is published. It is made in another thread, so that others are answered meanwhile."""
        if dialect not in self._documents:
            self._documents[dialect] = await run_in_threadpool(self._publish, dialect)
        return self._documents[dialect]

    async def app(self, dialect: Dialect) -> ASGIApp:
        """The API, without journal, faults and events."""
        if dialect not in self._apps:
            self._apps[dialect] = await run_in_threadpool(self._make, dialect)
        return self._apps[dialect]

    async def deviations(self, revision: str) -> Overlay:
        """The known deviations of real servers from a revision."""
        return await run_in_threadpool(self._deviations, revision)
