"""One request with its answer, and the few words in which a contract is stated: `exchange.must.have_status(200)`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from waldur_billing_mock.contracts.values import Malformed, Row, parse, plain


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent. `target` is path and query as they stand in the request line; credentials are not in it."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Answer:
    """What came back: header names in lower case, the body as it came, and how long it took in seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @cached_property
    def json(self) -> Any:
        """The value of the body, fractions as `Decimal`. Raises `Malformed`."""
        return parse(self.body)


@dataclass(frozen=True)
class Exchange:
    """A request by somebody in a role, and its answer. `place` is where the description speaks of the operation."""

    request: Request
    answer: Answer
    role: str
    place: str

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self.answer.headers

    @property
    def json(self) -> Any:
        """The value of the body, fractions as `Decimal`. Raises `Malformed`."""
        return self.answer.json

    @property
    def must(self) -> "Must":
        """What this answer has to be; whatever is not so raises `Broken`."""
        return Must(self)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One promise that was not kept. `place` points into the description; `what` tells nothing of the data.

    `detail` adds to it for one case. `expected` and `got` may be data: reports show their shape alone, unless they
    have to show data.
    """

    what: str
    place: str
    expected: object = None
    got: object = None
    exchange: Exchange | None = field(default=None, compare=False)
    detail: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str, str]:
        """What makes two complaints the same, whichever object they were found on."""
        return self.what, self.place


class Broken(AssertionError):
    """A contract that was not kept, with all complaints."""

    def __init__(self, *complaints: Complaint) -> None:
        super().__init__("; ".join(complaint.what for complaint in complaints))
        self.complaints: Final = complaints


class NotExercised(Exception):
    """A check that could not be made; the text says what was missing. It is never reported as passed."""


class Must:
    """The vocabulary of the contracts about one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange: Final = exchange

    def have_status(self, *expected: int) -> None:
        """One of these statuses."""
        if self._exchange.status not in expected:
            wanted = " or ".join(map(str, expected))
            self._fail(f"the status must be {wanted}, not {self._exchange.status}")

    def have_header(self, name: str) -> str:
        """A header of this name; returns its value."""
        value = self._exchange.headers.get(name.lower())
        if value is None:
            self._fail(f"the header {name} must be there")
        assert value is not None
        return value

    def have_no_body(self) -> None:
        """Nothing after the headers."""
        if self._exchange.answer.body:
            self._fail("there must be no body")

    def show(self) -> Any:
        """A JSON body; returns its value."""
        kind = self._exchange.headers.get("content-type", "").partition(";")[0].strip()
        if kind != "application/json":
            self._fail(f"the content type must be application/json, not {kind or 'missing'}")
        try:
            return self._exchange.json
        except Malformed:
            self._fail("the body must be JSON")

    def show_row(self) -> Row:
        """A JSON object; returns it."""
        value = self.show()
        if not isinstance(value, dict):
            self._fail("the body must be an object", None, value)
        return value  # type: ignore[no-any-return]

    def show_rows(self) -> list[Row]:
        """A JSON array of objects; returns it."""
        value = self.show()
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            self._fail("the body must be an array of objects", None, value)
        return value  # type: ignore[no-any-return]

    def agree(self, what: str, got: object, expected: object, at: str = "") -> None:
        """The same value; `what` names it in words that show no data, `at` is a place in the description."""
        if plain(got) != plain(expected):
            self._fail(f"{what} must agree", expected, got, at)

    def hold(self, condition: bool, what: str, got: object = None, at: str = "") -> None:
        """A condition; `what` says it in words that show no data."""
        if not condition:
            self._fail(what, None, got, at)

    def _fail(self, what: str, expected: object = None, got: object = None, at: str = "") -> None:
        complaint = Complaint(what, at or self._exchange.place, expected, got, self._exchange)
        raise Broken(complaint)
