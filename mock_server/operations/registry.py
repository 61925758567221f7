"""Ties every operation of a description to the function of its name; what is missing stops the start."""

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from waldur_billing_mock.mock_server.billing.faults import Fault
from waldur_billing_mock.mock_server.operations import beyond, invoice_items, invoices, provider_invoice_items
from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.operations.partial import must_be_recorded
from waldur_billing_mock.mock_server.operations.problems import problem_of
from waldur_billing_mock.mock_server.operations.support import registry as support
from waldur_billing_mock.openapi.document import DocumentError, Node
from waldur_billing_mock.openapi.operation import operations

Function = Callable[[Call], Any]


def functions() -> dict[str, Function]:
    """Every operation's function by its operationId, in the order of the modules."""
    return {
        name: function
        for module in (invoices, invoice_items, provider_invoice_items, beyond)
        for name, function in vars(module).items()
        if isinstance(function, FunctionType) and function.__module__ == module.__name__ and name[0] != "_"
    }


def bind(document: Node) -> Mapping[str, Function]:
    """The functions of a document's operations. HEAD is served by GET's function.

    Raises `DocumentError` naming every operation that is described but has no function.
    """
    defined = {**functions(), **support.functions(document["info"]["version"])}
    described = [operation.operation_id for operation in operations(document) if operation.method != "HEAD"]
    if missing := [name for name in described if name not in defined]:
        raise DocumentError(f"Described in openapi/, but without a function in operations/: {', '.join(missing)}.")
    return {name: _with_problems(name, defined[name]) for name in described}


def _with_problems(name: str, function: Function) -> Function:
    """The function, with faults of billing raised as problems of HTTP; a recorded world refuses what it lacks."""

    def answer(call: Call) -> Any:
        try:
            if call.world.settings.recorded is not None:
                must_be_recorded(name, call)
            return function(call)
        except Fault as fault:
            raise problem_of(fault) from fault

    return answer
