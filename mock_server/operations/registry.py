"""Ties every operation of a description to the function of its name; what is missing stops the start."""

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from waldur_billing_mock.mock_server.billing.faults import Fault
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.store import World
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.table import Written
from waldur_billing_mock.mock_server.operations import invoice_items, invoices, provider_invoice_items
from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.operations.problems import problem_of
from waldur_billing_mock.mock_server.web.intake import Intake
from waldur_billing_mock.openapi.document import DocumentError, Node
from waldur_billing_mock.openapi.operation import operations

Function = Callable[[Call], Any]


def functions() -> dict[str, Function]:
    """Every operation's function by its operationId, in the order of the modules."""
    return {
        name: function
        for module in (invoices, invoice_items, provider_invoice_items)
        for name, function in vars(module).items()
        if isinstance(function, FunctionType) and function.__module__ == module.__name__ and name[0] != "_"
    }


def bind(document: Node, world: Callable[[], World]) -> Mapping[str, Callable[[Intake[User]], Any]]:
    """The functions of a document's operations, each on the world of the moment. HEAD is served by GET's function.

    Raises `DocumentError` naming every operation that is described but has no function.
    """
    defined = functions()
    described = [operation.operation_id for operation in operations(document) if operation.method != "HEAD"]
    if missing := [name for name in described if name not in defined]:
        raise DocumentError(f"Described in openapi/, but without a function in operations/: {', '.join(missing)}.")
    return {name: _on(world, defined[name]) for name in described}


def _on(world: Callable[[], World], function: Function) -> Callable[[Intake[User]], Any]:
    def answer(intake: Intake[User]) -> Any:
        try:
            return function(Call(world(), intake))
        except Fault as fault:
            raise problem_of(fault) from fault

    return answer


def remember(row: object) -> Written | None:
    """Where the text of an invoice or an item is kept. Its world drops the text when the row shows something else."""
    if isinstance(row, InvoiceItem):
        return row.world.invoice_items.written_of(row.uuid)
    if isinstance(row, Invoice):
        return row.world.invoices.written_of(row.uuid)
    return None
