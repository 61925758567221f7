"""The ranges that the published patterns can express.

Real servers accept a write that leaves them, and fail on every later read. Here such a write is refused.
The bounds are put on sums of absolute values, so that an item can always be deleted or moved away.
"""

from __future__ import annotations

from decimal import Decimal

from waldur_billing_mock.mock_server.billing.faults import OutOfRange
from waldur_billing_mock.mock_server.billing.figures import items_of, with_tax
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.money import absolute, add, half_even, percent, subtract, total
from waldur_billing_mock.mock_server.billing.world import World

_FACTOR = Decimal(10) ** 10
_ITEM_TAX = Decimal(10) ** 8
_SUM = Decimal(10) ** 12


def must_fit(world: World, item: InvoiceItem, invoice: Invoice | None, tax_percent: Decimal = Decimal(0)) -> None:
    """Every figure can still be printed when the item is on the invoice, in the place of the row that has its id.

    The item need not be in the world yet. None stands for an invoice that is not open yet, and has this tax.
    """
    for name, value in (("unit price", item.unit_price), ("quantity", item.quantity)):
        if absolute(value) >= _FACTOR:
            raise OutOfRange(
                f"The {name} of the invoice item would have more than 10 digits before the decimal point, "
                f"which the costs of a project cannot show; use a {name} below {_FACTOR}."
            )
    rate = tax_percent if invoice is None else invoice.tax_percent
    tax = percent(absolute(item.price), rate)
    if half_even(tax) >= _ITEM_TAX:
        raise OutOfRange(
            "The tax of the invoice item would have more than 8 digits before the decimal point; "
            "use a smaller unit price or quantity."
        )
    others = [other for other in items_of(world, invoice) if other.id != item.id] if invoice is not None else []
    prices = add(total(absolute(other.price) for other in others), absolute(item.price))
    if with_tax(prices, rate) >= _SUM:
        raise OutOfRange(
            "The sums of the invoice would have more than 12 digits before the decimal point; "
            "use a smaller unit price or quantity, or another invoice."
        )
    replaced = world.invoice_items.by_id(item.id)
    everything = add(world.invoice_items.total.value, absolute(item.value))
    if replaced is not None:
        everything = subtract(everything, absolute(replaced.value))
    if half_even(everything, 10) >= _SUM:
        raise OutOfRange(
            "The total price of all invoice items would have more than 12 digits before the decimal point; "
            "use a smaller unit price or quantity."
        )
