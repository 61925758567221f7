"""After any sequence of legal writes, every derived figure agrees with one that is computed from the rows anew."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.billing.builders import NOVEMBER, NOW, Builder
from waldur_billing_mock.mock_server.billing.compensation import compensate
from waldur_billing_mock.mock_server.billing.correction import correct, move
from waldur_billing_mock.mock_server.billing.costs import costs, costs_for_period, total_price
from waldur_billing_mock.mock_server.billing.faults import Fault
from waldur_billing_mock.mock_server.billing.growth import growth
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.invoicing import PaymentOrder, label, pay
from waldur_billing_mock.mock_server.billing.item import InvoiceItem

UNIT_PRICES = st.decimals(0, 10**12, places=10, allow_nan=False) | st.decimals(0, 100, places=3, allow_nan=False)
QUANTITIES = st.decimals(-(10**12), 10**12, places=10, allow_nan=False) | st.integers(-5, 50).map(Decimal)
INSTANTS = st.integers(-40, 40).map(lambda days: NOW + timedelta(days=days))
PICKS = st.integers(0, 10**6)
TAX = Fraction(22, 100)


def cents(value: Fraction) -> Fraction:
    """Rounded away from zero, in whole numbers."""
    rounded = Fraction(math.ceil(abs(value) * 100), 100)
    return rounded if value > 0 else -rounded


class Writes(RuleBasedStateMachine):
    """Three months of a customer taxed with 22 percent, under staff that edits without pity."""

    def __init__(self) -> None:
        super().__init__()
        self.build = build = Builder()
        self.world = build.world
        build.add_profile()
        resource, credit = build.add_resource(), build.add_credit("100")
        self.components = {
            "fixed": build.add_component("cores", "fixed", "0.11", 2),
            "usage": build.add_component("cpu", "usage", "9.25"),
            "limit": build.add_component("gb", "limit", "0.00133"),
        }
        for back in range(3):
            invoice = build.add_invoice(NOVEMBER.plus(-back))
            build.add_item(invoice, "80", "1.5", project=build.project)
            build.add_item(invoice, "-7.321", "1", resource=resource, credit=credit)
            for component in self.components.values():
                build.add_item(invoice, "0.22", "30", unit="day", resource=resource, component=component)
            build.finalized(invoice)

    def attempt(self, write: Callable[[], object]) -> None:
        """A refused write must leave every row as it was."""
        before = list(self.world.invoices), list(self.world.invoice_items), list(self.world.payments)
        try:
            write()
        except Fault:
            after = list(self.world.invoices), list(self.world.invoice_items), list(self.world.payments)
            assert after == before

    def item(self, pick: int) -> InvoiceItem:
        items = list(self.world.invoice_items)
        return items[pick % len(items)]

    def invoice(self, pick: int) -> Invoice:
        invoices = list(self.world.invoices)
        return invoices[pick % len(invoices)]

    def has_items(self) -> bool:
        return len(self.world.invoice_items) > 0

    @precondition(has_items)
    @rule(
        pick=PICKS,
        unit_price=st.none() | UNIT_PRICES,
        quantity=st.none() | QUANTITIES,
        start=st.none() | INSTANTS,
        end=st.none() | INSTANTS,
    )
    def update(
        self,
        pick: int,
        unit_price: Decimal | None,
        quantity: Decimal | None,
        start: datetime | None,
        end: datetime | None,
    ) -> None:
        item = self.item(pick)
        self.attempt(lambda: correct(self.world, item, unit_price=unit_price, quantity=quantity, start=start, end=end))

    @precondition(has_items)
    @rule(pick=PICKS)
    def compensate(self, pick: int) -> None:
        item = self.item(pick)
        self.attempt(lambda: compensate(self.world, item, "Cores"))

    @precondition(has_items)
    @rule(pick=PICKS, to=PICKS)
    def migrate(self, pick: int, to: int) -> None:
        item, invoice = self.item(pick), self.invoice(to)
        self.attempt(lambda: move(self.world, item, invoice))

    @precondition(has_items)
    @rule(pick=PICKS)
    def delete(self, pick: int) -> None:
        self.world.remove(self.item(pick))

    @rule(pick=PICKS, with_order=st.booleans())
    def pay(self, pick: int, with_order: bool) -> None:
        invoice = self.invoice(pick)
        self.attempt(lambda: pay(self.world, invoice, PaymentOrder(NOW.date()) if with_order else None))

    @rule(pick=PICKS, text=st.text(max_size=5))
    def set_texts(self, pick: int, text: str) -> None:
        invoice = self.invoice(pick)

        changed = label(self.world, invoice, backend_id=text, reference_number=text)

        assert changed == replace(invoice, backend_id=text, reference_number=text)

    @invariant()
    def figures_agree_with_the_rows(self) -> None:
        rows = list(self.world.invoice_items)
        everything = Fraction(0)
        for row in self.world.invoices:
            invoice = self.build.view(row)
            own = [item for item in rows if item.invoice_uuid == row.uuid]
            exact = [Fraction(row.unit_price) * Fraction(row.quantity) for row in own]
            price = sum((cents(value) for value in exact), Fraction(0))
            everything += sum(exact, Fraction(0))

            assert Fraction(invoice.price) == price
            assert Fraction(invoice.tax) == price * TAX
            assert Fraction(invoice.total) == price * (1 + TAX)
            assert Fraction(invoice.compensations) + Fraction(invoice.incurred_costs) == sum(exact)
            assert [Fraction(self.build.view(item).total) for item in own] == [
                cents(value) * (1 + TAX) for value in exact
            ]
            assert {item.row.id for item in invoice.items} == {row.id for row in own if row.price}
        items = self.world.invoice_items.ordered("start")
        assert Fraction(total_price(items)) == Fraction(total_price(items.picked(rows))) == everything

    @invariant()
    def every_figure_can_be_printed(self) -> None:
        for invoice in self.world.invoices:
            assert abs(self.build.view(invoice).total) < 10**12
        for item in self.world.invoice_items:
            assert abs(self.build.view(item).tax) < 10**8
        assert abs(total_price(self.world.invoice_items.ordered("start"))) < 10**12

    @invariant()
    def sums_over_months_agree_with_the_invoices(self) -> None:
        items = self.world.invoice_items.ordered("start")
        rows, figures = costs(self.world, items), growth(self.world, None)

        assert abs(sum(row.price for row in rows) - costs_for_period(items, None)) < Decimal("0.1")
        assert figures.total_periods == tuple(
            sum(values, figures.other_periods[index])
            for index, values in enumerate(zip(*(row.periods for row in figures.customer_periods), strict=True))
        )

    @invariant()
    def the_kept_sum_agrees_with_the_rows(self) -> None:
        kept = Fraction(self.world.invoice_items.total.value)

        assert kept == sum(
            (abs(Fraction(row.unit_price) * Fraction(row.quantity)) for row in self.world.invoice_items),
            Fraction(0),
        )


TestWrites = Writes.TestCase
TestWrites.settings = settings(max_examples=60, stateful_step_count=25)
