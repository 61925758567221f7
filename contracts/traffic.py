"""Judges exchanges that others have made. Each is looked at alone: nothing is asked, and nothing is known of the rest.

An answer must have a described status, the described headers and a body that fits, spelled as described; the sums that
it shows must be right. What real servers are known to do otherwise is a known deviation; all else is a new one. Of the
neighbours of the billing operations, whatever does not fit is a note, as the billing documents do not promise them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from waldur_billing_mock.contracts.conventions.representations import must_have_all_places
from waldur_billing_mock.contracts.description import Description, describe, describe_neighbours
from waldur_billing_mock.contracts.deviations import catalogue
from waldur_billing_mock.contracts.exchange import Answer, Broken, Complaint, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.findings import Finding
from waldur_billing_mock.contracts.judging import Judge, crashes, is_absent, is_json
from waldur_billing_mock.contracts.readings import arithmetic
from waldur_billing_mock.contracts.routes import Routes
from waldur_billing_mock.contracts.target import REDIRECTS, origin
from waldur_billing_mock.contracts.values import Malformed, is_uuid
from waldur_billing_mock.openapi.operation import Operation

NOT_DESCRIBED: Final = "the path belongs to no described operation"
NEIGHBOUR: Final = "a neighbour of the billing operations did not answer with what was asked for"
_OUT_OF_REACH: Final = (429, 502, 503, 504)
_COUNT: Final = re.compile(r"[0-9]{1,12}\Z")
_NUMBER: Final = re.compile(r"[0-9]{1,20}\Z")


def _price_of_item(context: Any, exchange: Exchange, row: Any) -> None:
    """The price of an item is its unit price times its quantity, rounded away from zero to cents."""
    arithmetic.price_of_item(context, exchange, row, "InvoiceItem")


_FIGURES: Final[tuple[tuple[Callable[..., None], tuple[str, ...]], ...]] = (
    (arithmetic.price_of_invoice, arithmetic.OF_INVOICES),
    (arithmetic.total_of_invoice, arithmetic.OF_INVOICES),
    (arithmetic.tax_of_invoice, arithmetic.OF_INVOICES),
    (arithmetic.taxes_of_lines, arithmetic.OF_INVOICES),
    (arithmetic.due_date_of, arithmetic.OF_INVOICES),
    (arithmetic.invoice_date_of, arithmetic.OF_INVOICES),
    (_price_of_item, arithmetic.OF_ITEMS),
)
"""What the figures of one object must be, and the fields that show it. They need the places of a context alone."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of an exchange: its operation (blank: none is described), what was found, or why it says nothing."""

    operation_id: str
    findings: tuple[Finding, ...] = ()
    reason: str = ""


def operations_in_traffic(description: Description) -> Mapping[str, Operation]:
    """What is judged in traffic, by name: the operations of a revision, and reading the neighbours."""
    # Both dialects have the same operations, and the wire dialect takes 0.2 s more to describe.
    reads = describe_neighbours().reads()
    return {**description.operations, **{operation.operation_id: operation for operation in reads}}


class Presence:
    """Which operations a server has, as far as its answers tell: one that has succeeded is there for good."""

    def __init__(self, description: Description) -> None:
        self._description: Final = description
        self._present: Final[set[str]] = set()

    def lacks(self, operation: Operation, method: str, path: str, status: int, headers: Mapping[str, str]) -> bool:
        """Whether an answer comes from a server that does not have the operation. Header names are in lower case."""
        if 200 <= status < 300:
            self._present.add(operation.operation_id)
        if status < 400 or operation.operation_id in self._present or not names_an_object(operation, path):
            return False
        has_object = "{" in operation.path or self._description.describes(operation, 404)
        return is_absent(status, headers, "GET" if method == "HEAD" else method, has_object=has_object)


class TrafficJudge:
    """Judges exchanges by a revision, as a deployment is judged: what the wire dialect explains is known.

    `outdated` says that the server is older or newer than every described revision, so that fields may be missing.
    """

    def __init__(self, revision: str, *, outdated: bool = False) -> None:
        self.description: Final[Description] = describe(revision)
        self.catalogue: Final = catalogue(self.description)
        self._wire: Final = describe(revision, "wire")
        self._judge: Final = Judge(self.description, self._wire, self.catalogue)
        self._judge.survey.outdated = outdated
        self._routes: Final = Routes(operations_in_traffic(self.description).values())
        self._twins: Final = {
            operation.path: operation
            for operation in self.description.everything.values()
            if operation.method == "HEAD"
        }
        self._presence: Final = Presence(self.description)

    def judge(self, request: Request, answer: Answer, role: str) -> Judged:
        """What is found in an exchange of somebody in a role."""
        operation = self._routes.of_reading(request.method, request.path)
        if operation is None:
            return Judged("", reason=NOT_DESCRIBED)
        name = operation.operation_id
        exchange = Exchange(request, answer, role, self.description.place(operation))
        if name not in self.description.operations:
            return self._neighbour(operation, exchange)
        lacks = self._presence.lacks(operation, request.method, request.path, answer.status, answer.headers)
        if reason := self._says_nothing(operation, exchange):
            return Judged(name, reason=reason)
        if lacks:
            what = f"this server lacks {operation.method} {operation.path}"
            lacking = Complaint(what, exchange.place, None, exchange.status, exchange)
            return Judged(name, (Finding(lacking, "note"),))
        self._judge.noted.clear()
        self._judge.survey.noted.clear()
        broken = {one.key: one for one in self._complaints(operation, exchange)}
        noted = [Finding(one.complaint, one.outcome, one.explained_by) for one in self._judge.noted]
        return Judged(name, (*(Finding(one, "broken") for one in broken.values()), *noted))

    def _neighbour(self, operation: Operation, exchange: Exchange) -> Judged:
        """What is found in an answer of a neighbour; only good answers are looked at."""
        is_good = exchange.status == operation.success.status and exchange.request.method == "GET"
        if not is_good or not is_json(exchange):
            return Judged(operation.operation_id, reason=NEIGHBOUR)
        try:
            value = json.loads(exchange.answer.body)
        except (ValueError, RecursionError):
            value = None
        found: dict[tuple[str, str], Finding] = {}
        faults = describe_neighbours("wire").faults(operation, exchange.status, value)
        if faults and self._is_documented(operation, exchange.status, value):
            faults = []  # it is as in the other dialect
        for fault in faults:
            note = Complaint(fault.sentence, fault.place, None, fault.got, exchange, f"at {fault.at or '/'}")
            found.setdefault(note.key, Finding(note, "note"))
        return Judged(operation.operation_id, tuple(found.values()))

    def _is_documented(self, operation: Operation, status: int, value: Any) -> bool:
        """Whether an answer of a neighbour fits the documented dialect, whose description is made when it is needed."""
        documented = describe_neighbours()
        twin = documented.everything.get(operation.operation_id)
        return twin is not None and not documented.faults(twin, status, value)

    def _says_nothing(self, operation: Operation, exchange: Exchange) -> str:
        """Why an answer is not about the contract; blank where it is."""
        status = exchange.status
        accepted = dict(exchange.request.headers).get("accept", "")
        if status in _OUT_OF_REACH:
            return f"the server was out of reach or refused more requests ({status})"
        where = origin(exchange.headers.get("location", "")) if status in REDIRECTS else ""
        if where and exchange.headers["location"].removeprefix(where) == exchange.request.target:
            return f"the server leads each request to {where} ({status}): give that address instead"
        if 300 <= status < 400:
            return f"the server led elsewhere, or said that nothing has changed ({status})"
        if "text/html" in accepted and "text/html" in exchange.headers.get("content-type", ""):
            return "a web page was asked for"
        if status == 404 and not is_json(exchange) and not names_an_object(operation, exchange.request.path):
            return "the path holds no identifier"
        return ""

    def _complaints(self, operation: Operation, exchange: Exchange) -> Iterator[Complaint]:
        """The new deviations; known ones and notes are left with the judge."""
        if exchange.status >= 400 and exchange.status != 500 and exchange.answer.body and not is_json(exchange):
            # Gateways put pages of their own in the place of refusals.
            what = f"refusals with {exchange.status} are pages instead of JSON"
            self._judge.note(Complaint(what, "/components/responses", None, None, exchange))
            return
        known: tuple[str, ...] = ()
        if exchange.status == 500:
            name = operation.operation_id
            known = self._judge.explaining(*crashes(operation, exchange.request), *self._judge.failing(name))
        found: list[Complaint] = []
        with _caught(found):
            self._judge.must_fit(operation.operation_id, exchange)
        if known:
            for complaint in found:
                self._judge.deviate(complaint, known)
            return
        found += self._headers(operation, exchange)
        yield from found
        if 200 <= exchange.status < 300 and exchange.answer.body and is_json(exchange):
            values = self._values(operation, exchange)
            # A value that does not fit its schema cannot be computed with, which is no second finding.
            yield from (one for one in values if not found or one.place != "/components/schemas")

    def _headers(self, operation: Operation, exchange: Exchange) -> Iterator[Complaint]:
        """Described headers that are missing, or are no number where they have to be one."""
        described = self._twins.get(operation.path) if exchange.request.method == "HEAD" else operation
        if described is None:
            return
        elsewhere = self._headers_on_the_wire(described, exchange.status)
        for name, header in self.description.headers(described, exchange.status).items():
            place = f"{exchange.place}/responses/{exchange.status}/headers/{name}"
            value = exchange.headers.get(name.lower())
            if value is None and header.get("required"):
                complaint = Complaint(f"the header {name} must be there", place, None, None, exchange)
                if name in elsewhere:
                    yield complaint
                else:
                    at = f"{self.description.place(described)}/responses/{exchange.status}/headers/{name}"
                    known = self.catalogue.explain(self.description.place(described), Complaint("", at))
                    self._judge.deviate(complaint, known)
            elif value is not None and header["schema"].get("type") == "integer" and not _COUNT.match(value):
                yield Complaint(f"the header {name} must be a number", place, None, value, exchange)

    def _headers_on_the_wire(self, described: Operation, status: int) -> frozenset[str]:
        twin = self._wire.everything.get(described.operation_id)
        return frozenset(self._wire.headers(twin, status)) if twin is not None else frozenset()

    def _values(self, operation: Operation, exchange: Exchange) -> Iterator[Complaint]:
        """How values are spelled, and whether the sums that one answer shows are right."""
        found: list[Complaint] = []
        described = exchange.status == operation.success.status and operation.success.schema is not None
        # Who names a format finds it in all links of the answer.
        if described and "format=" not in exchange.request.target:
            with _caught(found):
                self._judge.must_spell(operation.operation_id, exchange, exchange.json)
        with _caught(found):
            must_have_all_places(exchange)
        for requirement, fields in _FIGURES:
            for row in arithmetic.objects_with(exchange, fields):
                with _caught(found):
                    requirement(self._judge, exchange, row)
        yield from found


@contextmanager
def _caught(found: list[Complaint]) -> Iterator[None]:
    """Adds the complaints of what is broken inside to a list."""
    try:
        yield
    except Broken as error:
        found.extend(error.complaints)
    except Malformed as error:
        found.append(Complaint(f"a value must be {error}", "/components/schemas"))
    except NotExercised:
        """An answer that does not show what a requirement is about keeps it."""


def names_an_object(operation: Operation, path: str) -> bool:
    """Whether what stands in the places of identifiers may be one; servers do not route other texts."""
    pairs = zip(operation.path.split("/"), path.split("/"), strict=True)
    return all(is_uuid(step.lower()) or _NUMBER.match(step) for pattern, step in pairs if pattern.startswith("{"))
