"""Shapes by Schemathesis: whatever is asked, good or bad, the answer is as described.

Schemathesis talks to the gate alone, so that the guard sees all it sends. Its engine is no public interface: everything
that touches it stands here, its release is pinned, and a test of this module fails when it changes.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema

from waldur_billing_mock.contracts.exchange import Answer, Broken, Complaint, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.gate import PLACEHOLDER, Gate
from waldur_billing_mock.contracts.trial import Trial
from waldur_billing_mock.contracts.values import is_uuid
from waldur_billing_mock.openapi.operation import Operation

_MEMORY: Final = "shapes"
_SCHEMA: Final = re.compile(r"^Schema at (/\S+):", re.MULTILINE)
_NOT_FOR_A_GATE: Final = ("use_after_free", "ensure_resource_availability")
_ALSO_EXPECTED: Final = (
    # The state of the invoice, its customer or a payment profile decides, and no schema knows them.
    ("invoices_paid", "positive_data_acceptance", ["2xx", "400", "404", "409", "415"]),
    ("invoices_send_notification", "positive_data_acceptance", ["2xx", "400", "404"]),
    ("invoice_items_create_compensation", "positive_data_acceptance", ["2xx", "400", "404", "409", "415"]),
    ("invoice_items_migrate_to", "positive_data_acceptance", ["2xx", "400", "404", "409", "415"]),
    # Numbers have at most 22 digits in all, and instants lie between the years 1 and 9999 in UTC.
    ("invoice_items_update", "positive_data_acceptance", ["2xx", "400", "404", "409", "415"]),
    ("invoice_items_partial_update", "positive_data_acceptance", ["2xx", "400", "404", "409", "415"]),
    # What is an address is decided by other rules than those of `format: uri`; the invariant judges it.
    ("invoices_set_payment_url", "positive_data_acceptance", ["2xx", "400", "404", "415"]),
    ("invoices_set_payment_url", "negative_data_rejection", ["2xx", "4xx"]),
)


@dataclass
class Shapes:
    """What one run of Schemathesis found: complaints and numbers of 2xx answers by operation."""

    complaints: dict[str, list[Complaint]] = field(default_factory=lambda: defaultdict(list))
    successes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    trouble: str = ""


def shape_is_kept(trial: Trial, operation_id: str) -> None:
    """Good data is accepted, bad data refused, and every answer has a described status, its headers and its schema."""
    operation = trial.description.operations[operation_id]
    if operation.method != "GET" and not trial.target.in_process:
        raise NotExercised("only reading operations are fuzzed on a deployment")
    if _MEMORY not in trial.memory:
        trial.memory[_MEMORY] = _run(trial)
    shapes: Shapes = trial.memory[_MEMORY]
    if shapes.complaints[operation_id]:
        raise Broken(*shapes.complaints[operation_id])
    if shapes.trouble:
        raise NotExercised(shapes.trouble)
    accepted = shapes.successes[operation_id] or trial.tally.succeeded(operation_id)
    if not accepted:
        raise NotExercised("no request was ever accepted")


def _run(trial: Trial) -> Shapes:
    """One run over all operations that may be asked; in this process the world is brought back afterwards."""
    shapes = Shapes()
    twins = {(operation.method, operation.path): operation for operation in trial.description.everything.values()}
    by_label = {f"{method} {path}": operation for (method, path), operation in twins.items()}

    def answered(request: Request, answer: Answer) -> None:
        operation = _operation(request, trial)
        if operation is not None:
            trial.tally.count(operation.operation_id, request, answer.status)
            if 200 <= answer.status < 300:
                shapes.successes[operation.operation_id] += 1

    gate = Gate(trial.target.guard, trial.target.main, answered)
    schema = schemathesis.openapi.from_dict(
        trial.description.document, config=SchemathesisConfig.from_dict(_configuration(trial))
    )
    schema.app = gate
    try:
        for event in from_schema(schema).execute():
            for label, complaint in _complaints(event, trial, by_label):
                shapes.complaints[label].append(complaint)
            if isinstance(event, events.NonFatalError | events.FatalError) and not gate.failures:
                shapes.trouble = f"Schemathesis could not go on: {_words(event)}"
            if gate.failures:
                shapes.trouble = gate.failures[0]
                break
    finally:
        trial.target.renew()
        trial.forget()
    return shapes


def _configuration(trial: Trial) -> dict[str, Any]:
    """The settings of Schemathesis: one worker and no cache, so that the same seed sends the same requests."""
    profile, writes = trial.profile, trial.target.guard.writing.everything
    configuration: dict[str, Any] = {
        "seed": trial.seed,
        "workers": 1,
        "continue-on-failure": True,
        "headers": {"Authorization": PLACEHOLDER},
        "cache": {"enabled": False},
        "generation": {
            "mode": "all",
            "database": "none",
            "allow-x00": False,
            "max-examples": profile.examples,
            "no-shrink": True,
        },
        "phases": {
            "examples": {"enabled": True},
            "coverage": {"enabled": profile.covers},
            "fuzzing": {"enabled": True},
            "stateful": {"enabled": profile.stateful},
        },
        "checks": {name: {"enabled": False} for name in _NOT_FOR_A_GATE},
    }
    if writes:
        configuration["operations"] = [
            {"include-operation-id": name, "checks": {check: {"expected-statuses": statuses}}}
            for name, check, statuses in _ALSO_EXPECTED
            if name in trial.description.operations
        ]
    else:
        configuration["phases"]["coverage"]["unexpected-methods"] = []
        configuration["operations"] = [{"exclude-method": "GET", "enabled": False}]
    return configuration


def _complaints(
    event: events.EngineEvent, trial: Trial, by_label: Mapping[str, Operation]
) -> Iterator[tuple[str, Complaint]]:
    """The failed checks of an event, each with its operation; a HEAD is judged with its GET."""
    if not isinstance(event, events.ScenarioFinished):
        return
    for case_id, nodes in event.recorder.checks.items():
        for node in nodes:
            if node.failure_info is None:
                continue
            failure = node.failure_info.failure
            operation = by_label.get(failure.operation or event.label or "")
            if operation is None:
                continue
            # `Allow` names more than is described here; the habits judge it.
            if failure.code == "ST205" and "x-waldur-allow" in trial.description.document["paths"][operation.path]:
                continue
            get = by_label.get(f"GET {operation.path}", operation) if operation.method == "HEAD" else operation
            interaction = event.recorder.interactions.get(case_id)
            response = interaction.response if interaction is not None else None
            crashed = response is not None and response.status_code == 500
            if (
                _is_no_address(interaction)
                or _is_an_empty_form(failure, interaction)
                or (crashed and trial.description.may_fail(get.operation_id))
            ):
                continue
            yield get.operation_id, _complaint(trial, get, failure, interaction)


def _is_no_address(interaction: Any) -> bool:
    """Whether a generated identifier has made an address that servers do not route: they answer 404 without JSON."""
    response = interaction.response if interaction is not None else None
    if response is None or response.status_code != 404:
        return False
    steps = interaction.request.uri.partition("?")[0].split("/")[3:]
    written = any(not is_uuid(step.lower()) and not re.fullmatch(r"[a-z_-]*", step) for step in steps)
    return written and not any("json" in value for value in response.headers.get("content-type", []))


def _is_an_empty_form(failure: Failure, interaction: Any) -> bool:
    """Whether something else than fields was sent as a form: servers find none in it, and take it for an empty one."""
    headers = interaction.request.headers if interaction is not None else {}
    kinds = [kind for name, values in headers.items() if name.lower() == "content-type" for kind in values]
    return any("form" in kind for kind in kinds) and failure.code == "ST201" and "was object, became" in failure.message


def _complaint(trial: Trial, operation: Operation, failure: Failure, interaction: Any) -> Complaint:
    place = trial.description.place(operation)
    exchange = None
    if interaction is not None and interaction.response is not None:
        sent, response = interaction.request, interaction.response
        target = "/" + sent.uri.partition("//")[2].partition("/")[2]
        headers = {name.lower(): ", ".join(values) for name, values in response.headers.items()}
        exchange = Exchange(
            Request(sent.method, target, body=sent.body or b""),
            Answer(response.status_code, headers, response.content or b"", response.elapsed),
            trial.target.main.role,
            place,
        )
    schema = _SCHEMA.search(failure.message)
    if schema is not None:
        place = schema[1]
    what = f"{failure.code} {failure.title}"
    return Complaint(what, place, None, failure.message, exchange)


def _operation(request: Request, trial: Trial) -> Operation | None:
    """The operation that a request is for, HEAD counted as GET."""
    method = "GET" if request.method == "HEAD" else request.method
    steps = request.path.split("/")
    best: Operation | None = None
    for operation in trial.description.operations.values():
        pattern = operation.path.split("/")
        if operation.method != method or len(pattern) != len(steps):
            continue
        if all(one == other or one.startswith("{") for one, other in zip(pattern, steps, strict=True)) and (
            best is None or "{" not in operation.path
        ):
            best = operation
    return best


def _words(event: events.NonFatalError | events.FatalError) -> str:
    error = event.value if isinstance(event, events.NonFatalError) else event.exception
    return f"{type(error).__name__}: {error}"
