"""The table role × operation × (own, foreign, unknown) → status, held against every token that was given."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from waldur_billing_mock.contracts.discovery import UNKNOWN, books_of, cost, provider_numbers
from waldur_billing_mock.contracts.exchange import Exchange, NotExercised
from waldur_billing_mock.contracts.invariants.arithmetic import billed_by_month, month_of
from waldur_billing_mock.contracts.subjects import identity_of
from waldur_billing_mock.contracts.transport import READING
from waldur_billing_mock.contracts.trial import Trial, field, key_of
from waldur_billing_mock.contracts.values import Row, decimal, half_even, hyphenated, optional_identifier, total

Statuses = Mapping[str, int]
WIDEST: Final = "staff"


@cache
def table() -> Mapping[str, Any]:
    """The table of roles, as it stands in `roles.yaml`."""
    content: Mapping[str, Any] = yaml.safe_load(
        files("waldur_billing_mock.contracts").joinpath("roles.yaml").read_text(encoding="utf-8")
    )
    return content


def role_is_kept(trial: Trial, role: str, operation_id: str) -> None:
    """A role sees what it should and no more, and may do what it should and no more."""
    known = table()
    operation = trial.description.operations[operation_id]
    if operation.method not in READING and not trial.target.guard.writing.everything:
        raise NotExercised("writing is not allowed, not even in vain")
    if known["sees"][role]["billed"] == "refused":
        _is_refused(trial, role, operation_id)
    elif operation_id in known["lists"]:
        _list_is_kept(trial, role, operation_id)
    elif operation_id in known["objects"]:
        _object_is_kept(trial, role, operation_id)
    elif operation_id in known["arguments"]:
        _argument_is_kept(trial, role, operation_id)
    elif operation_id == "invoice_items_costs_list":
        _costs_are_kept(trial, role)
    elif operation_id == "invoice_items_total_price_retrieve":
        _sum_is_kept(trial, role)
    elif "{id}" in operation.path:
        _number_is_kept(trial, role, operation_id)
    else:
        _growth_is_kept(trial, role)


def nothing_leaks_between(trial: Trial, one: str, other: str) -> None:
    """What only one of two customers sees is found by the other neither in lists nor by its identifier."""
    first, second = (trial.rows("invoices_list", role) for role in (one, other))
    for role, own, foreign in ((one, first, second), (other, second, first)):
        seen = {key_of(row) for row in own}
        hidden = [row for row in foreign if key_of(row) not in seen]
        if not hidden:
            raise NotExercised(f"{role} sees all that the other sees")
        for row in trial.sample(hidden, size=3):
            trial.ask("invoices_retrieve", role, of=str(row["uuid"])).must.have_status(404)
            query = {"customer_uuid": hyphenated(key_of(row, "customer")), "year": row["year"], "month": row["month"]}
            exchange = trial.ask("invoices_list", role, query=query)
            exchange.must.have_status(200)
            exchange.must.agree("the invoices of another customer and nothing", exchange.must.show_rows(), [])


def _is_refused(trial: Trial, role: str, operation_id: str) -> None:
    operation = trial.description.operations[operation_id]
    trial.ask(operation_id, role, of=UNKNOWN if "{" in operation.path else "").must.have_status(table()["refused"])


def _list_is_kept(trial: Trial, role: str, operation_id: str) -> None:
    sees = table()["sees"][role][table()["lists"][operation_id]]
    rows = trial.rows(operation_id, role)
    exchange = trial.ask(operation_id, role, query={"page_size": 100})
    if sees == "none":
        exchange.must.hold(not rows, f"{role} must see nothing here", len(rows))
        return
    everything = _all(trial, operation_id)
    names = {identity_of(row) for row in rows}
    if sees == "all":
        exchange.must.hold(names == everything, f"{role} must see everything", len(rows))
        return
    exchange.must.hold(names <= everything, f"{role} must see no more than staff", len(rows))
    held = _held(trial, role, "customer")
    if held is None:
        return
    if operation_id == "provider_invoice_items_list":
        lines = books_of(trial).line_by_key
        expected = {key for key, line in lines.items() if _seller(trial, line.item) in held}
    else:
        expected = {key for key, owner in _owners(trial, operation_id).items() if owner in held}
    listed = names if operation_id != "provider_invoice_items_list" else names & set(books_of(trial).line_by_key)
    exchange.must.hold(listed <= expected, f"{role} must see no row of another customer", len(listed))
    exchange.must.hold(listed == expected, f"{role} must see all rows of its customer", len(listed))


def _object_is_kept(trial: Trial, role: str, operation_id: str) -> None:
    listing = table()["objects"][operation_id]
    statuses = _statuses(trial, role, operation_id)
    own = {identity_of(row) for row in trial.rows(listing, role)}
    foreign = _all(trial, listing) - own
    subjects = {"own": sorted(own), "foreign": sorted(foreign), "unknown": [UNKNOWN]}
    for kind, expected in statuses.items():
        for key in trial.sample(subjects[kind], size=2):
            exchange = trial.ask(operation_id, role, of=key, json=None)
            _expect(exchange, role, kind, expected)


def _argument_is_kept(trial: Trial, role: str, operation_id: str) -> None:
    name = table()["arguments"][operation_id]
    kind = name.removesuffix("_uuid")
    books = books_of(trial)
    everybody = books.customers if kind == "customer" else books.projects
    own = _own(trial, role, kind)
    subjects = {"own": sorted(own), "foreign": sorted(set(everybody) - own), "unknown": [UNKNOWN.replace("-", "")]}
    if role not in trial.target.scopes and not own:
        subjects["foreign"] = []  # it may hold roles on projects, which nothing shows
    for subject, expected in table()["reading"].items():
        for key in trial.sample(subjects[subject], size=2):
            exchange = trial.ask(operation_id, role, query={name: hyphenated(key)})
            _expect(exchange, role, subject, expected)


def _costs_are_kept(trial: Trial, role: str) -> None:
    own = set(books_of(trial, role).projects)
    foreign = set(books_of(trial).projects) - own
    for project in trial.sample(sorted(foreign), size=2):
        exchange = trial.ask("invoice_items_costs_list", role, query={"project_uuid": project})
        exchange.must.have_status(200)
        exchange.must.agree("the costs of a foreign project and nothing", exchange.must.show_rows(), [])


def _sum_is_kept(trial: Trial, role: str) -> None:
    row = trial.row("invoice_items_total_price_retrieve", role)
    exchange = trial.ask("invoice_items_total_price_retrieve", role)
    seen = half_even(cost(trial.rows("invoice_items_list", role)))
    exchange.must.agree(
        "the total price and the items that the role sees", half_even(decimal(row["total_price"])), seen
    )


def _growth_is_kept(trial: Trial, role: str) -> None:
    """Growth adds up the invoices of the customers that a role is held on, also by way of a project, and no others."""
    exchange = trial.ask("invoices_growth_retrieve", role, query={"customers_count": 20})
    exchange.must.have_status(200)
    if role not in (WIDEST, "support") and role not in trial.target.scopes:
        return
    growth = exchange.must.show_row()
    own = _own(trial, role, "customer")
    sums = {owner: b for owner, b in billed_by_month(books_of(trial).invoices, "total").items() if owner[0] in own}
    named = {str(row["name"]) for row in field(growth, "customer_periods")}
    exchange.must.hold(
        named <= {name for _, name in sums}, f"growth must name no customer that {role} does not see", sorted(named)
    )
    months = [month_of(label) for label in field(growth, "periods")]
    exchange.must.agree(
        "the figures and the invoices of the customers that the role sees",
        [decimal(value) for value in field(growth, "total_periods")],
        [total(b[month] for b in sums.values()) for month in months],
        trial.description.place_of_field("InvoiceGrowth", "total_periods"),
    )


def _number_is_kept(trial: Trial, role: str, operation_id: str) -> None:
    listing = {identity_of(row) for row in trial.rows("provider_invoice_items_list", role)}
    for number in provider_numbers(trial):
        item = trial.row(operation_id, of=number)
        exchange = trial.ask(operation_id, role, of=number)
        kind = "own" if identity_of(item) in listing else "foreign"
        _expect(exchange, role, kind, table()["reading"][kind])
    trial.ask(operation_id, role, of="2147483647").must.have_status(404)


def _statuses(trial: Trial, role: str, operation_id: str) -> Statuses:
    known = table()
    if trial.description.operations[operation_id].method in READING:
        statuses: Statuses = known["reading"]
    else:
        statuses = known["writing"]["staff" if role == WIDEST else "others"]
    return statuses


def _expect(exchange: Exchange, role: str, kind: str, expected: int) -> None:
    exchange.must.hold(
        exchange.status == expected,
        f"{role} must get {expected} for {'an' if kind[0] in 'ou' else 'a'} {kind} object, not {exchange.status}",
        exchange.status,
    )


def _all(trial: Trial, listing: str) -> set[str]:
    """What anybody sees, by the widest token there is."""
    roles = [WIDEST] if WIDEST in trial.target.identities else list(trial.target.identities)
    return {identity_of(row) for role in roles for row in trial.rows(listing, role)}


def _owners(trial: Trial, listing: str) -> dict[str, str]:
    """The name of the customer who is billed, by invoice or by item."""
    books = books_of(trial)
    names = {key: str(row["customer_details"]["name"]) for key, row in books.invoice_by_key.items()}
    if listing == "invoices_list":
        return names
    return {key_of(item): names[key_of(item, "invoice")] for item in books.items}


def _held(trial: Trial, role: str, kind: str) -> set[str] | None:
    """The names on which a role is held, None where that is not known."""
    if role not in trial.target.scopes:
        return None
    scopes = trial.target.scopes[role]
    return {scope.removeprefix(f"{kind}: ") for scope in scopes if scope.startswith(f"{kind}: ")}


def _is_held(trial: Trial, role: str, kind: str, key: str) -> bool:
    """Whether a role is held on a customer or a project, or on a project of the customer."""
    customers, projects = (_held(trial, role, of) or set() for of in ("customer", "project"))
    return any(
        key == (place.customer if kind == "customer" else place.project)
        and (place.customer_name in customers or place.project_name in projects)
        for place in books_of(trial).places
    )


def _own(trial: Trial, role: str, kind: str) -> set[str]:
    """The billed customers or projects that a role is held on, or sees."""
    books = books_of(trial)
    everybody = books.customers if kind == "customer" else books.projects
    if role in (WIDEST, "support"):
        return set(everybody)
    seen = books_of(trial, role)
    held = {key for key in everybody if _is_held(trial, role, kind, key)}
    return held | set(seen.customers if kind == "customer" else seen.projects)


def _seller(trial: Trial, item: Row) -> str:
    known = books_of(trial).of_resource.get(optional_identifier(item.get("resource")) or "", {})
    return str(known.get("service_provider_name", ""))
