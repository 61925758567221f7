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
    for step in map(unescape, pointer.removeprefix("#").split("/")[1:]):
        if isinstance(node, list) and step.isdecimal():
            node = node[int(step)]
        elif isinstance(node, dict):
            node = node[step]
        else:
            raise LookupError(f"{pointer!r} leads nowhere: there is no {step!r} in {type(node).__name__}.")
    return node


def find(document: Any, pointer: str) -> Any:
    """The node that a pointer leads to, None where it leads nowhere."""
    try:
        return look_up(document, pointer)
    except LookupError:
        return None
