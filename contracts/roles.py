"""The table role × operation × (own, foreign, unknown) → status, held against every token that was given."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import yaml

from waldur_billing_mock.contracts.context import Context, count_of, field_of, key_of, need
from waldur_billing_mock.contracts.exchange import Complaint, Exchange, NotExercised
from waldur_billing_mock.contracts.readings.arithmetic import billed_by_month, month_of
from waldur_billing_mock.contracts.readings.discovery import UNKNOWN, billing_data, cost, provider_numbers
from waldur_billing_mock.contracts.target import Scope
from waldur_billing_mock.contracts.values import (
    decimal,
    half_even,
    hyphenated,
    identity_of,
    is_uuid,
    optional_identifier,
    total,
)

Statuses = Mapping[str, int]
WIDEST: Final = "staff"


@cache
def table() -> Mapping[str, Any]:
    """The table of roles, from `roles.yaml`."""
    content: Mapping[str, Any] = yaml.safe_load(
        files("waldur_billing_mock.contracts").joinpath("roles.yaml").read_text(encoding="utf-8")
    )
    return content


def role_is_kept(context: Context, role: str, operation_id: str) -> None:
    """A role sees what it should and no more."""
    known = table()
    operation = context.description.operations[operation_id]
    if known["sees"][role]["billed"] == "refused":
        _is_refused(context, role, operation_id)
    elif operation_id in known["lists"]:
        _list_is_kept(context, role, operation_id)
    elif operation_id in known["objects"]:
        _object_is_kept(context, role, operation_id)
    elif operation_id in known["arguments"]:
        _argument_is_kept(context, role, operation_id)
    elif operation_id == "invoice_items_costs_list":
        _costs_are_kept(context, role)
    elif operation_id == "invoice_items_total_price_retrieve":
        _sum_is_kept(context, role)
    elif "{id}" in operation.path:
        _number_is_kept(context, role, operation_id)
    else:
        _growth_is_kept(context, role)


def nothing_leaks_between(context: Context, one: str, other: str) -> None:
    """What only one of two customers sees is found by the other neither in lists nor by its identifier."""
    if not {one, other} <= set(context.target.identities):
        raise NotExercised("it takes the tokens of two customers' owners: --role-token owner=… --role-token owner2=…")
    first, second = (context.rows("invoices_list", role) for role in (one, other))
    seen = {role: {key_of(row) for row in rows} for role, rows in ((one, first), (other, second))}
    exchange = context.first_page("invoices_list", one)
    for role, own, foreign in ((one, first, second), (other, second, first)):
        rest = [row for row in foreign if key_of(row) not in seen[role]]
        leaks = bool(foreign) and not rest
        exchange.must.hold(not leaks, f"{role} must not see all invoices of another customer's owner", len(own))
        for row in context.sample(rest, size=3):
            context.ask("invoices_retrieve", role, of=str(row["uuid"])).must.have_status(404)
            query = {"customer_uuid": hyphenated(key_of(row, "customer")), "year": row["year"], "month": row["month"]}
            found = context.ask("invoices_list", role, query=query)
            found.must.have_status(200)
            found.must.agree("the invoices of another customer and nothing", found.must.show_rows(), [])
    need([*first, *second], "invoice of an owner")


def _is_refused(context: Context, role: str, operation_id: str) -> None:
    operation = context.description.operations[operation_id]
    context.ask(operation_id, role, of=UNKNOWN if "{" in operation.path else "").must.have_status(table()["refused"])


def _list_is_kept(context: Context, role: str, operation_id: str) -> None:
    sees = table()["sees"][role][table()["lists"][operation_id]]
    rows = context.rows(operation_id, role)
    exchange = context.ask(operation_id, role, query={"page_size": 300})
    exchange.must.agree("the count of a list and its rows", count_of(exchange), len(rows))
    if sees == "none":
        exchange.must.hold(not rows, f"{role} must see nothing here", len(rows))
        return
    if WIDEST not in context.target.identities:
        raise NotExercised("it takes a token of staff, who sees all")
    everything = _all(context, operation_id)
    names = {identity_of(row) for row in rows}
    if sees == "all":
        exchange.must.hold(names == everything, f"{role} must see everything", len(rows))
        return
    if role == context.target.main.role:
        raise NotExercised("no token sees more than this one, so that nothing can be compared")
    exchange.must.hold(names <= everything, f"{role} must see no more than staff", len(names - everything))
    if not context.target.scopes.get(role, Scope()).customers:
        return
    own = owners_in_scope(context, role)
    if operation_id == "provider_invoice_items_list":
        if any(is_uuid(name) for name in own.values()):
            return  # sellers go by their names, and that of a customer who is not billed is not known
        sellers = _sellers(context)
        own_providers = {seller.provider for seller in sellers.values() if seller.name in own.values()}
        if not own_providers:
            return  # the customer had another name when the items were made, or sells nothing
        names &= set(sellers)
        expected = {key for key, seller in sellers.items() if seller.provider in own_providers}
    else:
        expected = {key for key, owner in _owners(context, operation_id).items() if owner in own}
    exchange.must.hold(names <= expected, f"{role} must see no row of another customer", len(names - expected))
    exchange.must.hold(names == expected, f"{role} must see all rows of its customer", len(expected - names))


def _object_is_kept(context: Context, role: str, operation_id: str) -> None:
    listing = table()["objects"][operation_id]
    own = {identity_of(row) for row in context.rows(listing, role)}
    seen = [{identity_of(row) for row in context.rows(listing, other)} for other in _others(context, role)]
    objects = {
        "own": context.sample(sorted(own), size=2 if context.profile.covers else 1),
        "foreign": _foreign(context, _all(context, listing), own, seen),
        "unknown": [UNKNOWN],
    }
    for kind, expected in table()["reading"].items():
        for key in objects[kind]:
            _expect(context.ask(operation_id, role, of=key), role, kind, expected)


def _others(context: Context, role: str) -> Iterator[str]:
    """The other roles that see a part of what is billed."""
    for other in context.target.identities:
        if other != role and table()["sees"].get(other, {}).get("billed") == "own":
            yield other


def _foreign(context: Context, everything: set[str], own: set[str], seen: Iterable[set[str]]) -> list[str]:
    """Identifiers of what a role does not see: one of what each other role sees, and two at least."""
    parts = dict.fromkeys(part for part in (frozenset(others - own) for others in seen) if part)
    chosen = [context.one_of(sorted(part)) for part in parts]
    rest = sorted(everything - own - set(chosen))
    return list(dict.fromkeys(chosen)) + (context.sample(rest, size=2 - len(chosen)) if len(chosen) < 2 else [])


def _argument_is_kept(context: Context, role: str, operation_id: str) -> None:
    name = table()["arguments"][operation_id]
    scope = name.removesuffix("_uuid")
    data = billing_data(context)
    everybody = data.customers if scope == "customer" else data.projects
    own = _own(context, role, scope)
    held = [_own(context, other, scope) for other in _others(context, role)]
    objects = {
        "own": context.sample(sorted(own), size=2),
        "foreign": _foreign(context, set(everybody), own, held),
        "unknown": [UNKNOWN.replace("-", "")],
    }
    if role not in context.target.scopes and not own:
        objects["foreign"] = []  # it may hold roles on projects, which nothing shows
    for kind, expected in table()["reading"].items():
        for key in objects[kind]:
            exchange = context.ask(operation_id, role, query={name: hyphenated(key)})
            _expect(exchange, role, kind, expected)


def _costs_are_kept(context: Context, role: str) -> None:
    own = set(billing_data(context, role).projects)
    foreign = set(billing_data(context).projects) - own
    for project in context.sample(sorted(foreign), size=2):
        exchange = context.ask("invoice_items_costs_list", role, query={"project_uuid": project})
        exchange.must.have_status(200)
        with context.known("costs-unscoped"):
            exchange.must.agree("the costs of a foreign project and nothing", exchange.must.show_rows(), [])


def _sum_is_kept(context: Context, role: str) -> None:
    row = context.row("invoice_items_total_price_retrieve", role)
    exchange = context.ask("invoice_items_total_price_retrieve", role)
    seen = half_even(cost(context.rows("invoice_items_list", role)))
    exchange.must.agree(
        "the total price and the items that the role sees", half_even(decimal(row["total_price"])), seen
    )
    own = {key_of(invoice) for invoice in context.rows("invoices_list", role)}
    foreign = [line for line in billing_data(context).lines if key_of(line.invoice) not in own]
    for line in context.sample(foreign, size=1):
        query = {"customer_uuid": hyphenated(key_of(line.invoice, "customer")), "year": line.invoice["year"]}
        filtered = context.ask("invoice_items_total_price_retrieve", role, query=query)
        filtered.must.have_status(200)
        total_price = half_even(decimal(filtered.must.show_row()["total_price"]))
        filtered.must.agree("the total price of a customer that the role does not see and nothing", total_price, 0)


def _growth_is_kept(context: Context, role: str) -> None:
    """Growth adds up the invoices of the customers that a role is held on, also by way of a project, and no others."""
    exchange = context.ask("invoices_growth_retrieve", role, query={"customers_count": 20})
    if context.survey.outdated and exchange.status == 403 and role not in (WIDEST, "support"):
        what = "growth is shown to staff and support alone, as in releases before 2025"
        context.note(Complaint(what, exchange.place, 200, exchange.status, exchange))
        return
    exchange.must.have_status(200)
    growth = exchange.must.show_row()
    own = _own(context, role, "customer")
    scoped = role in (WIDEST, "support") or role in context.target.scopes
    whole = WIDEST in context.target.identities
    billed = billed_by_month(billing_data(context, None if whole else role).invoices, "total")
    sums = {owner: b for owner, b in billed.items() if owner[0] in own}
    named = {str(row["name"]) for row in field_of(growth, "customer_periods")}
    if not whole and table()["sees"][role]["billed"] == "none":
        raise NotExercised("it takes a token of staff, who sees all")
    if not scoped and not own:
        return  # it may hold roles on projects, which nothing shows
    what = f"growth must name no customer that {role} does not see"
    exchange.must.hold(named <= {name for _, name in sums}, what, len(named))
    if "accounting_mode" in context.description.operations["invoices_growth_retrieve"].query:
        query = {"customers_count": 20, "accounting_mode": "accounting"}
        untaxed = context.ask("invoices_growth_retrieve", role, query=query)
        untaxed.must.have_status(200)
        others = {str(row["name"]) for row in field_of(untaxed.must.show_row(), "customer_periods")}
        untaxed.must.hold(others <= {name for _, name in sums}, what, len(others))
    months = [month_of(label) for label in field_of(growth, "periods")]
    shown = [decimal(value) for value in field_of(growth, "total_periods")]
    expected = [total(b[month] for b in sums.values()) for month in months]
    place = context.description.place_of_field("InvoiceGrowth", "total_periods")
    right = [one == other for one, other in zip(shown, expected, strict=False)]
    most = 2 * sum(right) >= len(months)
    exchange.must.hold(most, "most figures must be those of the invoices of the customers that the role sees", right)
    with context.known("growth-stale-after-migrate"):
        exchange.must.agree("the figures and the invoices of the customers that the role sees", shown, expected, place)


def _number_is_kept(context: Context, role: str, operation_id: str) -> None:
    listing = {identity_of(row) for row in context.rows("provider_invoice_items_list", role)}
    for number in provider_numbers(context):
        item = context.row(operation_id, of=number)
        exchange = context.ask(operation_id, role, of=number)
        kind = "own" if identity_of(item) in listing else "foreign"
        _expect(exchange, role, kind, table()["reading"][kind])
    context.ask(operation_id, role, of="2147483647").must.have_status(404)


def _expect(exchange: Exchange, role: str, kind: str, expected: int) -> None:
    exchange.must.hold(
        exchange.status == expected,
        f"{role} must get {expected} for {'an' if kind[0] in 'ou' else 'a'} {kind} object, not {exchange.status}",
        exchange.status,
    )


def _all(context: Context, listing: str) -> set[str]:
    """What anybody sees, by the widest token there is."""
    identities = context.target.identities
    roles = [WIDEST] if WIDEST in identities else [context.target.main.role]
    return {identity_of(row) for role in roles for row in context.rows(listing, role)}


def _owners(context: Context, listing: str) -> dict[str, str]:
    """The customer who is billed, by invoice or by item."""
    data = billing_data(context)
    customers = {key: key_of(row, "customer") for key, row in data.invoice_by_key.items()}
    if listing == "invoices_list":
        return customers
    return {key_of(item): customers[key_of(item, "invoice")] for item in data.items}


def owners_in_scope(context: Context, role: str) -> dict[str, str]:
    """The customers on which a role is held, by identifier, with their names."""
    scope = context.target.scopes.get(role, Scope())
    return {
        place.customer: place.customer_name
        for place in billing_data(context).places
        if place.customer in scope.customers or place.customer_name in scope.customers
    } or {name: name for name in scope.customers}


def projects_in_scope(context: Context, role: str) -> dict[str, str]:
    """The billed projects on which a role is held, by identifier, with their customers."""
    scope = context.target.scopes.get(role, Scope())
    return {
        place.project: place.customer
        for place in billing_data(context).places
        if place.project and {place.project, place.project_name} & scope.projects
    }


def _is_held(context: Context, role: str, kind: str, key: str) -> bool:
    """Whether a role is held on a customer or a project, or on a project of the customer."""
    scope = context.target.scopes.get(role, Scope())
    return any(
        key == (place.customer if kind == "customer" else place.project)
        and (
            {place.customer, place.customer_name} & scope.customers
            or {place.project, place.project_name} & scope.projects
        )
        for place in billing_data(context).places
    )


def _own(context: Context, role: str, kind: str) -> set[str]:
    """The billed customers or projects that a role is held on, or sees."""
    data = billing_data(context)
    everybody = data.customers if kind == "customer" else data.projects
    if role in (WIDEST, "support"):
        return set(everybody)
    seen = billing_data(context, role)
    held = {key for key in everybody if _is_held(context, role, kind, key)}
    return held | set(seen.customers if kind == "customer" else seen.projects)


class _Seller(NamedTuple):
    """What the details of an item say of who sells it: the name at that time, and the provider, by its uuid if told."""

    name: str
    provider: str


def _sellers(context: Context) -> dict[str, _Seller]:
    """Who sells, by line; without lines whose details name nobody, or one of several of that name."""
    data = billing_data(context)
    named: dict[str, set[str]] = {}
    for customer in data.places:
        named.setdefault(customer.customer_name, set()).add(customer.customer)
    providers: dict[str, set[str]] = {}
    found = {}
    for key, line in data.line_by_key.items():
        details = data.of_resource.get(optional_identifier(line.item.get("resource")) or "", {})
        if name := str(details.get("service_provider_name") or ""):
            provider = str(details.get("service_provider_uuid") or name)
            providers.setdefault(name, set()).add(provider)
            found[key] = _Seller(name, provider)
    shared = {name for name in providers if len(providers[name]) > 1 or len(named.get(name, ())) > 1}
    return {key: seller for key, seller in found.items() if seller.name not in shared}
