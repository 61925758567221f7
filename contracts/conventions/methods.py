"""Which methods a path takes, and what `Allow` says of them."""

from typing import Final

from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.conventions.refusals import says_why
from waldur_billing_mock.contracts.declare import convention
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.readings.discovery import UNKNOWN
from waldur_billing_mock.contracts.readings.example_targets import ExampleTarget, example_target

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


@convention(lambda description, operation: True)
def other_methods_are_not_allowed(context: Context, operation_id: str) -> None:
    """A method that the path does not have answers 405, and `Allow` tells which it has."""
    described = _described(context, operation_id)
    about = example_target(context, operation_id) if "GET" in described else ExampleTarget(UNKNOWN)
    others = _METHODS if context.target.guard.writing.everything else ("GET",)
    tried = [method for method in others if method not in described]
    if not tried:
        raise NotExercised("the other methods are tried where writing is allowed")
    for method in tried:
        exchange = context.ask(operation_id, of=about.of, method=method)
        exchange.must.have_status(405)
        allowed = {part.strip() for part in exchange.must.have_header("Allow").split(",")}
        exchange.must.hold(described <= allowed, "Allow must name every method of the path", sorted(allowed))
        exchange.must.hold("OPTIONS" in allowed, "Allow must name OPTIONS", sorted(allowed))
        says_why(context, operation_id, exchange)


@convention(lambda description, operation: operation.method == "GET")
def allow_names_the_methods_of_the_path(context: Context, operation_id: str) -> None:
    """`Allow` beside an answer names the methods of the path, and no others."""
    described = _described(context, operation_id) | {"HEAD", "OPTIONS"}
    about = example_target(context, operation_id)
    exchange = context.ask(operation_id, of=about.of, query=about.query)
    exchange.must.have_status(200)
    allowed = {part.strip() for part in exchange.must.have_header("Allow").split(",")} | {"HEAD"}
    exchange.must.hold(described <= allowed, "Allow must name every method of the path", sorted(allowed))
    if context.description.dialect == "documented":
        with context.known("allow-lists-disabled", "allow-lists-disabled-on-objects"):
            exchange.must.hold(allowed <= described, "Allow must name no other method", sorted(allowed - described))


def _described(context: Context, operation_id: str) -> set[str]:
    path = context.description.operations[operation_id].path
    return {other.method for other in context.description.everything.values() if other.path == path}
