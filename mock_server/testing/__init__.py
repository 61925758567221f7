"""The mock in a test suite: in this process, as a live server, and as fixtures of pytest. See README.md.

    from waldur_billing_mock.mock_server.testing import Mock

Loaded when it is first asked for: pytest imports this package in every run of an environment that has it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.testing.mock import Mock as Mock
    from waldur_billing_mock.mock_server.testing.mock import MockSession as MockSession

__all__ = ["Mock", "MockSession"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("waldur_billing_mock.mock_server.testing.mock"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
