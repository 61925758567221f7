"""Decorators with which a check says, beside itself, where it applies. `checks.py` finds what they have marked."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, Literal, TypeVar

from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.settings import ProfileName
from waldur_billing_mock.openapi.operation import Operation

Kind = Literal["survey", "invariants", "conventions", "roles", "stories", "shapes", "traffic"]
KINDS: Final[tuple[Kind, ...]] = ("survey", "invariants", "conventions", "roles", "stories", "shapes", "traffic")
"""The kinds of checks, in the order in which they are made: reading before writing, generated requests last.

`traffic` is judged where others ask (`traffic.py`); no run of the suite makes such a check.
"""
Function = TypeVar("Function", bound=Callable[..., None])
Arguments = tuple[str, ...]
Applies = Callable[[Description, Operation], bool | Iterable[str]]
"""Whether a convention holds for an operation; or for what of it, such as its parameters, each by itself."""
_MARK: Final = "__declared__"


@dataclass(frozen=True, slots=True)
class Declared:
    """Where a check applies: the arguments that it is called with beside the context, the operation first."""

    kind: Kind
    arguments: Callable[[Description], Iterable[Arguments]]
    takes_operation: bool
    level: ProfileName


def invariant(*operation_ids: str, level: ProfileName = "quick") -> Callable[[Function], Function]:
    """A requirement of the named operations. With several, the function is called with the name of each."""

    def arguments(description: Description) -> Iterable[Arguments]:
        return [(name,) for name in operation_ids if name in description.operations]

    return _marked(Declared("invariants", arguments, len(operation_ids) > 1, level))


def convention(applies: Applies, level: ProfileName = "quick") -> Callable[[Function], Function]:
    """A requirement of every operation to which it applies; the function is called with the name of each."""

    def arguments(description: Description) -> Iterator[Arguments]:
        for operation in description.operations.values():
            found = applies(description, operation)
            if isinstance(found, bool):
                yield from [(operation.operation_id,)] if found else []
            else:
                yield from ((operation.operation_id, more) for more in found)

    return _marked(Declared("conventions", arguments, True, level))


def survey(function: Function) -> Function:
    """A requirement of every operation that is looked at before all others."""

    def arguments(description: Description) -> Iterator[Arguments]:
        yield from ((name,) for name in description.operations)

    return _marked(Declared("survey", arguments, True, "quick"))(function)


def story(function: Function) -> Function:
    """A sequence of writes over several operations."""
    return _marked(Declared("stories", lambda description: [("",)], False, "quick"))(function)


def always(kind: Kind) -> Callable[[Function], Function]:
    """A requirement of the server as a whole."""
    return _marked(Declared(kind, lambda description: [("",)], False, "quick"))


def declared_in(module: ModuleType) -> Iterator[tuple[Callable[..., None], Declared]]:
    """The checks that a module declares, in their order."""
    members: Mapping[str, Any] = vars(module)
    for member in members.values():
        found = getattr(member, _MARK, None)
        if isinstance(found, Declared) and member.__module__ == module.__name__:
            yield member, found


def _marked(declared: Declared) -> Callable[[Function], Function]:
    def mark(function: Function) -> Function:
        setattr(function, _MARK, declared)
        return function

    return mark
