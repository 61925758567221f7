"""All checks there are for a description and a target, in the order in which they are made, each with an identifier."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.habits import filters, forms, ordering, paging, refusals
from waldur_billing_mock.contracts.habits.duration import answers_come_in_time
from waldur_billing_mock.contracts.invariants import invoice_items, invoices, provider_invoice_items
from waldur_billing_mock.contracts.roles import nothing_leaks_between, role_is_kept, table
from waldur_billing_mock.contracts.settings import Profile, ProfileName
from waldur_billing_mock.contracts.shapes import shape_is_kept
from waldur_billing_mock.contracts.stories import STORIES
from waldur_billing_mock.contracts.trial import Trial
from waldur_billing_mock.openapi.operation import Operation

Kind = Literal["invariants", "habits", "roles", "stories", "shapes"]
KINDS: Final[tuple[Kind, ...]] = ("invariants", "habits", "roles", "stories", "shapes")
_LEVELS: Final[tuple[ProfileName, ...]] = ("quick", "full", "night")
_PAGES: Final = (invoices, invoice_items, provider_invoice_items)


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement, and the function that verifies it. `place` points to the operation in the description."""

    id: str
    kind: Kind
    requirement: str
    operation_id: str
    run: Callable[[Trial], None]
    level: ProfileName = "quick"


def sentence(function: Callable[..., object]) -> str:
    """The requirement that a function verifies, which is its docstring, on one line."""
    return " ".join((function.__doc__ or "").split())


def checks(description: Description, roles: Collection[str], profile: Profile) -> list[Check]:
    """The checks of a profile, with those of the roles that somebody can ask in."""
    made = [
        *_invariants(description),
        *_habits(description),
        *_roles(description, roles),
        *_stories(),
        *_shapes(description),
    ]
    made.append(
        Check("habits/answers_come_in_time", "habits", sentence(answers_come_in_time), "", answers_come_in_time)
    )
    levels = _LEVELS[: _LEVELS.index(profile.name) + 1]
    return [check for check in made if check.level in levels]


def explain(id: str, made: list[Check]) -> list[Check]:
    """The checks that an identifier, or the beginning of one, names."""
    return [check for check in made if check.id == id or check.id.startswith(id.rstrip("/") + "/")]


def invariant(operation_id: str) -> Callable[[Trial], None]:
    """The function of the name of an operation. Raises `KeyError` where none was written."""
    for page in _PAGES:
        if hasattr(page, operation_id):
            found: Callable[[Trial], None] = getattr(page, operation_id)
            return found
    raise KeyError(operation_id)


def _invariants(description: Description) -> Iterator[Check]:
    for operation_id in description.operations:
        function = invariant(operation_id)
        yield Check(f"invariants/{operation_id}", "invariants", sentence(function), operation_id, function)


def _habit(function: Callable[..., None], operation: Operation, *more: str, level: ProfileName = "quick") -> Check:
    id = "/".join(("habits", function.__name__, operation.operation_id, *more))
    run = _Bound(function, (operation.operation_id, *more))
    return Check(id, "habits", sentence(function), operation.operation_id, run, level)


@dataclass(frozen=True, slots=True)
class _Bound:
    """A habit of one operation, maybe of one parameter."""

    function: Callable[..., None]
    arguments: tuple[str, ...]

    def __call__(self, trial: Trial) -> None:
        self.function(trial, *self.arguments)


def _habits(description: Description) -> Iterator[Check]:
    for operation in description.operations.values():
        yield _habit(refusals.strangers_are_turned_away, operation)
        yield _habit(refusals.other_methods_are_not_allowed, operation)
        if operation.bodies:
            yield _habit(refusals.bodies_are_judged, operation)
        if operation.method != "GET":
            continue
        for function in (
            forms.answers_fit,
            forms.links_and_instants_are_spelled_alike,
            forms.head_equals_get,
            forms.unknown_parameters_are_ignored,
        ):
            yield _habit(function, operation)
        yield _habit(refusals.only_json_is_offered, operation)
        yield _habit(refusals.addresses_end_in_a_slash, operation)
        if "{" in operation.path:
            yield _habit(refusals.what_is_unknown_is_not_found, operation)
        if "field" in operation.query:
            yield _habit(forms.fields_project, operation)
        if operation.operation_id in filters.FILTERS and "page" in operation.query:
            yield _habit(forms.described_fields_are_shown, operation)
        if operation.operation_id in forms.DETAILS:
            yield _habit(forms.rows_equal_details, operation)
        if "page" in operation.query:
            for function in (
                paging.pages_partition_the_whole,
                paging.the_last_page_has_a_name,
                paging.links_lead_to_the_pages_around,
                paging.page_sizes_are_bounded,
                paging.pages_that_are_not_there,
            ):
                yield _habit(function, operation)
        yield from _parameters(description, operation)


def _parameters(description: Description, operation: Operation) -> Iterator[Check]:
    known = filters.FILTERS.get(operation.operation_id, {})
    for name in operation.query:
        if name in known:
            yield _habit(filters.filters_keep_what_fits, operation, name)
        if operation.operation_id == "invoice_items_total_price_retrieve":
            yield _habit(filters.sums_follow_filters, operation, name)
        if name not in ("page", "page_size", "field") and refusals.faulty_values(operation.query[name].schema):
            yield _habit(refusals.faulty_filters_are_named, operation, name)
    if known:
        yield _habit(filters.filters_combine, operation, level="full")
    if known and operation.operation_id != "invoices_items_retrieve":
        yield _habit(refusals.faults_are_named_together, operation)
    if operation.operation_id in ordering.KEYS:
        for order in description.choices(operation.query["o"]):
            yield _habit(ordering.orders_sort, operation, str(order))
        if operation.operation_id != "invoices_items_retrieve":
            yield _habit(ordering.orders_combine, operation)
    match operation.operation_id:
        case "invoices_list":
            yield _habit(filters.days_divide_invoices, operation)
            yield _habit(filters.states_are_alternatives, operation)
        case "invoices_items_retrieve":
            yield _habit(filters.compensations_can_be_concealed, operation)
        case "invoices_stats_list":
            yield _habit(filters.statistics_are_filtered, operation)
            yield _habit(filters.statistics_heed_the_invoice_filters, operation)


def _roles(description: Description, roles: Collection[str]) -> Iterator[Check]:
    known = [role for role in table()["sees"] if role in roles or role == "anonymous"]
    for role in known:
        for operation_id in description.operations:
            run = partial(role_is_kept, role=role, operation_id=operation_id)
            yield Check(f"roles/{role}/{operation_id}", "roles", sentence(role_is_kept), operation_id, run)
    both = {"owner", "owner2"} <= set(roles)
    compare: Callable[[Trial], None] = partial(nothing_leaks_between, one="owner", other="owner2") if both else _no_pair
    yield Check("roles/nothing_leaks", "roles", sentence(nothing_leaks_between), "invoices_retrieve", compare)


def _no_pair(trial: Trial) -> None:
    raise NotExercised("it takes the tokens of two customers' owners: --role-token owner=… owner2=…")


def _stories() -> Iterator[Check]:
    for story in STORIES:
        yield Check(f"stories/{story.__name__}", "stories", sentence(story), "", story)


def _shapes(description: Description) -> Iterator[Check]:
    for operation_id in description.operations:
        run = partial(shape_is_kept, operation_id=operation_id)
        yield Check(f"shapes/{operation_id}", "shapes", sentence(shape_is_kept), operation_id, run)
