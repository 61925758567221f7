"""The functions of the neighbours by their operationIds."""

from collections.abc import Callable
from types import FunctionType
from typing import Any

from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.operations.support import (
    finance,
    history,
    marketplace,
    people,
    policies,
    server,
    structure,
)


def functions(release: str) -> dict[str, Callable[[Call], Any]]:
    """Every neighbour's function by its operationId. `release` is the one that the server says to be."""

    def version_retrieve(call: Call) -> dict[str, str]:
        """The number of the release."""
        return {"version": release}

    found = {
        name: function
        for module in (server, people, structure, marketplace, finance, policies, history)
        for name, function in vars(module).items()
        if isinstance(function, FunctionType) and function.__module__ == module.__name__ and name[0] != "_"
    }
    return {**found, "version_retrieve": version_retrieve}
