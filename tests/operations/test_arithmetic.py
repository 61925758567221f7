"""Whatever staff writes, every figure follows from the items that are listed: in all revisions, in both dialects.

The figures are worked out here from the text of the answers, in fractions. The rows of the world tell only what no
answer of every revision shows: the rate of an invoice's tax, the offering of a resource.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import product
from math import ceil, floor
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.asgi import Api
from tests.operations.figures import INVOICES, ITEMS, bare, invoice_path, item_path
from tests.views import view
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.billing.compensation import apply_credit
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.settings import Settings

Totals = Mapping[Hashable, Fraction]


class Dialect(NamedTuple):
    """One of the ways in which the mock speaks."""

    revision: str
    wire: bool


def months_of_period(dialect: Dialect) -> Mapping[int, int | None]:
    """The months that a period counts, the current one included; None: all of them."""
    documented = dialect == Dialect("documents", wire=False)
    return {1: 1, 3: 3, 12: 12} if documented else {1: None, 2: 1, 3: 3, 4: 12}


DIALECTS: Final = [Dialect(revision, wire) for revision in ("documents", "7.8.8", "8.0.9") for wire in (False, True)]


@dataclass(frozen=True, slots=True)
class Line:
    """A listed item: `value` is unit_price × quantity, unrounded, and `rate` the tax on one unit of money."""

    uuid: str
    invoice: str
    customer: str
    month: Month
    unit_price: Fraction
    value: Fraction
    rate: Fraction
    offering: str | None

    @property
    def price(self) -> Fraction:
        return away_from_zero(self.value)

    @property
    def tax(self) -> Fraction:
        return self.price * self.rate

    @property
    def total(self) -> Fraction:
        return self.price + self.tax


def figure(shown: str | int | Decimal) -> Fraction:
    """A figure in any of the forms in which a dialect sends it."""
    return Fraction(Decimal(shown))


def away_from_zero(value: Fraction) -> Fraction:
    """To whole cents: 0.001 → 0.01, -0.001 → -0.01."""
    cents = Fraction(ceil(abs(value) * 100), 100)
    return cents if value > 0 else -cents


def half_away_from_zero(value: Fraction) -> Fraction:
    cents = Fraction(floor(abs(value) * 100 + Fraction(1, 2)), 100)
    return cents if value > 0 else -cents


def half_even(value: Fraction, places: int = 2) -> Fraction:
    return Fraction(round(value, places))


def total(lines: Iterable[Line], name: str = "value") -> Fraction:
    """The sum of a figure over the lines."""
    return sum((getattr(line, name) for line in lines), Fraction(0))


def totals(lines: Iterable[Line], key: str, name: str, rule: Callable[[Fraction], Fraction]) -> Totals:
    """The rounded sums of a figure for each value of a key; those that are nothing are left out."""
    sums: dict[Hashable, Fraction] = defaultdict(Fraction)
    for line in lines:
        sums[getattr(line, key)] += getattr(line, name)
    return {value: rule(found) for value, found in sums.items() if rule(found)}


def shown(rows: Iterable[tuple[Hashable, str | int | Decimal]]) -> Totals:
    """The figures of the rows by a key; those that are nothing are left out."""
    return {key: figure(value) for key, value in rows if figure(value)}


@cache
def small_world() -> World:
    """Two months of four customers with items of every billing type, some of them paid by a credit for everything."""
    world = build("default", size=Size(customers=4, months=2, items_per_invoice=4))
    for credit in list(world.customer_credits):
        world.put(replace(credit, offering_uuids=frozenset()))
    for invoice in list(world.invoices):
        apply_credit(world, invoice, world.now.date())
    assert any(item.credit for item in world.invoice_items)
    return world


@cache
def application(dialect: Dialect) -> Api:
    return Api(Settings(revision=dialect.revision, wire=dialect.wire), small_world())


def listed(api: Api) -> list[Line]:
    """Every item, as the list of items tells of it."""
    lines = []
    for row in api.rows(ITEMS):
        invoice = api.world.invoices.one(bare(last_part(row["invoice"])))
        resource = api.world.resources.get(bare(last_part(row["resource"]))) if row["resource"] else None
        unit_price = figure(row["unit_price"])
        lines.append(
            Line(
                uuid=bare(row["uuid"]),
                invoice=invoice.uuid,
                customer=invoice.customer_uuid,
                month=invoice.billed_month,
                unit_price=unit_price,
                value=unit_price * figure(row["quantity"]),
                rate=Fraction(invoice.tax_percent) / 100,
                offering=api.world.offerings.one(resource.offering_uuid).name if resource else None,
            )
        )
    return lines


def last_part(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


class Write(NamedTuple):
    """What staff does next. `pick` chooses among the rows to which it can be done."""

    action: str
    pick: int
    unit_price: Decimal
    quantity: Decimal


WRITES: Final = st.builds(
    Write,
    action=st.sampled_from(["change", "compensate", "migrate", "delete", "pay"]),
    pick=st.integers(0, 10**6),
    unit_price=st.decimals(0, 10**4, places=10) | st.decimals(0, 100, places=2),
    quantity=st.decimals(-(10**3), 10**4, places=10) | st.integers(0, 31).map(Decimal),
)


def carry_out(api: Api, write: Write) -> None:
    """The write takes effect; without a row to which it can be done, nothing happens."""
    requests = list(possible(api.world, write))
    if requests:
        method, path, body = requests[write.pick % len(requests)]
        reply = api.ask(method, path, "staff", body)
        assert reply.status in (200, 201, 204), reply.text


def possible(world: World, write: Write) -> Iterator[tuple[str, str, dict[str, str] | None]]:
    """Every request that carries out a write: method, path and body."""
    items, invoices = world.invoice_items, world.invoices
    match write.action:
        case "change":
            body = {"unit_price": format(write.unit_price, "f"), "quantity": format(write.quantity, "f")}
            yield from (("PATCH", item_path(item.uuid), body) for item in items)
        case "compensate":
            body = {"offering_component_name": "Taken back"}
            paths = (item_path(item.uuid, "create_compensation/") for item in items if item.unit_price >= 0)
            yield from (("POST", path, body) for path in paths)
        case "migrate":
            for item, invoice in product(items, invoices):
                if invoice.customer_uuid == view(world, item).customer_uuid and invoice.uuid != item.invoice_uuid:
                    yield "POST", item_path(item.uuid, "migrate_to/"), {"invoice": invoice_path(invoice.uuid)}
        case "delete":
            yield from (("DELETE", item_path(item.uuid), None) for item in items)
        case _:
            created = (invoice for invoice in invoices if invoice.state == "created")
            yield from (("POST", invoice_path(invoice.uuid, "paid/"), None) for invoice in created)


def check_invoices(api: Api, lines: list[Line]) -> Mapping[str, Any]:
    """Every invoice is the sum of its items; returns what invoices show of items, by uuid."""
    found: dict[str, Any] = {}
    for invoice in api.rows(INVOICES):
        own = {line.uuid: line for line in lines if line.invoice == bare(invoice["uuid"])}
        items = {bare(item["uuid"]): item for item in invoice["items"]}
        paid = total(own[uuid] for uuid, item in items.items() if item["credit"])

        assert figure(invoice["price"]) == total(own.values(), "price")
        assert figure(invoice["tax"]) == half_even(total(own.values(), "tax"), 10)
        assert figure(invoice["total"]) == half_even(total(own.values(), "total"), 10)
        assert figure(invoice["compensations"]) == paid
        assert figure(invoice["incurred_costs"]) == total(own.values()) - paid
        assert items.keys() == {uuid for uuid, line in own.items() if line.value}
        for uuid, item in items.items():
            assert figure(item["price"]) == own[uuid].price
            assert figure(item["tax"]) == half_even(own[uuid].tax)
            assert figure(item["total"]) == half_even(own[uuid].total)
        found |= items
    return found


def check_stats(api: Api, lines: list[Line]) -> None:
    """The statistics of every invoice are the sums of each offering."""
    for invoice in api.world.invoices:
        own = [line for line in lines if line.invoice == invoice.uuid and line.offering]

        rows = api.rows(invoice_path(invoice.uuid, "stats/"))

        for name in ("price", "tax", "total"):
            figures = shown((row["offering_name"], row[f"aggregated_{name}"]) for row in rows)
            assert figures == totals(own, "offering", name, away_from_zero)


def check_growth(api: Api, lines: list[Line]) -> None:
    """Growth is the sum of the invoices of each month, in either mode, however many customers have a name."""
    for mode, name in (("", "total"), ("accounting", "price")):
        expected: dict[Hashable, Fraction] = defaultdict(Fraction)
        for invoice in api.world.invoices:
            own = (line for line in lines if line.invoice == invoice.uuid)
            expected[f"{invoice.year}-{invoice.month}"] += half_away_from_zero(total(own, name))

        growth = api.get(f"{INVOICES}growth/", customers_count=2, accounting_mode=mode).body

        parts = [growth["other_periods"], *(customer["periods"] for customer in growth["customer_periods"])]
        assert shown(zip(growth["periods"], growth["total_periods"], strict=True)) == {
            label: value for label, value in expected.items() if value
        }
        assert [figure(value) for value in growth["total_periods"]] == [
            sum(map(figure, column), Fraction(0)) for column in zip(*parts, strict=True)
        ]


def check_costs(api: Api, lines: list[Line], projects: Mapping[str, str | None]) -> None:
    """The costs of every project are those of its items, month by month."""
    for project in api.world.projects:
        own = [line for line in lines if projects.get(line.uuid) == project.uuid]

        rows = [
            (Month(row["year"], row["month"]), row) for row in api.rows(f"{ITEMS}costs/", project_uuid=project.uuid)
        ]

        assert shown((month, row["price"]) for month, row in rows) == totals(own, "month", "value", half_even)
        for name, sign in (("compensation", -1), ("incurred", 1)):
            signed = [line for line in own if line.unit_price * sign > 0]
            found = shown((month, row[name]) for month, row in rows if name in row)
            assert found in ({}, totals(signed, "month", "value", half_even))
        for month, items in ((month, row["items"]) for month, row in rows if "items" in row):
            positive = [line for line in own if line.month == month and line.value > 0]
            assert sum((figure(item["price"]) for item in items), Fraction(0)) == total(positive, "price")


def check_costs_for_periods(api: Api, lines: list[Line], projects: Mapping[str, str | None], dialect: Dialect) -> None:
    """The costs of a period are those of the items on the invoices of its months."""
    now = Month.of(api.world.now)
    for code, number in months_of_period(dialect).items():
        counted = [line for line in lines if number is None or line.month > now.plus(-number)]
        for project in api.world.projects:
            own = [line for line in counted if projects.get(line.uuid) == project.uuid]
            reply = api.get(f"{ITEMS}project_costs_for_period/", project_uuid=project.uuid, period=code)
            assert figure(reply.body["total_price"]) == half_even(total(own))
        for customer in api.world.customers:
            own = [line for line in counted if line.customer == customer.uuid]
            reply = api.get(f"{ITEMS}customer_costs_for_period/", customer_uuid=customer.uuid, period=code)
            assert figure(reply.body["total_price"]) == half_even(total(own))


def check_total_price(api: Api, lines: list[Line]) -> None:
    """The total price is that of the items that fit."""
    path = f"{ITEMS}total_price/"
    for month in {line.month for line in lines}:
        reply = api.get(path, year=month.year, month=month.month)
        assert figure(reply.body["total_price"]) == half_even(total(line for line in lines if line.month == month), 10)
    assert figure(api.get(path).body["total_price"]) == half_even(total(lines), 10)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: f"{dialect.revision}{'-wire' * dialect.wire}")
@settings(derandomize=True, max_examples=4, phases=[Phase.generate, Phase.shrink])
@given(writes=st.lists(WRITES, min_size=3, max_size=6))
def test_every_figure_follows_from_the_listed_items(dialect: Dialect, writes: list[Write]) -> None:
    api = application(dialect)
    api.stage.reset()

    for write in writes:
        carry_out(api, write)

        lines = listed(api)
        items = check_invoices(api, lines)
        # On the wire, costs look for the project that was written into the item, and a credit wrote none.
        projects = {
            uuid: None if dialect.wire and item["credit"] else item.get("project_uuid") for uuid, item in items.items()
        }
        owners = {uuid: bare(project) if project else None for uuid, project in projects.items()}
        check_stats(api, lines)
        check_growth(api, lines)
        check_costs(api, lines, owners)
        check_costs_for_periods(api, lines, owners, dialect)
        check_total_price(api, lines)
