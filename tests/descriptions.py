"""The descriptions that tests read, made once for each process. Nobody changes them."""

from collections.abc import Mapping
from functools import cache

from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.revision import BASE, describe_all


def description(revision: str = BASE, wire: bool = False, tolerant: bool = False) -> Node:
    """The bundled document of a revision in a dialect; tolerant as the mock obeys it, else what to send."""
    return _descriptions(wire, tolerant)[revision]


@cache
def _descriptions(wire: bool, tolerant: bool) -> Mapping[str, Node]:
    return describe_all(DESCRIPTION, wire=wire, tolerant=tolerant)
