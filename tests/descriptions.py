"""The descriptions that tests read, made once for each process. Nobody changes them."""

from functools import cache

from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.revision import BASE, describe


@cache
def description(revision: str = BASE, wire: bool = False, tolerant: bool = False) -> Node:
    """The bundled document of a revision in a dialect; tolerant as the mock obeys it, else what to send."""
    return describe(DESCRIPTION, revision, wire=wire, tolerant=tolerant)
