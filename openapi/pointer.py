"""JSON pointers (RFC 6901) into documents."""

from collections.abc import Iterable
from typing import Any


def pointer(steps: Iterable[str | int]) -> str:
    """The pointer of these steps, each escaped: `("paths", "/api/")` is `/paths/~1api~1`."""
    return "".join(f"/{escape(str(step))}" for step in steps)


def escape(step: str) -> str:
    """One step as it is written in a pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def unescape(step: str) -> str:
    """The name that a step of a pointer is written for."""
    return step.replace("~1", "/").replace("~0", "~")


def look_up(document: Any, pointer: str) -> Any:
    """The node that a pointer leads to; a `#` before it is allowed. Raises `LookupError` where it leads nowhere."""
    node = document
    for step in pointer.removeprefix("#").split("/")[1:]:
        node = node[int(step)] if isinstance(node, list) else node[unescape(step)]
    return node
