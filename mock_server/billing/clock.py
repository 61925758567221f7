"""Moves the clock of a world. At each month's start that it passes, Waldur's monthly job runs (behaviour 3.6, 3.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from waldur_billing_mock.mock_server.billing.cycle import finalize, open_month, suspend
from waldur_billing_mock.mock_server.billing.invoice import Invoice, State
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World

FIRST_YEAR, LAST_YEAR = 1900, 9990
"""The years that a clock can show: others leave no room for the months around them."""

BillingEventType = Literal[
    "invoice_pending_finalization",
    "credit_applied",
    "invoice_created",
    "invoice_paid",
    "month_closed",
    "invoice_opened",
]
BeforeOpening = Callable[[Sequence[Invoice]], None]


@dataclass(frozen=True, slots=True)
class BillingEvent:
    """One thing that the monthly job did, and when by the world's clock.

    `invoice_created` and `invoice_paid` are the two states in which an invoice is finalized; with a grace period it is
    `invoice_pending_finalization` before. The `item` is the one with which a credit pays. `month_closed` is of no
    invoice; its `month` is the one before the clock's.
    """

    type: BillingEventType
    at: datetime
    month: Month
    invoice: Invoice | None = None
    item: InvoiceItem | None = None


def advance(world: World, to: datetime, before_opening: BeforeOpening | None = None) -> list[BillingEvent]:
    """Move the clock forward to an instant (UTC), and return what happened on the way, in order.

    The job of a month runs at its first instant, also where that is `to`; what waits for the end of the grace period is
    finalized then. For `before_opening` see `run_monthly_job`. Raises `ValueError` for an instant before the clock.
    """
    if to < world.now:
        raise ValueError(f"{to.isoformat()} is before the clock, which is at {world.now.isoformat()}.")
    events: list[BillingEvent] = []
    month, grace = Month.of(world.now), world.settings.grace_period
    while month.start <= to:
        if month.start > world.now:
            world.now = month.start
            events += run_monthly_job(world, before_opening)
        if grace and world.now < month.start + grace <= to:
            world.now = month.start + grace
            events += _finalize(world, ("pending_finalization",))[0]
        month = month.plus(1)
    world.now = to
    return events


def run_monthly_job(world: World, before_opening: BeforeOpening | None = None) -> list[BillingEvent]:
    """What Waldur does on the first day of a month, which the clock shows.

    Every pending invoice of an earlier month is finalized, credits first; with a grace period it waits for that. Then
    every customer that is not archived gets a pending invoice with all that is billable. In between, `before_opening`
    is called with the finalized invoices.
    """
    now, month = world.now, Month.of(world.now)
    finalized: list[Invoice] = []
    if world.settings.grace_period:
        events = _suspend(world)
    else:
        events, finalized = _finalize(world, ("pending_finalization", "pending"))
    events.append(BillingEvent("month_closed", now, month.plus(-1)))
    if before_opening is not None:
        before_opening(finalized)
    return events + [BillingEvent("invoice_opened", now, month, invoice) for invoice in open_month(world, month)]


def _suspend(world: World) -> list[BillingEvent]:
    """The pending invoices of earlier months wait to be finalized."""
    return [
        BillingEvent("invoice_pending_finalization", world.now, waiting.billed_month, waiting)
        for waiting in [suspend(world, invoice) for invoice in _of_earlier_months(world, "pending")]
    ]


def _finalize(world: World, states: Sequence[State]) -> tuple[list[BillingEvent], list[Invoice]]:
    """The invoices of earlier months in these states are finalized today; also returned is what they are now."""
    now = world.now
    events: list[BillingEvent] = []
    finalized = []
    for waiting in [invoice for state in states for invoice in _of_earlier_months(world, state)]:
        invoice, credits = finalize(world, waiting, now.date())
        finalized.append(invoice)
        billed = invoice.billed_month
        events += [BillingEvent("credit_applied", now, billed, invoice, item) for item in credits]
        state: BillingEventType = "invoice_paid" if invoice.state == "paid" else "invoice_created"
        events.append(BillingEvent(state, now, billed, invoice))
    return events, finalized


def _of_earlier_months(world: World, state: State) -> list[Invoice]:
    month = Month.of(world.now)
    return [invoice for invoice in world.invoices.where(state=state) if invoice.billed_month < month]
