"""What the world's billing adds up to: growth, costs by project and offering, credits, the end of the month."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from starlette.responses import Response

from waldur_billing_mock.mock_server.billing.clock import BillingEvent, advance
from waldur_billing_mock.mock_server.billing.compensation import consumptions
from waldur_billing_mock.mock_server.billing.credit import CustomerCredit
from waldur_billing_mock.mock_server.billing.figures import sums_of, total_of
from waldur_billing_mock.mock_server.billing.growth import growth
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.money import ZERO, add, total
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.views import ItemView
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.pages import html
from waldur_billing_mock.mock_server.pages.cells import customer_cell
from waldur_billing_mock.mock_server.pages.chart import Chart, stacked
from waldur_billing_mock.mock_server.pages.listing import Cell, Column, Rows, first, money, state
from waldur_billing_mock.mock_server.pages.months import month_name, months, read_month
from waldur_billing_mock.mock_server.pages.view import View

MAJORS: Final = 4
"""Customers with a colour of their own."""

MOST_ITEMS: Final = 20_000
MOST_ROWS: Final = 50


@dataclass(frozen=True, slots=True)
class Share:
    """What one project or offering costs in a month: without tax, and its part of the largest of them, from 0 to 1."""

    name: str
    href: str | None
    count: int
    price: Decimal
    part: float


def overview(view: View) -> Response:
    """Growth over thirteen months, and the costs of the month that `month` names."""
    found = growth(view.world, None, MAJORS)
    labels = [_period(label) for label in found.periods]
    series = [(one.name, one.periods) for one in found.customer_periods]
    if any(found.other_periods):
        series.append(("Others", found.other_periods))
    month = read_month(view.query.get("month", "")) or Month.of(view.world.now)
    items, _ = view.world.invoice_items.ordered("start").narrowed(
        {"invoice.year": month.year, "invoice.month": month.month}
    )
    counted = [ItemView(view.world, item) for item in items[:MOST_ITEMS]]
    return view.page(
        "money.html",
        chart=stacked(labels, series),
        totals=list(zip(labels, found.total_periods, strict=True))[::-1],
        series=series,
        labels=labels,
        month=month,
        month_title=month_name(month),
        months=months(view.world)[1:],
        projects=_shares(
            counted, lambda item: (item.project_name, item.row.project_uuid), lambda uuid: _project_page(view, uuid)
        ),
        offerings=_shares(
            counted,
            lambda item: (item.offering_name or "–", item.offering_uuid),
            lambda uuid: view.url("resources", offering=uuid),
        ),
        item_count=len(items),
        cut=len(items) > MOST_ITEMS,
    )


def month_end(view: View) -> Response:
    """What the end of the month would bill: the clock of a copy of the world is moved, and the copy is dropped.

    In a large world that takes a while, so the page comes without it and asks for it (`computed`).
    """
    world = view.world
    month = Month.of(world.now)
    if not view.query.get("computed"):
        return view.page("month_end.html", month=month_name(month), at=month.plus(1).start, computed=False)
    copy = world.fork()
    events = advance(copy, month.plus(1).start)
    finalized = [one.invoice for one in events if one.type in ("invoice_created", "invoice_paid") and one.invoice]
    return view.page(
        "month_end.html",
        month=month_name(month),
        at=month.plus(1).start,
        computed=True,
        summary=_counted(events),
        price=total(sums_of(copy, invoice).price for invoice in finalized),
        gross=total(total_of(copy, invoice) for invoice in finalized),
        credit=total(-one.item.value for one in events if one.item is not None),
        invoices=first(
            finalized,
            (
                Column("Number"),
                Column("Becomes"),
                Column("Customer"),
                Column("Month"),
                Column("Paid by credit", True),
                Column("Price", True),
                Column("Total", True),
            ),
            lambda invoice: _forecast(view, copy, invoice),
            MOST_ROWS,
        ),
        more=max(0, len(finalized) - MOST_ROWS),
    )


def credits(view: View) -> Response:
    """Credits of customers and projects, and what they have paid month by month."""
    world = view.world
    rows = list(world.customer_credits)[:MOST_ROWS]
    return view.page(
        "credits.html",
        credits=[_credit(view, row) for row in rows],
        more=max(0, len(world.customer_credits) - MOST_ROWS),
        projects=first(
            world.project_credits,
            (Column("Project"), Column("Customer"), Column("Left", True)),
            lambda row: [
                Cell(world.projects.one(row.project_uuid).name, view.url(f"projects/{row.project_uuid}")),
                customer_cell(view, world.customers.one(world.projects.one(row.project_uuid).customer_uuid)),
                money(row.value),
            ],
            MOST_ROWS,
        ),
    )


@dataclass(frozen=True, slots=True)
class CreditCard:
    """A credit of a customer: what is left, what it has paid for, and month by month how much."""

    row: CustomerCredit
    customer: Cell
    offerings: Sequence[str]
    paid: Decimal
    months: Rows
    chart: Chart


def _credit(view: View, row: CustomerCredit) -> CreditCard:
    world = view.world
    by_month = consumptions(world, world.invoice_items.where(credit_uuid=row.uuid))[-13:]
    return CreditCard(
        row,
        customer_cell(view, world.customers.one(row.customer_uuid)),
        sorted(world.offerings.one(uuid).name for uuid in row.offering_uuids),
        total(-one.price for one in by_month),
        first(
            by_month[::-1],
            (Column("Month"), Column("Paid", True)),
            lambda one: [Cell(_period(one.month)), money(-one.price)],
            13,
        ),
        stacked([_period(one.month) for one in by_month], [("Paid", [-one.price for one in by_month])]),
    )


def _forecast(view: View, copy: World, invoice: Invoice) -> list[Cell]:
    items: list[InvoiceItem] = copy.invoice_items.where(invoice_uuid=invoice.uuid)
    return [
        Cell(str(invoice.number), view.url(f"invoices/{invoice.uuid}")),
        state(invoice.state),
        customer_cell(view, copy.customers.one(invoice.customer_uuid)),
        Cell(month_name(invoice.billed_month), kind="day"),
        money(total(-item.value for item in items if item.credit)),
        money(sums_of(copy, invoice).price),
        money(total_of(copy, invoice)),
    ]


def _shares(
    items: Iterable[ItemView],
    key: Callable[[ItemView], tuple[str, str | None]],
    address: Callable[[str], str | None],
) -> list[Share]:
    """The sums of prices by name and uuid, the largest first; `address` is where the uuid's page is."""
    sums: dict[tuple[str, str | None], tuple[int, Decimal]] = {}
    for item in items:
        count, price = sums.get(named := key(item), (0, ZERO))
        sums[named] = count + 1, add(price, item.row.price)
    ordered = sorted(sums.items(), key=lambda entry: (-entry[1][1], entry[0][0]))[:MOST_ROWS]
    largest = max((price for _, (_, price) in ordered), default=ZERO)
    return [
        Share(
            name,
            address(uuid) if uuid is not None else None,
            count,
            price,
            max(0.0, float(price / largest)) if largest > 0 else 0.0,
        )
        for (name, uuid), (count, price) in ordered
    ]


def _project_page(view: View, uuid: str) -> str | None:
    return view.url(f"projects/{uuid}") if view.world.projects.get(uuid) else None


def _counted(events: Iterable[BillingEvent]) -> dict[str, int]:
    """How many events there are of each type, in words."""
    return {html.events(kind, count): count for kind, count in Counter(event.type for event in events).items()}


def _period(label: str) -> str:
    """`2025-11` or `2025-9` as `Nov 2025`."""
    year, _, month = label.partition("-")
    return month_name(Month(int(year), int(month)))
