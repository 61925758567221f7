"""Turns the domain's refusals into Waldur's statuses and bodies (behaviour 1.4)."""

from waldur_billing_mock.mock_server.billing.faults import (
    Fault,
    InvalidFields,
    NotFound,
    OutOfRange,
    Refused,
    WrongState,
)
from waldur_billing_mock.mock_server.web.problems import Problem, detail


def problem_of(fault: Fault) -> Problem:
    """The problem that a fault is to an HTTP client."""
    match fault:
        case NotFound():
            return detail(404, fault.message or f"No {fault.model} matches the given query.")
        case WrongState():
            # 409, not 400: Waldur's state validator raises a conflict.
            return detail(409, f"Valid states for operation: {', '.join(fault.valid)}.")
        case OutOfRange():
            return detail(409, fault.message)
        case InvalidFields():
            return Problem(400, fault.messages)
        case Refused():
            return Problem(400, fault.message if fault.bare else [fault.message])
    raise TypeError(f"{type(fault).__name__} has no status; give it one in problem_of.")
