"""Which operation a request is for."""

from collections.abc import Iterable
from typing import Final

from waldur_billing_mock.openapi.operation import Operation


class Routes:
    """Operations by their method and path. A path without an object in it comes before one with it."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._literal: Final[dict[tuple[str, str], Operation]] = {}
        self._patterns: Final[dict[tuple[str, int], list[tuple[list[str], Operation]]]] = {}
        for operation in operations:
            steps = operation.path.split("/")
            if "{" in operation.path:
                self._patterns.setdefault((operation.method, len(steps)), []).append((steps, operation))
            else:
                self._literal[operation.method, operation.path] = operation

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a method on a path, None where there is none."""
        if found := self._literal.get((method, path)):
            return found
        steps = path.split("/")
        for pattern, operation in self._patterns.get((method, len(steps)), ()):
            if all(
                wanted == step or (wanted.startswith("{") and step) for wanted, step in zip(pattern, steps, strict=True)
            ):
                return operation
        return None

    def of_reading(self, method: str, path: str) -> Operation | None:
        """The same, a HEAD taken for the GET of its path, which describes its answers."""
        return self.find("GET" if method == "HEAD" else method, path)
