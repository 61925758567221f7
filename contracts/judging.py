"""Judges values and answers by a description, and classes what does not fit: breach, known deviation, or note."""

import json as json_text
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.deviations import Catalogue
from waldur_billing_mock.contracts.exchange import Broken, Complaint, Exchange, Request
from waldur_billing_mock.contracts.values import Malformed, decimal
from waldur_billing_mock.openapi.operation import Operation
from waldur_billing_mock.openapi.validation import Mismatch

UNSTABLE: Final = "list-order-unstable"


@dataclass(frozen=True, slots=True)
class Noted:
    """A complaint that does not end its check: a known deviation with the entries that explain it, or a note."""

    complaint: Complaint
    outcome: Literal["known deviation", "note"]
    explained_by: tuple[str, ...] = ()


@dataclass
class Survey:
    """What a run has learned of the server: the operations and parameters that it lacks, and what was looked for.

    `outdated` says that the server is older or newer than every described revision, so that fields may be missing.
    `pages` are the statuses of refusals that come as a page of HTML, whatever is refused.
    """

    operations: set[str] = field(default_factory=set)
    parameters: set[tuple[str, str]] = field(default_factory=set)
    noted: set[tuple[str, str]] = field(default_factory=set)
    looked_for: set[str] = field(default_factory=set)
    outdated: bool = False
    pages: set[int] = field(default_factory=set)


class Judge:
    """A description that answers are judged by.

    `other` is the description in the other dialect and `catalogue` the known deviations; both are None where every
    deviation is a breach. What `other` accepts is a known deviation, unless the description is the wire dialect
    already. `noted` is what was found since it was last emptied and is no breach.
    """

    def __init__(self, description: Description, other: Description | None, catalogue: Catalogue | None) -> None:
        self.description: Final = description
        self.other: Final = other
        self.catalogue: Final = catalogue
        self.survey: Final = Survey()
        self.noted: Final[list[Noted]] = []

    def must_succeed(self, operation_id: str, exchange: Exchange) -> None:
        """The answer has the status of success, of this dialect or of the other."""
        statuses = [self.description.operations[operation_id].success.status]
        if self.other is not None and operation_id in self.other.operations:
            statuses.append(self.other.operations[operation_id].success.status)
        exchange.must.have_status(*dict.fromkeys(statuses))

    def reason_of(self, exchange: Exchange) -> Any:
        """The JSON body of a refusal; None where a proxy puts pages of its own in the place of all such refusals."""
        if exchange.status in self.survey.pages and not is_json(exchange):
            return None
        return exchange.must.show()

    def must_fit(self, operation_id: str, exchange: Exchange) -> None:
        """The answer has a described status, and a body that fits what is described for it. Raises `Broken`.

        A value that fits the other dialect alone is a known deviation; a field that is not described is a note.
        """
        operation = self.description.operations[operation_id]
        if exchange.request.method == "HEAD":
            exchange.must.have_no_body()
            return
        value = None
        if exchange.status in self.survey.pages and not is_json(exchange):
            return
        if exchange.answer.body:
            if exchange.status < 500:
                exchange.must.show()
            value = self._value(exchange)
        faults = self._faults(self.description, operation, exchange.status, value)
        others = None
        if faults and self.other is not None and operation_id in self.other.operations:
            others = self._faults(self.other, self.other.operations[operation_id], exchange.status, value)
        broken = [complaint for fault in faults for complaint in self._classed(operation, fault, others, exchange)]
        if broken:
            raise Broken(*broken)

    def must_spell(self, operation_id: str, exchange: Exchange, value: Any) -> None:
        """Links hold identifiers in the described form, and instants in UTC end as described. Raises `Broken`.

        What is spelled as in the other dialect is a known deviation.
        """
        operation, other = self.description.operations[operation_id], self.other
        faults = {fault.place: fault for fault in self.description.misspelled(operation, value)}
        if not faults:
            return
        elsewhere = {f.got for f in other.misspelled(other.operations[operation_id], value)} if other else None
        broken = []
        for fault in faults.values():
            complaint = Complaint(fault.message, fault.place, None, fault.got, exchange)
            if self.catalogue is None or elsewhere is None or fault.got in elsewhere:
                broken.append(complaint)
            else:
                self.deviate(complaint, self.catalogue.explain(self.description.place(operation), complaint))
        if broken:
            raise Broken(*broken)

    def deviate(self, complaint: Complaint, explained_by: Iterable[str]) -> None:
        """Notes a known deviation; where the description is that of real servers, it is what was expected."""
        explained = tuple(explained_by)
        if self.description.dialect != "documented" and UNSTABLE not in explained:
            return
        # The same deviation of many values is one finding of a check.
        if not any(one.complaint.key == complaint.key and one.explained_by == explained for one in self.noted):
            self.noted.append(Noted(complaint, "known deviation", explained))

    def note(self, complaint: Complaint) -> None:
        """Notes what an operator should know, once in a run."""
        if complaint.key not in self.survey.noted:
            self.survey.noted.add(complaint.key)
            self.noted.append(Noted(complaint, "note"))

    @contextmanager
    def known(self, *entries: str) -> Iterator[None]:
        """What is broken in here is what the entries of the catalogue say, if this revision has them."""
        self.survey.looked_for.update(entries)
        try:
            yield
        except Broken as error:
            explaining = self.explaining(*entries)
            if not explaining:
                raise
            for complaint in error.complaints:
                self.deviate(complaint, explaining)

    def explaining(self, *entries: str) -> tuple[str, ...]:
        """Those of the entries that the catalogue has for this revision."""
        return tuple(id for id in entries if id in self.catalogue.ids) if self.catalogue is not None else ()

    @property
    def forgives(self) -> bool:
        """Whether deviations and missing operations are distinguished from breaches."""
        return self.catalogue is not None

    def failing(self, operation_id: str) -> tuple[str, ...]:
        """The entries of the catalogue by which every request for an operation fails with 500."""
        wire = self.other if self.description.dialect == "documented" else self.description
        if wire is None or operation_id not in wire.operations:
            return ()
        fails = wire.switched(wire.operations[operation_id], "consumptions-fail")
        return ("consumptions-fail",) if fails else ()

    def lack(self, complaint: Complaint) -> None:
        """The server lacks what may be left out: a note on a deployment, else a breach."""
        if self.forgives:
            self.note(complaint)
            return
        if complaint.key not in self.survey.noted:
            self.survey.noted.add(complaint.key)
            raise Broken(complaint)

    def _faults(self, description: Description, operation: Operation, status: int, value: object) -> list[Mismatch]:
        if status == operation.success.status and operation.success.schema is None:
            place = f"{description.place(operation)}/responses/{status}"
            return [Mismatch(place, "", "there must be no body", value)] if value not in (None, b"") else []
        return description.faults(operation, status, value)

    def _value(self, exchange: Exchange) -> object:
        """The body as the validator wants it: numbers as JSON has them."""
        try:
            return json_text.loads(exchange.answer.body)
        except (ValueError, RecursionError):
            return None

    def _classed(
        self, operation: Operation, fault: Mismatch, others: list[Mismatch] | None, exchange: Exchange
    ) -> Iterator[Complaint]:
        """The breaches that a fault is; what it is else is noted."""
        detail = f"at {fault.at or '/'}"
        if others is None:
            yield Complaint(fault.message, fault.place, None, fault.got, exchange, detail)
            return
        if fault.names:
            yield from self._members(operation, fault, others, exchange)
            return
        if any(_overlap(fault.at, other.at) for other in others if not other.names):
            if self.survey.outdated and self._is_the_same_number(fault):
                # Releases before 2025 send numbers where later ones send text; clients of either exist.
                what = "decimals are written as numbers where the description says text, or the other way round"
                self.note(Complaint(what, "/components/schemas", None, fault.got, exchange, detail))
                return
            yield Complaint(fault.message, fault.place, None, fault.got, exchange, detail)
            return
        complaint = Complaint(fault.message, fault.place, None, fault.got, exchange, detail)
        self.deviate(complaint, self._explanation(operation, complaint))

    def _is_the_same_number(self, fault: Mismatch) -> bool:
        """Whether a value is a number where numeric text is described, or numeric text where a number is."""
        wanted = self.description.types_at(fault.place) if fault.kind == "type" else frozenset()
        if not wanted & ({"number", "integer"} if isinstance(fault.got, str) else {"string"}):
            return False
        try:
            decimal(fault.got if isinstance(fault.got, str | int) else str(fault.got))
        except Malformed:
            return False
        return True

    def _members(
        self, operation: Operation, fault: Mismatch, others: list[Mismatch], exchange: Exchange
    ) -> Iterator[Complaint]:
        """Fields that are missing or that are not described, each by itself."""
        of_others = {
            name for other in others if other.at == fault.at and other.kind == fault.kind for name in other.names
        }
        for name in fault.names:
            what = f"the field {name[:60]} {'is missing' if fault.kind == 'required' else 'is not described'}"
            complaint = Complaint(what, fault.place, None, fault.got, exchange, f"at {fault.at or '/'}")
            if name not in of_others:
                self.deviate(complaint, self._explanation(operation, complaint))
            elif fault.kind == "required" and not self.survey.outdated:
                yield complaint
            else:
                self.note(complaint)

    def _explanation(self, operation: Operation, complaint: Complaint) -> tuple[str, ...]:
        if self.catalogue is None:
            return ()
        return self.catalogue.explain(self.description.place(operation), complaint)


def is_json(exchange: Exchange) -> bool:
    """Whether the body of an answer is declared as JSON."""
    return exchange.headers.get("content-type", "").partition(";")[0].strip() == "application/json"


def crashes(operation: Operation, request: Request) -> tuple[str, ...]:
    """The entries of the catalogue by which this request makes servers fail."""
    query = dict(parse_qsl(request.target.partition("?")[2], keep_blank_values=True))
    found = []
    if operation.operation_id == "invoices_growth_retrieve" and query.get("customers_count", "").startswith("-"):
        found.append("growth-negative-count-fails")
    years = [value for name, value in query.items() if name.endswith("year")]
    if any(not re.fullmatch(r"[0-9]{1,4}", value) or not int(value) for value in years):
        found.append("absurd-years-fail")
    return tuple(found)


def is_absent(status: int, headers: Mapping[str, str], method: str, *, has_object: bool) -> bool:
    """Whether an answer to a method comes from no such operation.

    A path that is routed nowhere is a 404 in HTML. A path without an object in it never answers 404 if it is there;
    where it is not, it may fit the route of an object and be the identifier of nothing.
    """
    if status == 405:
        allowed = {part.strip() for part in headers.get("allow", "").split(",")}
        return method == "GET" or (bool(allowed - {""}) and method not in allowed)
    if status == 404:
        return not headers.get("content-type", "").startswith("application/json") or not has_object
    return status == 501


def _overlap(one: str, other: str) -> bool:
    """Whether two places in a value are the same, or one lies within the other."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
