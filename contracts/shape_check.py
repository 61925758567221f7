"""The check of shapes: what Schemathesis found for one operation, in the one run of it that `shapes.py` makes."""

from typing import TYPE_CHECKING, Final

from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.exchange import Broken, NotExercised

if TYPE_CHECKING:
    from waldur_billing_mock.contracts.shapes import Shapes

_MEMORY: Final = "shapes"


def shape_is_kept(context: Context, operation_id: str) -> None:
    """Good data is accepted, bad data refused, and every answer has a described status, its headers and its schema."""
    operation = context.description.operations[operation_id]
    if operation_id in context.survey.operations:
        raise NotExercised(f"this server lacks {operation.method} {operation.path}")
    if operation.method != "GET" and not context.target.in_process:
        raise NotExercised("only reading operations are fuzzed on a deployment")
    if _MEMORY not in context.memory:
        # Loaded where requests are generated: Schemathesis takes a third of a second, which other checks do without.
        from waldur_billing_mock.contracts.shapes import generate

        context.memory[_MEMORY] = generate(context)
    shapes: Shapes = context.memory[_MEMORY]
    context.noted.extend({(one.complaint.key, one.explained_by): one for one in shapes.noted[operation_id]}.values())
    if shapes.complaints[operation_id]:
        raise Broken(*shapes.complaints[operation_id])
    if shapes.trouble:
        raise NotExercised(shapes.trouble)
    accepted = shapes.successes[operation_id] or context.coverage.succeeded(operation_id)
    if not accepted:
        raise NotExercised("no request was ever accepted")
