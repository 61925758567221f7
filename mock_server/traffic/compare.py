"""Asks two servers the same questions, and gathers where their answers differ."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from waldur_billing_mock.contracts.description import Description, describe
from waldur_billing_mock.contracts.deviations import catalogue
from waldur_billing_mock.contracts.exchange import Answer, Complaint, Request
from waldur_billing_mock.contracts.guard import CannotAsk
from waldur_billing_mock.contracts.reports.mask import Mask
from waldur_billing_mock.contracts.revision import Revision, find_revision
from waldur_billing_mock.contracts.settings import Unusable
from waldur_billing_mock.contracts.target import Target, must_be_waldur
from waldur_billing_mock.contracts.values import Malformed, Row
from waldur_billing_mock.mock_server.traffic.meaning import (
    ABSENT,
    Difference,
    compare_fields,
    compare_rows,
    compare_values,
)
from waldur_billing_mock.mock_server.traffic.places import place_in
from waldur_billing_mock.mock_server.traffic.questions import Question, Samples, questions

_PAGE: Final = 300
_COUNT: Final = "x-result-count"
_STRANGERS: Final = (
    "No invoice of A is among those of B, so B does not find the objects of A that are asked for. They hold other "
    "data, or one is an anonymised recording: compare a recording with its server as `record --raw` makes it."
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of two servers, and what it is described by."""

    target: Target
    revision: Revision
    description: Description
    hyphens: bool

    @property
    def dialect(self) -> Literal["documented", "wire"]:
        """What its identifiers look like."""
        return "documented" if self.hyphens else "wire"


@dataclass
class Found:
    """One difference, wherever it was seen: the first question that showed it, and how many did."""

    operation: str
    route: str
    kind: str
    where: str
    place: str
    one: str
    other: str
    question: str
    explained_by: tuple[str, ...] = ()
    count: int = 1


@dataclass
class Comparison:
    """Two servers compared. `differences` fail, `known` are between the dialects, `notes` say how to read them."""

    one: str
    other: str
    questions: int = 0
    rows: int = 0
    differences: list[Found] = field(default_factory=list)
    known: list[Found] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 where both say the same, 1 where they differ."""
        return 1 if self.differences else 0

    def to_json(self) -> str:
        """The comparison as JSON."""
        return json.dumps({"format": 1, "exit_code": self.exit_code, **asdict(self)}, indent=2) + "\n"

    def to_text(self) -> str:
        """The comparison in words."""
        lines = [f"A: {self.one}", f"B: {self.other}", *self.notes, ""]
        for found in self.differences:
            lines += [
                f"{found.route}: {found.kind} {found.where or 'of the answer'} ({_times(found.count)})",
                f"  A {found.one}",
                f"  B {found.other}",
                f"  asked {found.question}",
                f"  described at {found.place}",
            ]
        if self.known:
            names = dict.fromkeys(name for found in self.known for name in found.explained_by)
            lines.append(f"{len(self.known)} differences between the dialects: {', '.join(names)}")
        lines += self.unread
        lines += ["", f"{self.questions} questions, {self.rows} rows: {self._verdict()}", ""]
        return "\n".join(lines)

    def _verdict(self) -> str:
        if not self.differences:
            return "both say the same."
        return f"{len(self.differences)} differences."


def side(target: Target) -> Side:
    """A server that is compared. Raises `Unusable` where it cannot be asked."""
    try:
        must_be_waldur(target)
        revision = find_revision(target)
        answer = target.guard.send(Request("GET", "/api/invoices/?page_size=1"), target.main)
        rows = answer.json
    except CannotAsk as error:
        raise Unusable(f"{target.name} cannot be asked: {error}.") from None
    except Malformed as error:
        raise Unusable(f"{target.name} answers what is not {error}.") from None
    first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    hyphens = "-" in str(first.get("uuid", "-"))
    return Side(target, revision, describe(revision.name, "documented" if hyphens else "wire"), hyphens)


class Comparing:
    """Makes a comparison. `reach` is the number of rows of a list that are read, `size` that of sampled objects."""

    def __init__(
        self,
        one: Side,
        other: Side,
        *,
        reach: int = 3000,
        size: int = 5,
        shows_data: bool = True,
        on_progress: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._one: Final = one
        self._other: Final = other
        self._reach: Final = reach
        self._size: Final = size
        self._on_progress: Final = on_progress
        self._mask: Final = Mask(shows_data, one.description.words | other.description.words)
        self._found: Final[dict[tuple[str, str, str], Found]] = {}
        between_dialects = one.dialect != other.dialect
        self._catalogue: Final = catalogue(describe(one.revision.name)) if between_dialects else None
        self.result: Final = Comparison(_named(one), _named(other))

    def run(self) -> Comparison:
        """Asks all questions. Raises `Unusable` where one of the servers does not let itself be asked on."""
        try:
            invoices = self._rows(self._one, Question("", "/api/invoices/")) or []
            theirs = self._rows(self._other, Question("", "/api/invoices/")) or []
            if invoices and theirs and not _identifiers(invoices) & _identifiers(theirs):
                self.result.notes.append(_STRANGERS)
            samples = Samples(
                invoices,
                self._rows(self._one, Question("", "/api/invoice-items/")) or [],
                self._size,
            )
            for question in questions(self._one.description, self._other.description, samples):
                self.result.questions += 1
                self._on_progress(self.result.questions)
                self._compare(question)
        except CannotAsk as error:
            raise Unusable(f"The comparison could not be finished: {error}.") from None
        for found in self._found.values():
            (self.result.known if found.explained_by else self.result.differences).append(found)
        return self.result

    def _compare(self, question: Question) -> None:
        first = Question(question.operation_id, question.path, (*question.query, ("page_size", str(_PAGE))))
        asked = first if question.whole else question
        one, other = self._ask(self._one, asked), self._ask(self._other, asked)
        kinds = [answer.headers.get("content-type", "").partition(";")[0] for answer in (one, other)]
        if one.status != other.status:
            pairs = zip((one, other), kinds, strict=True)
            lacks = any(answer.status == 404 and "json" not in kind for answer, kind in pairs)
            self._note(question, [Difference("operation" if lacks else "status", "", one.status, other.status)])
            return
        if kinds[0] != kinds[1]:
            self._note(question, [Difference("content type", "", *kinds)])
            return
        try:
            mine, theirs = (answer.json if answer.body else None for answer in (one, other))
        except Malformed:
            return
        differences = self._bodies(question, mine, theirs) if one.status == 200 else []
        counts = [answer.headers.get(_COUNT) for answer in (one, other)]
        if counts[0] != counts[1] and not any(found.kind == "rows" for found in differences):
            differences.append(Difference("value", f"header {_COUNT}", *counts))
        self._note(question, differences)

    def _bodies(self, question: Question, mine: Any, theirs: Any) -> list[Difference]:
        if question.whole and isinstance(mine, list) and isinstance(theirs, list):
            mine, theirs = self._rest(self._one, question, mine), self._rest(self._other, question, theirs)
        if isinstance(mine, list) and isinstance(theirs, list):
            self.result.rows += len(mine)
            by_field = list(compare_fields(mine, theirs, "[]"))
            others = list(compare_rows(mine, theirs, question.keys))
        else:
            by_field = list(compare_fields([mine], [theirs]))
            others = list(compare_values(mine, theirs))
            if another := _another_object(mine, theirs):
                return another
        missing = {found.where for found in by_field}
        # What one side never shows is told once, not again for each value.
        return by_field + [found for found in others if not _is_below(found.where, missing)]

    def _rest(self, side: Side, question: Question, first: list[Any]) -> list[Any]:
        """The first page and all others, as far as they are read."""
        rows, page = list(first), 1
        while len(rows) == page * _PAGE and len(rows) < self._reach:
            page += 1
            query = (*question.query, ("page_size", str(_PAGE)), ("page", str(page)))
            answer = self._ask(side, Question(question.operation_id, question.path, query))
            if answer.status != 200:
                break
            found = answer.json
            rows += found if isinstance(found, list) else []
        if len(rows) >= self._reach and question.operation_id and not question.query:
            note = f"{question.path}: the first {self._reach} rows were compared; --rows N compares more"
            if note not in self.result.unread:
                self.result.unread.append(note)
        return [row for row in rows if isinstance(row, dict)]

    def _rows(self, side: Side, question: Question) -> list[Row] | None:
        answer = self._ask(side, Question("", question.path, (("page_size", str(_PAGE)),)))
        try:
            found = answer.json if answer.status == 200 else None
        except Malformed:
            return None
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else None

    def _ask(self, side: Side, question: Question) -> Answer:
        return side.target.guard.send(Request("GET", question.target), side.target.main)

    def _note(self, question: Question, differences: Sequence[Difference]) -> None:
        seen = set()
        for found in differences:
            key = (question.operation_id, found.kind, found.where)
            if key in seen:
                continue
            seen.add(key)
            if key in self._found:
                self._found[key].count += 1
            else:
                self._found[key] = self._described(question, found)

    def _described(self, question: Question, found: Difference) -> Found:
        sides = [one for one in (self._one, self._other) if question.operation_id in one.description.everything]
        # What A does not show is described for B, if it is.
        owner = sides[-1] if found.kind == "field" and found.one == ABSENT else sides[0]
        operation = owner.description.everything[question.operation_id]
        place = place_in(owner.description, operation, found.where)
        return Found(
            question.operation_id,
            f"{operation.method} {operation.path}",
            found.kind,
            found.where,
            place,
            self._mask.text(found.one),
            self._mask.text(found.other),
            self._mask.target(question.target),
            self._explanation(question, owner, found, place),
        )

    def _explanation(self, question: Question, owner: Side, found: Difference, place: str) -> tuple[str, ...]:
        """The known deviations that make servers of two dialects differ here.

        They are about the place, or about a parameter of the question: one that it has, or lacks where it is refused.
        Figures have to agree unless a parameter explains them.
        """
        if self._catalogue is None:
            return ()
        operation = owner.description.everything[question.operation_id]
        names = operation.query if found.kind == "status" else dict(question.query)
        places = [owner.description.place_of_parameter(operation, name) for name in names if name in operation.query]
        if found.kind != "value" or not _figures(found):
            places += _ancestors(place)
        at = owner.description.place(operation)
        return next((known for one in places if (known := self._catalogue.explain(at, Complaint("", one)))), ())


def _identifiers(rows: Sequence[Row]) -> set[str]:
    return {str(row.get("uuid", "")).replace("-", "") for row in rows}


def _ancestors(place: str) -> Iterator[str]:
    """A place and those around it, as long as they are properties."""
    yield place
    while "/properties/" in place.rpartition("/")[0]:
        place = place.rpartition("/properties/")[0]
        yield place


def _another_object(mine: Any, theirs: Any) -> list[Difference]:
    """That a number names one object here and another there, whose values cannot be compared."""
    if not (isinstance(mine, dict) and isinstance(theirs, dict) and "uuid" in mine and "uuid" in theirs):
        return []
    return list(compare_values(mine["uuid"], theirs["uuid"], "uuid"))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _figures(found: Difference) -> bool:
    return all(str(value).replace(".", "").replace("-", "").isdecimal() for value in (found.one, found.other))


def _is_below(where: str, missing: set[str]) -> bool:
    return any(where == one or where.startswith((f"{one}.", f"{one}[")) for one in missing)


def _named(side: Side) -> str:
    return f"{side.target.name}, revision {side.revision.name} ({side.revision.how}), {side.dialect} dialect"
