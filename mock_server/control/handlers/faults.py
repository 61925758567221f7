"""Rules by which calls fail."""

from typing import Any, Final

from waldur_billing_mock.mock_server.control.description import InvalidInput
from waldur_billing_mock.mock_server.control.handlers.operation_names import check_operations
from waldur_billing_mock.mock_server.control.plane import Call, NotFound
from waldur_billing_mock.mock_server.control.rules import EVERY_SESSION, Rules, names

DOES: Final = frozenset({"status", "retry_after", "delay", "effect", "profile"})
"""Fields without one of which a rule would change nothing."""


def faults_list(call: Call) -> list[dict[str, Any]]:
    """The rules of the session, and those of every session."""
    own = [rule.shown() for rule in call.session.rules]
    return own + [{**rule.shown(), "session": EVERY_SESSION} for rule in call.plane.shared_rules]


def faults_add(call: Call) -> list[dict[str, Any]]:
    """The rules that were added.

    Raises `InvalidInput` for an operation that the API does not have, and for a rule that would change nothing.
    """
    check_operations(call, names(call.body.get("operation", ())))
    if DOES.isdisjoint(call.body):
        raise InvalidInput(
            {"non_field_errors": [f"Say what happens to the call: give one of {', '.join(sorted(DOES))}."]}
        )
    rules, shown = _rules(call, call.body.get("session"))
    return [{**rule.shown(), **shown} for rule in rules.add(call.body)]


def faults_clear(call: Call) -> None:
    """No rule is left, neither of the session nor of every session."""
    call.session.rules.clear()
    call.plane.shared_rules.clear()


def faults_remove(call: Call) -> None:
    id = call.path["id"]
    if not (call.session.rules.remove(id) or call.plane.shared_rules.remove(id)):
        raise NotFound(f"There is no fault rule {id}.")


def _rules(call: Call, named: str | None) -> tuple[Rules, dict[str, str]]:
    if named == EVERY_SESSION:
        return call.plane.shared_rules, {"session": EVERY_SESSION}
    if named is None:
        return call.session.rules, {}
    return call.plane.sessions.get(named).rules, {"session": named}
