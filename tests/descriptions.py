"""The descriptions that tests read, made once for each process. Nobody changes them."""

from functools import cache

from mock_server.settings import DESCRIPTION
from mock_server.spec.document import Node
from mock_server.spec.revision import BASE, describe


@cache
def description(revision: str = BASE, wire: bool = False) -> Node:
    """The bundled document of a revision in a dialect."""
    return describe(DESCRIPTION, revision, wire=wire)
