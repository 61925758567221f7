"""The API in every revision and dialect, over the worlds of this server: pages show answers side by side."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from waldur_billing_mock.openapi.document import Node

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
        describe: Callable[[Dialect], Node],
        make: Callable[[Dialect], ASGIApp],
    ) -> None:
        self.own: Final = own
        self.all: Final = [Dialect(revision, wire) for revision in revisions for wire in (False, True)]
        self._describe: Final = describe
        self._make: Final = make
        self._documents: Final[dict[Dialect, Node]] = {}
        self._apps: Final[dict[Dialect, ASGIApp]] = {}

    def named(self, name: str, otherwise: Dialect) -> Dialect:
        """The dialect with a name; another one where there is none of this name."""
        return next((dialect for dialect in self.all if dialect.name == name), otherwise)

    async def document(self, dialect: Dialect) -> Node:
        """The description as the server obeys it. The first time takes a second, which nobody else waits for."""
        if dialect not in self._documents:
            self._documents[dialect] = await run_in_threadpool(self._describe, dialect)
        return self._documents[dialect]

    async def app(self, dialect: Dialect) -> ASGIApp:
        """The API, without journal, faults and events."""
        if dialect not in self._apps:
            self._apps[dialect] = await run_in_threadpool(self._make, dialect)
        return self._apps[dialect]
