"""Multiplies all amounts of a world by a factor, so that everything that is computed of them is still true.

Prices, taxes, totals and sums follow from unit prices and quantities, and so stay consistent to the cent. What is
stored beside them is brought in line: payments of an invoice that was paid in full, and credits that paid it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from waldur_billing_mock.mock_server.billing.figures import items_of, sums_of, total_of
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.payment import Payment
from waldur_billing_mock.mock_server.billing.world import World

_EXACT: Final = Context(prec=60)
_CENT: Final = Decimal("0.01")
_CREDIT: Final = Decimal("0.00001")
_FINEST: Final = Decimal("0.0000000001")
"""The digits after the point that a world file can hold."""


def scaled(world: World, factor: Decimal) -> World:
    """A copy of a world with all amounts multiplied."""
    made = world.fork()
    for item in list(made.invoice_items):
        made.put(replace(item, unit_price=_times(item.unit_price, factor, _FINEST)))
    for price in list(made.plan_components):
        made.put(replace(price, price=_times(price.price, factor, _FINEST)))
    for credit in list(made.customer_credits):
        made.put(replace(credit, value=_times(credit.value, factor, _CREDIT)))
    for share in list(made.project_credits):
        made.put(replace(share, value=_times(share.value, factor, _CREDIT)))
    for policy in [*made.customer_cost_policies, *made.project_cost_policies]:
        made.put(replace(policy, limit_cost=int(_times(Decimal(policy.limit_cost), factor, Decimal(1)))))
    for invoice in list(world.invoices):
        _settle(world, made, invoice)
        _pay(world, made, invoice, factor)
    return made


def _settle(before: World, after: World, invoice: Invoice) -> None:
    """What credits paid to nothing costs nothing again: the last of them pays the cents of rounding."""
    credited = [item for item in items_of(after, invoice) if item.credit and item.quantity == 1]
    if credited and not sums_of(before, invoice).price and (rest := sums_of(after, invoice).price):
        after.put(replace(credited[-1], unit_price=credited[-1].price - rest))


def _pay(before: World, after: World, invoice: Invoice, factor: Decimal) -> None:
    """Payments that came to the total do so again; others are multiplied."""
    payments = list(before.payments.where(invoice_uuid=invoice.uuid))
    made = {payment.uuid: _times(payment.sum, factor, _CENT) for payment in payments}
    if payments and _sum(payment.sum for payment in payments) == _cents(total_of(before, invoice)):
        others = _sum(made[payment.uuid] for payment in payments[:-1])
        made[payments[-1].uuid] = _cents(total_of(after, invoice)) - others
    _put(after, payments, made)


def _put(world: World, payments: Iterable[Payment], sums: Mapping[str, Decimal]) -> None:
    for payment in payments:
        world.put(replace(payment, sum=sums[payment.uuid]))


def _times(value: Decimal, factor: Decimal, finest: Decimal) -> Decimal:
    """The product, exact where it has room, else rounded to the finest unit."""
    exact = _EXACT.multiply(value, factor)
    places = int(exact.as_tuple().exponent)
    return exact if places >= int(finest.as_tuple().exponent) else _rounded(exact, finest)


def _cents(value: Decimal) -> Decimal:
    return _rounded(value, _CENT)


def _rounded(value: Decimal, unit: Decimal) -> Decimal:
    return value.quantize(unit, rounding=ROUND_HALF_EVEN, context=_EXACT)


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))
