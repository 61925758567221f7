"""Names of operations that callers of the control plane send."""

from collections.abc import Iterable
from difflib import get_close_matches

from waldur_billing_mock.mock_server.control.description import InvalidInput
from waldur_billing_mock.mock_server.control.plane import Call


def check_operations(call: Call, names: Iterable[str]) -> None:
    """Raises `InvalidInput` for a name that no operation of the API has: it would fit no call, unnoticed."""
    for name in names:
        if name not in call.plane.operation_ids:
            near = get_close_matches(name, call.plane.operation_ids, 1)
            hint = f"did you mean {near[0]}?" if near else "GET /_mock/openapi.json lists all of them."
            raise InvalidInput({"operation": [f"There is no operation {name!r}; {hint}"]})
