"""Moves the clock of a world. At each month's start that it passes, Waldur's monthly job runs (behaviour 3.6, 3.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from waldur_billing_mock.mock_server.billing.cycle import finalize, open_month
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World

FIRST_YEAR, LAST_YEAR = 1900, 9990
"""The years that a clock can show: others leave no room for the months around them."""

BillingEventType = Literal["credit_applied", "invoice_created", "invoice_paid", "month_closed", "invoice_opened"]
BeforeOpening = Callable[[Sequence[Invoice]], None]


@dataclass(frozen=True, slots=True)
class BillingEvent:
    """One thing that the monthly job did, and when by the world's clock.

    `invoice_created` and `invoice_paid` are the two states in which an invoice is finalized. The `item` is the one with
    which a credit pays. `month_closed` is of no invoice; its `month` is the one before the clock's.
    """

    type: BillingEventType
    at: datetime
    month: Month
    invoice: Invoice | None = None
    item: InvoiceItem | None = None


def advance(world: World, to: datetime, before_opening: BeforeOpening | None = None) -> list[BillingEvent]:
    """Move the clock forward to an instant (UTC), and return what happened on the way, in order.

    The job of a month runs at its first instant, also where that is `to`. For `before_opening` see `run_monthly_job`.
    Raises `ValueError` for an instant before the clock.
    """
    if to < world.now:
        raise ValueError(f"{to.isoformat()} is before the clock, which is at {world.now.isoformat()}.")
    events: list[BillingEvent] = []
    month = Month.of(world.now).plus(1)
    while month.start <= to:
        world.now = month.start
        events += run_monthly_job(world, before_opening)
        month = month.plus(1)
    world.now = to
    return events


def run_monthly_job(world: World, before_opening: BeforeOpening | None = None) -> list[BillingEvent]:
    """What Waldur does on the first day of a month, which the clock shows.

    Every pending invoice of an earlier month is finalized, credits first. Then every customer that is not archived gets
    a pending invoice with all that is billable. In between, `before_opening` is called with the finalized invoices.
    """
    now, month = world.now, Month.of(world.now)
    events: list[BillingEvent] = []
    finalized = []
    for pending in world.invoices.where(state="pending"):
        if pending.billed_month >= month:
            continue
        invoice, credits = finalize(world, pending, now.date())
        finalized.append(invoice)
        billed = invoice.billed_month
        events += [BillingEvent("credit_applied", now, billed, invoice, item) for item in credits]
        state: BillingEventType = "invoice_paid" if invoice.state == "paid" else "invoice_created"
        events.append(BillingEvent(state, now, billed, invoice))
    events.append(BillingEvent("month_closed", now, month.plus(-1)))
    if before_opening is not None:
        before_opening(finalized)
    return events + [BillingEvent("invoice_opened", now, month, invoice) for invoice in open_month(world, month)]
