"""What a check works with: a description, a target, and ways to ask that read like the documents.

Answers to GET are remembered until something changes, so that many checks can look at the same list.
"""

import json as json_text
import random
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.exchange import Broken, Complaint, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.ledger import Ledger
from waldur_billing_mock.contracts.settings import Profile
from waldur_billing_mock.contracts.tally import Tally
from waldur_billing_mock.contracts.target import Target
from waldur_billing_mock.contracts.values import Malformed, Row, identifier
from waldur_billing_mock.openapi.operation import Parameter

Query = Mapping[str, object]
"""Query parameters; a sequence is sent as a repeated parameter."""
T = TypeVar("T")

_PAGE: Final = 100


class Remembered:
    """What was read, by role, method and address, for as long as the guard counts no further changes."""

    def __init__(self) -> None:
        self.answers: Final[dict[tuple[str, str, str], Exchange]] = {}
        self.changes = -1
        self.forgotten = 0


class Trial:
    """One description and one target, brought together. Trials of the same target may share what they remember."""

    def __init__(
        self,
        description: Description,
        target: Target,
        profile: Profile,
        seed: int,
        tally: Tally,
        ledger: Ledger,
        remembered: Remembered,
    ) -> None:
        self.description: Final = description
        self.target: Final = target
        self.profile: Final = profile
        self.seed: Final = seed
        self.tally: Final = tally
        self.ledger: Final = ledger
        self.memory: Final[dict[str, Any]] = {}
        self._remembered: Final = remembered

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
        """
        operation = self.description.operations[operation_id]
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
        place = at or self.description.place(operation)
        if fresh:
            asking = self.target.identity(role).role if role else self.target.main.role
            self._remembered.answers.pop((asking, "GET", target), None)
        exchange = self.send(request, role, place)
        self.tally.count(operation_id, request, exchange.status)
        return exchange

    def send(self, request: Request, role: str | None = None, place: str = "/paths") -> Exchange:
        """The answer to any request, from memory where it was read before and nothing has changed since."""
        identity = self.target.identity(role) if role else self.target.main
        key = (identity.role, request.method, request.target)
        readable = request.method in ("GET", "HEAD") and not request.headers
        remembered = self._remembered
        if remembered.changes != self.target.guard.changes:
            remembered.answers.clear()
            remembered.changes = self.target.guard.changes
        if readable and key in remembered.answers:
            return replace(remembered.answers[key], place=place)
        exchange = Exchange(request, self.target.guard.send(request, identity), identity.role, place)
        if readable:
            remembered.answers[key] = exchange
        self.tally.time(exchange)
        return exchange

    def parameter(self, operation_id: str, name: str) -> Parameter:
        """A query parameter. Raises `NotExercised` where the description of another dialect does without it."""
        found = self.description.operations[operation_id].query.get(name)
        if found is None:
            raise NotExercised(f"{operation_id} has no parameter {name} in this dialect")
        return found

    def must_fit(self, operation_id: str, exchange: Exchange) -> None:
        """The answer has a described status, and a body that fits what is described for it. Raises `Broken`."""
        operation = self.description.operations[operation_id]
        answer = exchange.answer
        success = operation.success
        if answer.status == success.status and success.schema is None:
            exchange.must.have_no_body()
            return
        if exchange.request.method == "HEAD":
            exchange.must.have_no_body()
            return
        value = None
        if answer.body:
            exchange.must.show()
            value = json_text.loads(answer.body)
        faults = self.description.faults(operation, answer.status, value)
        if faults:
            raise Broken(*(Complaint(f.message, f.place, None, f.got, exchange, f"at {f.at or '/'}") for f in faults))

    @property
    def reading(self) -> tuple[int, int]:
        """Changes whenever what was read before may no longer hold."""
        return self.target.guard.changes, self._remembered.forgotten

    def forget(self) -> None:
        """Drops what was read, so that the next question goes to the server."""
        self._remembered.answers.clear()
        self._remembered.forgotten += 1

    def rows(
        self, operation_id: str, role: str | None = None, *, query: Query | None = None, of: str = ""
    ) -> list[Row]:
        """All rows of a list, whatever its pages. Raises `NotExercised` where they are too many to read."""
        if "page" not in self.description.operations[operation_id].query:
            exchange = self.ask(operation_id, role, query=query, of=of)
            exchange.must.have_status(200)
            return exchange.must.show_rows()
        found: list[Row] = []
        page = 1
        while True:
            asked = {**(query or {}), "page_size": _PAGE, **({"page": page} if page > 1 else {})}
            exchange = self.ask(operation_id, role, query=asked, of=of)
            exchange.must.have_status(200)
            count = exchange.must.have_header("X-Result-Count")
            exchange.must.hold(count.isdigit(), "X-Result-Count must be a number", count)
            if int(count) > self.profile.reach:
                raise NotExercised(f"{count} rows of {operation_id} are more than the profile reads")
            rows = exchange.must.show_rows()
            found += rows
            if len(found) >= int(count) or not rows:
                return found
            page += 1

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

    def a_number(self, low: int, high: int, what: str) -> int:
        """A number that follows from the seed and from what it is for."""
        return random.Random(f"{self.seed}:{what}").randint(low, high)


def need(found: Sequence[T], what: str) -> Sequence[T]:
    """What was found. Raises `NotExercised` where there is nothing to look at."""
    if not found:
        raise NotExercised(f"there is no {what} to look at")
    return found


def break_with(what: str, place: str, expected: object = None, got: object = None, by: Exchange | None = None) -> None:
    """Complains about something that more than one exchange shows."""
    raise Broken(Complaint(what, place, expected, got, by))


def key_of(row: Row, name: str = "uuid") -> str:
    """The identifier in a field of a row. Raises `Broken` where there is none."""
    try:
        return identifier(row.get(name))
    except Malformed as error:
        complaint = Complaint(f"the field {name} must be {error}", "/components/schemas", str(error), row.get(name))
        raise Broken(complaint) from None


def field(row: Row, name: str) -> Any:
    """A field of a row. Raises `Broken` where it is missing."""
    if name not in row:
        complaint = Complaint(f"the field {name} must be there", "/components/schemas", name, sorted(row))
        raise Broken(complaint)
    return row[name]
