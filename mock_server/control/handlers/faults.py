"""Rules by which calls fail."""

from difflib import get_close_matches
from typing import Any

from waldur_billing_mock.mock_server.control.description import InvalidInput
from waldur_billing_mock.mock_server.control.plane import Call, Conflict, NotFound
from waldur_billing_mock.mock_server.control.rules import EVERY_SESSION, Rules, names


def faults_list(call: Call) -> list[dict[str, Any]]:
    """The rules of the session, and those of every session."""
    own = [rule.shown() for rule in call.session.rules]
    return own + [{**rule.shown(), "session": EVERY_SESSION} for rule in call.plane.shared_rules]


def faults_add(call: Call) -> list[dict[str, Any]]:
    """The rules that were added. Raises `InvalidInput` for an operation that the API does not have."""
    _check_operations(call)
    rules, shown = _rules(call, call.body.get("session"))
    try:
        added = rules.add(call.body)
    except ValueError as error:
        raise Conflict(str(error)) from error
    return [{**rule.shown(), **shown} for rule in added]


def faults_clear(call: Call) -> None:
    """No rule is left, neither of the session nor of every session."""
    call.session.rules.clear()
    call.plane.shared_rules.clear()


def faults_remove(call: Call) -> None:
    id = call.path["id"]
    if not (call.session.rules.remove(id) or call.plane.shared_rules.remove(id)):
        raise NotFound(f"There is no fault rule {id}.")


def _check_operations(call: Call) -> None:
    """A misspelt name would fit no call, and the rule would never be noticed."""
    for name in names(call.body.get("operation", ())):
        if name not in call.plane.operation_ids:
            near = get_close_matches(name, call.plane.operation_ids, 1)
            hint = f"did you mean {near[0]}?" if near else "GET /_mock/openapi.json lists all of them."
            raise InvalidInput({"operation": [f"There is no operation {name!r}; {hint}"]})


def _rules(call: Call, named: str | None) -> tuple[Rules, dict[str, str]]:
    if named == EVERY_SESSION:
        return call.plane.shared_rules, {"session": EVERY_SESSION}
    if named is None:
        return call.session.rules, {}
    return call.plane.sessions.get(named).rules, {"session": named}
