"""One application for each defect, to be named like `tests.mutants.apps:pages-overlap`."""

from collections.abc import Callable
from typing import Any

from tests.mutants.defects import DEFECTS
from tests.wrapping.proxy import Proxy
from waldur_billing_mock.mock_server.app import create_default_app


def __getattr__(identifier: str) -> Callable[..., Proxy]:
    """What makes the mock with a defect; it takes what the healthy mock is made of. Raises `AttributeError`."""
    defect = DEFECTS.get(identifier)
    if defect is None:
        raise AttributeError(f"no defect is named {identifier!r}")

    def make(**settings: Any) -> Proxy:
        return defect.wrap(create_default_app(**settings))

    return make
