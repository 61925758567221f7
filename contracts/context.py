"""What a check works with: a description, a target, and ways to ask that read like the documents.

Answers to GET are cached until something changes, so that many checks can look at the same list.
"""

import json as json_text
import random
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from waldur_billing_mock.contracts.coverage import Coverage
from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.deviations import Catalogue
from waldur_billing_mock.contracts.exchange import Broken, Complaint, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.judging import UNSTABLE, Judge
from waldur_billing_mock.contracts.ledger import Ledger
from waldur_billing_mock.contracts.settings import Profile
from waldur_billing_mock.contracts.target import Target
from waldur_billing_mock.contracts.values import Malformed, Month, Row, identifier, identity_of, plain
from waldur_billing_mock.openapi.operation import Parameter

Query = Mapping[str, object]
"""Query parameters; a sequence is sent as a repeated parameter."""
T = TypeVar("T")

_PAGE: Final = 300
_READINGS: Final = 6
"""How often a list is read until its rows are as many as it says."""
_NAME: Final = re.compile(r"[0-9A-Za-z_-]{1,64}\Z")
_COUNT: Final = re.compile(r"[0-9]{1,12}\Z")


@dataclass
class Cache:
    """What was read, by role, method and address, for as long as the guard counts no further changes."""

    answers: dict[tuple[str, str, str], Exchange] = field(default_factory=dict)
    lists: dict[tuple[str, str, str], list[Row]] = field(default_factory=dict)
    changes: int = -1
    dropped: int = 0

    def drop(self) -> None:
        """Drops all of it."""
        self.answers.clear()
        self.lists.clear()


class Context(Judge):
    """One description and one target, brought together."""

    def __init__(
        self,
        description: Description,
        other: Description | None,
        catalogue: Catalogue | None,
        target: Target,
        profile: Profile,
        seed: int,
        ledger: Ledger,
        slow_from: float,
    ) -> None:
        super().__init__(description, other, catalogue)
        self.target: Final = target
        self.profile: Final = profile
        self.seed: Final = seed
        self.coverage: Final = Coverage(slow_from=slow_from)
        self.ledger: Final = ledger
        self.memory: Final[dict[str, Any]] = {}
        self._cache: Final = Cache()

    def ask(
        self,
        operation_id: str,
        role: str | None = None,
        *,
        query: Query | None = None,
        json: object = None,
        body: tuple[str, bytes] | None = None,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        of: str = "",
        at: str = "",
        fresh: bool = False,
    ) -> Exchange:
        """What the operation answers of an object.

        `body` is a media type and bytes, `at` narrows the place of complaints, `fresh` asks the server in any case.
        Raises `NotExercised` where the server lacks the operation, `Malformed` where `of` is no identifier.
        """
        operation = self.description.operations[operation_id]
        if operation_id in self.survey.operations:
            raise NotExercised(f"this server lacks {operation.method} {operation.path}")
        if of and not _NAME.match(of):
            raise Malformed("an identifier")
        target = re.sub(r"\{\w+\}", quote(of, safe=""), operation.path)
        if query:
            target += "?" + urlencode(query, doseq=True)
        sent = dict(headers or {})
        content = b""
        if body is not None:
            sent["Content-Type"], content = body
        elif json is not None:
            sent["Content-Type"], content = "application/json", json_text.dumps(json).encode()
        request = Request(method or operation.method, target, tuple(sent.items()), content)
        exchange = self.send(request, role, at or self.description.place(operation), fresh=fresh)
        self.coverage.count(operation_id, request, exchange.status)
        return exchange

    def send(
        self, request: Request, role: str | None = None, place: str = "/paths", *, fresh: bool = False
    ) -> Exchange:
        """The answer to any request, from the cache where it was read before and nothing has changed since."""
        identity = self.target.identity(role) if role else self.target.main
        key = (identity.role, request.method, request.target)
        readable = request.method in ("GET", "HEAD") and not request.headers
        cache = self._current()
        if readable and not fresh and key in cache.answers:
            return replace(cache.answers[key], place=place)
        exchange = Exchange(request, self.target.guard.send(request, identity), identity.role, place)
        if readable:
            cache.answers[key] = exchange
        self.coverage.time(exchange)
        return exchange

    def parameter(self, operation_id: str, name: str) -> Parameter:
        """A query parameter. Raises `NotExercised` where the description of another dialect does without it."""
        found = self.description.operations[operation_id].query.get(name)
        if (operation_id, name) in self.survey.parameters:
            raise NotExercised(f"this server lacks the parameter {name} of {operation_id}")
        if found is None:
            raise NotExercised(f"{operation_id} has no parameter {name} in this dialect")
        return found

    @property
    def now(self) -> datetime:
        """The time that the server has. Raises `NotExercised` where it does not tell."""
        now = self.target.now()
        if now is None:
            raise NotExercised("the server does not tell its time: its answers have no Date header")
        return now

    @property
    def month(self) -> Month:
        """The month that the server has now. Raises `NotExercised` where it does not tell."""
        return Month(self.now.year, self.now.month)

    @property
    def reading(self) -> tuple[int, int]:
        """Changes whenever what was read before may no longer hold."""
        return self.target.guard.changes, self._cache.dropped

    def drop_cache(self) -> None:
        """Drops what was read, so that the next question goes to the server."""
        self._cache.drop()
        self._cache.dropped += 1

    def rows(
        self, operation_id: str, role: str | None = None, *, query: Query | None = None, of: str = ""
    ) -> list[Row]:
        """All rows of a list, each once, whatever its pages; in no order where the server has no stable one.

        Raises `NotExercised` where they are too many to read, or where no reading finds as many as there are.
        """
        key = (self._asking(role), operation_id, f"{of}?{urlencode(query or {}, doseq=True)}")
        cache = self._current()
        if key not in cache.lists:
            cache.lists[key] = self._read(operation_id, role, query or {}, of)
        return list(cache.lists[key])

    def keys(self, operation_id: str, expected: Collection[str], *, query: Query, of: str = "") -> set[str]:
        """The identifiers of the rows of a list, which ought to be those that are expected.

        Of a list without a stable order one reading is enough, if it shows no other rows and tells as many.
        """
        rows, count, _ = self._pages(operation_id, None, query, of, fresh=False)
        shown = {identity_of(row) for row in rows}
        if UNSTABLE in self.memory and shown <= set(expected) and count == len(expected):
            return set(expected)
        return {identity_of(row) for row in self.rows(operation_id, query=query, of=of)}

    def first_page(
        self, operation_id: str, role: str | None = None, *, query: Query | None = None, of: str = "", at: str = ""
    ) -> Exchange:
        """The first page of a list as `rows` reads it, so that it costs no request where the rows were read."""
        paged = "page" in self.description.operations[operation_id].query
        exchange = self.ask(
            operation_id, role, query={**(query or {}), "page_size": _PAGE} if paged else query, of=of, at=at
        )
        exchange.must.have_status(200)
        return exchange

    def in_order(
        self, operation_id: str, role: str | None = None, *, query: Query | None = None, of: str = ""
    ) -> list[Row]:
        """The rows of a list as its pages give them, one after the other; some twice if the order is not stable."""
        return self._pages(operation_id, role, query or {}, of, fresh=False)[0]

    def must_be_the_same(self, what: str, got: Exchange, expected: Exchange) -> None:
        """Two answers that ought to be the same; as many rows where the server gives them in no stable order."""
        if plain(got.must.show()) == plain(expected.must.show()):
            return
        if isinstance(got.json, list) and isinstance(expected.json, list) and self.is_unstable(expected):
            got.must.agree(f"the number of {what}", len(got.json), len(expected.json))
            return
        got.must.agree(what, got.json, expected.json)

    def is_unstable(self, exchange: Exchange) -> bool:
        """Whether the same request is answered with the rows in another order, or with others."""
        if not self.forgives or UNSTABLE in self.memory:
            return self.forgives
        for _ in range(_READINGS):
            again = self.send(exchange.request, exchange.role, exchange.place, fresh=True)
            if again.answer.body != exchange.answer.body:
                self.tell_unstable(exchange.place)
                return True
        return False

    def row(self, operation_id: str, role: str | None = None, *, query: Query | None = None, of: str = "") -> Row:
        """The one object that an operation answers with."""
        exchange = self.ask(operation_id, role, query=query, of=of)
        exchange.must.have_status(200)
        return exchange.must.show_row()

    def sample(self, rows: Iterable[T], by: Callable[[T], Hashable] = lambda row: None, size: int = 0) -> list[T]:
        """Some of the rows, as many of each kind as there is room for; the seed alone decides which."""
        groups: dict[Hashable, list[T]] = {}
        for row in rows:
            groups.setdefault(by(row), []).append(row)
        chance = random.Random(self.seed)
        for group in groups.values():
            chance.shuffle(group)
        chosen: list[T] = []
        size = size or self.profile.sample
        while len(chosen) < size and any(groups.values()):
            for group in groups.values():
                if group and len(chosen) < size:
                    chosen.append(group.pop())
        return chosen

    def one_of(self, rows: Iterable[T], by: Callable[[T], Hashable] = lambda row: None) -> T:
        """One of the rows, of the kind that comes first; the seed alone decides which. There must be some."""
        (chosen,) = self.sample(rows, by, size=1)
        return chosen

    def a_number(self, low: int, high: int, what: str) -> int:
        """A number that follows from the seed and from what it is for."""
        return random.Random(f"{self.seed}:{what}").randint(low, high)

    def _asking(self, role: str | None) -> str:
        return self.target.identity(role).role if role else self.target.main.role

    def _current(self) -> Cache:
        """The cache, empty if something has changed since it was filled."""
        if self._cache.changes != self.target.guard.changes:
            self._cache.drop()
            self._cache.changes = self.target.guard.changes
        return self._cache

    def _read(self, operation_id: str, role: str | None, query: Query, of: str) -> list[Row]:
        """Reads a list until its distinct rows are as many as the header says."""
        found: dict[str, Row] = {}
        orders: list[list[str]] = []
        told = 0
        for reading in range(_READINGS):
            rows, count, pages = self._pages(operation_id, role, query, of, fresh=reading > 0)
            if pages == 1:
                return rows
            if count < told:  # rows that were there at the reading before are gone
                found.clear()
            told = count
            names = [identity_of(row) for row in rows]
            found.update(zip(names, rows, strict=True))
            if len(set(names)) == len(names) == count:
                return rows
            if len(found) == count:
                self.tell_unstable(self.description.place(self.description.operations[operation_id]))
                return list(found.values())
            orders.append(names)
        if all(names == orders[0] for names in orders):
            return rows  # the same again and again: others judge what is wrong with the pages
        self.tell_unstable(self.description.place(self.description.operations[operation_id]))
        raise NotExercised(
            f"only {len(found)} of {count} rows of {operation_id} could be read in {_READINGS} readings; "
            "the order of the list is not stable"
        )

    def _pages(
        self, operation_id: str, role: str | None, query: Query, of: str, *, fresh: bool
    ) -> tuple[list[Row], int, int]:
        """The rows of all pages, the number that the header tells, and the number of pages."""
        if "page" not in self.description.operations[operation_id].query:
            exchange = self.ask(operation_id, role, query=query, of=of, fresh=fresh)
            exchange.must.have_status(200)
            rows = exchange.must.show_rows()
            return rows, len(rows), 1
        found: list[Row] = []
        count, page = 0, 0
        while True:
            page += 1
            asked = {**query, "page_size": _PAGE, **({"page": page} if page > 1 else {})}
            exchange = self.ask(operation_id, role, query=asked, of=of, fresh=fresh)
            if page > 1 and exchange.status == 404:
                return found, count, page - 1
            exchange.must.have_status(200)
            count = count_of(exchange)
            if count > self.profile.reach:
                raise NotExercised(f"{count} rows of {operation_id} are more than the profile reads")
            rows = exchange.must.show_rows()
            found += rows
            if len(found) >= count or not rows:
                return found, count, page

    def tell_unstable(self, place: str) -> None:
        """Notes once in a run that lists come in no stable order."""
        complaint = Complaint("a list must come in one order, each time it is asked for", place)
        self.survey.looked_for.add(UNSTABLE)
        if UNSTABLE not in self.memory:
            self.memory[UNSTABLE] = complaint
            if self.explaining(UNSTABLE):
                self.deviate(complaint, (UNSTABLE,))


def count_of(exchange: Exchange) -> int:
    """The number of rows that a list says it has. Raises `Broken` where it tells none."""
    text = exchange.must.have_header("X-Result-Count")
    exchange.must.hold(_COUNT.match(text) is not None, "X-Result-Count must be a number", text)
    return int(text)


def need(found: Sequence[T], what: str) -> Sequence[T]:
    """What was found. Raises `NotExercised` where there is nothing to look at."""
    if not found:
        raise NotExercised(f"there is no {what} to look at")
    return found


def break_with(what: str, place: str, expected: object = None, got: object = None, by: Exchange | None = None) -> None:
    """Complains about something that more than one exchange shows."""
    raise Broken(Complaint(what, place, expected, got, by))


def key_of(row: Row, name: str = "uuid") -> str:
    """The identifier in a field of a row. Raises `NotExercised` where the field is missing, else `Broken`."""
    try:
        return identifier(field_of(row, name))
    except Malformed as error:
        complaint = Complaint(f"the field {name} must be {error}", "/components/schemas", str(error), row.get(name))
        raise Broken(complaint) from None


def field_of(row: Row, name: str) -> Any:
    """A field of a row. Raises `NotExercised` where it is missing, which a check of its own tells."""
    if name not in row:
        raise NotExercised(f"the field {name} is missing")
    return row[name]
