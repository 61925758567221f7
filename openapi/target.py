"""The targets of overlays: JSONPath queries (RFC 9535). This module knows nothing of OpenAPI."""

from functools import cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathQuery

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Location: TypeAlias = tuple[str | int, ...]


class TargetError(ValueError):
    """A target is not a JSONPath query of RFC 9535; the message says where."""


@cache
def parse(target: str) -> "JSONPathQuery":
    """Return the compiled query. Raises `TargetError`."""
    # Imported where overlays are read, which takes 70 ms and which a server that starts again does not do.
    from jsonpath_rfc9535 import JSONPathError, compile

    try:
        return compile(target)
    except JSONPathError as error:
        raise TargetError(f"it is not a JSONPath query (RFC 9535): {error}") from error


def select(document: Json, target: str) -> list[Location]:
    """Return the locations of the nodes that the target selects, each once. Raises `TargetError`."""
    return list(dict.fromkeys(node.location for node in parse(target).find(document)))
