"""One name, four places; and every property that is described can be read from the domain."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest

from tests.asgi import Api, application
from tests.descriptions import description
from tests.extent import WHOLE
from waldur_billing_mock.contracts.checks import checks
from waldur_billing_mock.contracts.description import describe
from waldur_billing_mock.contracts.settings import PROFILES
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.operations.registry import functions
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import Operation, operations
from waldur_billing_mock.openapi.revision import revisions
from waldur_billing_mock.openapi.validation import AnswerValidator

DIALECTS: Final = [(revision, wire) for revision in revisions(DESCRIPTION) for wire in (False, True)]
FAILS_IN_WIRE: Final = {"invoice_items_consumptions_list", "invoice_items_consumptions_retrieve"}
LARGE_IN: Final = ("documents", *(revisions(DESCRIPTION)[place] for place in (1, -1)))
IN_DIALECTS = pytest.mark.parametrize(("revision", "wire"), DIALECTS)


def reads(document: Node) -> list[Operation]:
    return [operation for operation in operations(document) if operation.method == "GET"]


def test_every_described_operation_has_a_function_and_every_function_is_described() -> None:
    described = {
        operation.operation_id
        for revision in revisions(DESCRIPTION)
        for operation in operations(description(revision))
        if operation.method != "HEAD"
    }

    assert described == functions().keys()


def test_every_operation_has_an_invariant() -> None:
    made = [
        check
        for revision in revisions(DESCRIPTION)
        for check in checks(describe(revision), (), PROFILES["quick"])
        if check.kind == "invariants"
    ]

    documented = {
        operation.operation_id
        for revision in revisions(DESCRIPTION)
        for operation in operations(description(revision))
        if operation.method != "HEAD" and not operation.beyond
    }

    assert {check.operation_id for check in made} == documented


@IN_DIALECTS
def test_every_revision_has_the_same_addresses(revision: str, wire: bool) -> None:
    base, other = (
        {(operation.method, operation.path) for operation in operations(document) if not operation.beyond}
        for document in (description(), description(revision, wire))
    )

    assert other == base
    assert len([method for method, _ in base if method != "HEAD"]) == 24


def addresses(api: Api, operation: Operation) -> Iterator[str]:
    """What to ask an operation for. The lists answer every invoice and item of the world; of the others, some do."""
    world = api.world
    invoices = [invoice.uuid for invoice in world.invoices][::5]
    items = [item.uuid for item in world.invoice_items][::17]
    template = operation.path
    match operation.operation_id:
        case "provider_invoice_items_retrieve":
            yield from (template.replace("{id}", str(item.id)) for item in list(world.invoice_items)[::17])
        case "invoice_items_costs_list":
            yield from (f"{template}?project_uuid={project.uuid}" for project in world.projects)
        case name if "page" in operation.query and "{" not in template:
            yield from (f"{template}?page_size=300&page={page}" for page in range(1, pages(name, api) + 1))
        case "invoices_history_at_retrieve":
            yield from (template.replace("{uuid}", uuid) + "?timestamp=2099-01-01" for uuid in invoices)
        case _ if "{uuid}" in template:
            uuids = invoices if template.startswith("/api/invoices/") else items
            yield from (template.replace("{uuid}", uuid) for uuid in uuids)
        case "invoice_items_customer_costs_for_period_retrieve":
            yield from (f"{template}?customer_uuid={customer.uuid}&period=3" for customer in world.customers)
        case "invoice_items_project_costs_for_period_retrieve":
            yield from (f"{template}?project_uuid={project.uuid}" for project in world.projects)
        case _:
            yield template


def pages(name: str, api: Api) -> int:
    """How many pages of 300 rows the list has."""
    rows = len(api.world.invoices if name == "invoices_list" else api.world.invoice_items)
    return -(-rows // 300)


@cache
def small_world() -> World:
    return build("default", size=Size(4, 3))


@IN_DIALECTS
def test_every_object_of_the_world_is_answered_as_described(revision: str, wire: bool) -> None:
    """The default world in some revisions and a smaller one in the others; in `make faults` the default one in all."""
    is_large = WHOLE or revision in LARGE_IN
    api = (
        application("default", revision, wire)
        if is_large
        else Api(Settings(revision=revision, wire=wire), small_world())
    )
    document = description(revision, wire)
    validator = AnswerValidator(document)
    complaints = []

    for operation in reads(document):
        for address in addresses(api, operation):
            reply = api.get(address)
            if wire and operation.operation_id in FAILS_IN_WIRE:
                assert reply.status == 500
                break
            assert reply.status == 200, (address, reply.text)
            mismatches = validator.mismatches(operation, 200, json.loads(reply.text))
            complaints += [f"{address}: {mismatch}" for mismatch in mismatches]

    assert complaints[:5] == []
