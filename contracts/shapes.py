"""Shapes by Schemathesis: whatever is asked, good or bad, the answer is as described.

Schemathesis talks to a proxy before the guard alone, so that the guard sees all it sends. Its engine is no public
interface: everything that touches it is in this module, its release is pinned, and a test fails when it changes.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema

from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.exchange import Answer, Broken, Complaint, Exchange, Request
from waldur_billing_mock.contracts.hypothesis_home import temporary_home
from waldur_billing_mock.contracts.judging import Noted, crashes
from waldur_billing_mock.contracts.routes import Routes
from waldur_billing_mock.contracts.schemathesis_proxy import PLACEHOLDER, Reference, SchemathesisProxy
from waldur_billing_mock.contracts.values import Malformed, is_uuid
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import Operation

_SCHEMA: Final = re.compile(r"^Schema at (/\S+):", re.MULTILINE)
_NOT_ALONE: Final = ("use_after_free", "ensure_resource_availability")
"""Checks that need the history of a scenario, which is not kept here."""
_JUDGED_HERE: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
"""Checks of answers that a server may fail in a known way; `must_fit` judges each answer in their place."""
_A_DAY: Final = 86_400
"""Seconds. The guard bounds each request; Schemathesis would give up after ten seconds, while the guard goes on."""
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")
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
    noted: dict[str, list[Noted]] = field(default_factory=lambda: defaultdict(list))
    successes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    trouble: str = ""


def generate(context: Context) -> Shapes:
    """One run over all operations that may be asked; in this process the world is brought back afterwards."""
    shapes = Shapes()
    twins = {(operation.method, operation.path): operation for operation in context.description.everything.values()}
    by_label = {f"{method} {path}": operation for (method, path), operation in twins.items()}
    routes = Routes(context.description.operations.values())

    def answered(request: Request, answer: Answer) -> None:
        operation = routes.of_reading(request.method, request.path)
        if operation is not None:
            context.coverage.count(operation.operation_id, request, answer.status)
            if 200 <= answer.status < 300:
                shapes.successes[operation.operation_id] += 1
            if context.forgives:
                _judge(context, shapes, operation, request, answer)

    proxy = SchemathesisProxy(context.target.guard, context.target.main, answered)
    schema = schemathesis.openapi.from_dict(
        _document(context), config=SchemathesisConfig.from_dict(_configuration(context))
    )
    schema.app = Reference(proxy)
    # A server that logs decoded paths must not find line breaks in them; the guard would refuse them.
    schema.hook("filter_case")(lambda ctx, case: not _forges_lines(case))
    try:
        with temporary_home():
            for event in from_schema(schema).execute():
                for label, complaint in _complaints(event, context, by_label):
                    shapes.complaints[label].append(complaint)
                if isinstance(event, events.NonFatalError | events.FatalError) and not proxy.failures:
                    shapes.trouble = f"Schemathesis could not go on: {_words(event)}"
                if proxy.failures:
                    shapes.trouble = proxy.failures[0]
                    break
    finally:
        context.target.renew()
        context.drop_cache()
    return shapes


def _document(context: Context) -> Node:
    """A copy of the description without the parameters that the server lacks: it neither accepts nor refuses them."""
    document = deepcopy(context.description.document)
    for operation_id, name in context.survey.parameters:
        operation = context.description.operations[operation_id]
        at = context.description.place_of_parameter(operation, name)
        for method in ("get", "head"):
            node = document["paths"][operation.path].get(method, {})
            node["parameters"] = [
                one
                for one in node.get("parameters", [])
                if one.get("$ref", "").removeprefix("#") != at and one.get("name") != name
            ]
    return document


def _configuration(context: Context) -> dict[str, Any]:
    """The settings of Schemathesis: one worker and no cache, so that the same seed sends the same requests."""
    profile, writes = context.profile, context.target.guard.writing.everything
    configuration: dict[str, Any] = {
        "seed": context.seed,
        "workers": 1,
        "continue-on-failure": True,
        "request-timeout": _A_DAY,
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
            # Values that answers have shown are examples, too: a request for each identifier of a long list.
            "examples": {"enabled": True, "extra-data-sources": {"responses": profile.covers}},
            "coverage": {"enabled": profile.covers},
            "fuzzing": {"enabled": True},
            "stateful": {"enabled": profile.stateful},
        },
        "checks": {name: {"enabled": False} for name in (*_NOT_ALONE, *(_JUDGED_HERE if context.forgives else ()))},
    }
    if writes:
        configuration["operations"] = [
            {"include-operation-id": name, "checks": {check: {"expected-statuses": statuses}}}
            for name, check, statuses in _ALSO_EXPECTED
            if name in context.description.operations
        ]
    else:
        # `strangers_are_turned_away` asks each reading operation without a token and with a wrong one.
        configuration["checks"]["ignored_auth"] = {"enabled": False}
        configuration["phases"]["coverage"]["unexpected-methods"] = []
        configuration["operations"] = [{"exclude-method": "GET", "enabled": False}]
    lacking = sorted(context.survey.operations)
    configuration["operations"] += [{"include-operation-id": name, "enabled": False} for name in lacking]
    return configuration


def _complaints(
    event: events.EngineEvent, context: Context, by_label: Mapping[str, Operation]
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
            # `Allow` names more than is described here; a convention judges it.
            if failure.code == "ST205" and "x-waldur-allow" in context.description.document["paths"][operation.path]:
                continue
            get = by_label.get(f"GET {operation.path}", operation) if operation.method == "HEAD" else operation
            interaction = event.recorder.interactions.get(case_id)
            response = interaction.response if interaction is not None else None
            crashed = response is not None and response.status_code == 500
            if (
                _is_no_address(interaction)
                or _is_an_empty_form(failure, interaction)
                or (context.survey.outdated and _is_any_project(get, failure))
                or (crashed and context.description.may_fail(get.operation_id))
            ):
                continue
            complaint = _complaint(context, get, failure, interaction)
            explaining = _explaining(context, get, failure, complaint.exchange)
            if explaining:
                context.deviate(complaint, explaining)
            else:
                yield get.operation_id, complaint


def _judge(context: Context, shapes: Shapes, operation: Operation, request: Request, answer: Answer) -> None:
    """Judges an answer by its description; what it is known for is noted with the operation."""
    name = operation.operation_id
    exchange = Exchange(request, answer, context.target.main.role, context.description.place(operation))
    is_json = "json" in answer.headers.get("content-type", "")
    if request.method == "HEAD" or (answer.status == 404 and not is_json) or answer.status == 405:
        return
    if leads_nowhere(request, answer):
        return
    before = len(context.noted)
    explaining = context.explaining(*crashes(operation, request)) if answer.status == 500 else ()
    try:
        context.must_fit(name, exchange)
    except Broken as error:
        if explaining:
            for complaint in error.complaints:
                context.deviate(complaint, explaining)
        elif answer.status != 500 or not context.explaining(*context.failing(name)):
            shapes.complaints[name].extend(error.complaints)
    shapes.noted[name].extend(context.noted[before:])
    del context.noted[before:]


def _explaining(context: Context, operation: Operation, failure: Failure, exchange: Exchange | None) -> tuple[str, ...]:
    """The entries that change a parameter which a request was refused for, or which was not looked at."""
    if context.catalogue is None or exchange is None or not failure.code.startswith("ST2"):
        return ()
    names = {name for name, _ in parse_qsl(exchange.request.target.partition("?")[2], keep_blank_values=True)}
    if exchange.status == 400:
        try:
            names = set(exchange.json) if isinstance(exchange.json, dict) else {"project_uuid"}
        except Malformed:
            return ()
    where = context.description.place(operation)
    found: list[str] = []
    for name in sorted(names & set(operation.query)):
        at = context.description.place_of_parameter(operation, name)
        found += context.catalogue.explain(where, Complaint("", at))
    return tuple(dict.fromkeys(found))


def _forges_lines(case: Any) -> bool:
    """Whether a generated identifier holds control characters; it may be percent-encoded already."""
    return any(_CONTROL.search(unquote(str(value))) for value in (case.path_parameters or {}).values())


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


def _is_any_project(operation: Operation, failure: Failure) -> bool:
    """Whether costs were not refused for what is no project, as in releases before 2025, which a convention tells."""
    return (
        operation.operation_id == "invoice_items_costs_list"
        and failure.code == "ST201"
        and "`project_uuid`" in failure.message
    )


def leads_nowhere(request: Request, answer: Answer) -> bool:
    """Whether a customer's address that no route fits was refused: Django lists the routes that it `tried`."""
    sent = parse_qsl(request.target.partition("?")[2])
    return answer.status == 404 and b'"tried"' in answer.body and any(name == "customer" for name, _ in sent)


def _complaint(context: Context, operation: Operation, failure: Failure, interaction: Any) -> Complaint:
    place = context.description.place(operation)
    exchange = None
    if interaction is not None and interaction.response is not None:
        sent, response = interaction.request, interaction.response
        target = "/" + sent.uri.partition("//")[2].partition("/")[2]
        headers = {name.lower(): ", ".join(values) for name, values in response.headers.items()}
        exchange = Exchange(
            Request(sent.method, target, body=sent.body or b""),
            Answer(response.status_code, headers, response.content or b"", response.elapsed),
            context.target.main.role,
            place,
        )
    schema = _SCHEMA.search(failure.message)
    if schema is not None:
        place = schema[1]
    what = f"{failure.code} {failure.title}"
    return Complaint(what, place, None, failure.message, exchange)


def _words(event: events.NonFatalError | events.FatalError) -> str:
    error = event.value if isinstance(event, events.NonFatalError) else event.exception
    return f"{type(error).__name__}: {error}"
