"""All checks there are for a description and a target, in the order in which they are made, each with an identifier."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Final

from waldur_billing_mock.contracts import presence, visibility
from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.conventions import (
    filtered_sums,
    filters,
    history,
    latency,
    methods,
    neighbours,
    ordering,
    paging,
    refusals,
    representations,
)
from waldur_billing_mock.contracts.declare import KINDS, Declared, Kind, declared_in
from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.invariants import (
    costs,
    growth,
    invoice_items,
    invoices,
    provider_invoice_items,
    sums,
    writing,
)
from waldur_billing_mock.contracts.refused_writes import writes_are_refused
from waldur_billing_mock.contracts.roles import nothing_leaks_between, role_is_kept, table
from waldur_billing_mock.contracts.settings import Profile, ProfileName
from waldur_billing_mock.contracts.shape_check import shape_is_kept
from waldur_billing_mock.contracts.stories import corrections
from waldur_billing_mock.contracts.stories import invoices as stories_of_invoices

LEVELS: Final[tuple[ProfileName, ...]] = ("quick", "full", "night")
MODULES: Final[Sequence[ModuleType]] = (
    presence,
    invoices,
    sums,
    growth,
    invoice_items,
    costs,
    provider_invoice_items,
    writing,
    representations,
    paging,
    filters,
    filtered_sums,
    ordering,
    methods,
    refusals,
    neighbours,
    history,
    visibility,
    corrections,
    stories_of_invoices,
    latency,
)
"""Where checks are declared, each beside what it requires. Those of roles follow from the table of roles."""


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement, and the function that verifies it. `operation_id` is blank for the server as a whole."""

    id: str
    kind: Kind
    requirement: str
    operation_id: str
    run: Callable[[Context], None]
    level: ProfileName = "quick"


def sentence(function: Callable[..., object]) -> str:
    """The requirement that a function verifies, which is its docstring, on one line."""
    return " ".join((function.__doc__ or "").split())


def checks(description: Description, roles: Collection[str], profile: Profile) -> list[Check]:
    """The checks of a profile, with those of the roles that somebody can ask in."""
    made = [
        *(check for module in MODULES for check in _declared(module, description)),
        *_roles(description, roles),
        *_shapes(description),
    ]
    made.sort(key=lambda check: (KINDS.index(check.kind), check.id.startswith("conventions/answers_come_in_time")))
    levels = LEVELS[: LEVELS.index(profile.name) + 1]
    return [check for check in made if check.level in levels]


def explain(id: str, made: list[Check]) -> list[Check]:
    """The checks that an identifier, or the beginning of one, names."""
    return [check for check in made if check.id == id or check.id.startswith(id.rstrip("/") + "/")]


def _declared(module: ModuleType, description: Description) -> Iterator[Check]:
    for function, declared in declared_in(module):
        for arguments in declared.arguments(description):
            yield _check(function, declared, arguments)


def _check(function: Callable[..., None], declared: Declared, arguments: tuple[str, ...]) -> Check:
    operation_id, *more = arguments
    name = function.__name__
    steps = [operation_id, name] if declared.kind == "invariants" else [name, operation_id]
    id = "/".join(step for step in (declared.kind, *steps, *more) if step)
    run = _Bound(function, arguments if declared.takes_operation else ())
    return Check(id, declared.kind, sentence(function), operation_id, run, declared.level)


@dataclass(frozen=True, slots=True)
class _Bound:
    """A function with the arguments that it is called with after the context."""

    function: Callable[..., None]
    arguments: tuple[str, ...]

    def __call__(self, context: Context) -> None:
        self.function(context, *self.arguments)


def _roles(description: Description, roles: Collection[str]) -> Iterator[Check]:
    known = [role for role in table()["sees"] if role in roles or role == "anonymous"]
    for role in known:
        for operation_id, operation in description.operations.items():
            function = role_is_kept if operation.method == "GET" else writes_are_refused
            run = partial(function, role=role, operation_id=operation_id)
            yield Check(f"roles/{role}/{operation_id}", "roles", sentence(function), operation_id, run)
    both = partial(nothing_leaks_between, one="owner", other="owner2")
    yield Check("roles/nothing_leaks", "roles", sentence(nothing_leaks_between), "invoices_list", both)


def _shapes(description: Description) -> Iterator[Check]:
    for operation_id in description.operations:
        run = partial(shape_is_kept, operation_id=operation_id)
        yield Check(f"shapes/{operation_id}", "shapes", sentence(shape_is_kept), operation_id, run)
