"""The ranges that the published patterns can express.

Real servers accept a write that leaves them, and fail on every later read. Here such a write is refused.
The bounds are put on sums of absolute values, so that an item can always be deleted or moved away.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from waldur_billing_mock.mock_server.billing.faults import OutOfRange
from waldur_billing_mock.mock_server.billing.money import add, half_even, magnitude, percent, subtract, total

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.item import InvoiceItem

_FACTOR = Decimal(10) ** 10
_ITEM_TAX = Decimal(10) ** 8
_SUM = Decimal(10) ** 12


def must_fit(item: InvoiceItem, tax_percent: Decimal, on_invoice: Iterable[InvoiceItem]) -> None:
    """With the item, in the place of the row that has its id, every figure can still be printed.

    The item need not be in the world yet; the invoice on which it is to stand is told by its tax and items.
    """
    for name, value in (("unit price", item.unit_price), ("quantity", item.quantity)):
        if magnitude(value) >= _FACTOR:
            raise OutOfRange(
                f"The {name} of the invoice item would have more than 10 digits before the decimal point, "
                f"which the costs of a project cannot show; use a {name} below {_FACTOR}."
            )
    tax = percent(magnitude(item.price), tax_percent)
    if half_even(tax) >= _ITEM_TAX:
        raise OutOfRange(
            "The tax of the invoice item would have more than 8 digits before the decimal point; "
            "use a smaller unit price or quantity."
        )
    others = (other for other in on_invoice if other.id != item.id)
    prices = add(total(magnitude(other.price) for other in others), magnitude(item.price))
    if add(prices, percent(prices, tax_percent)) >= _SUM:
        raise OutOfRange(
            "The sums of the invoice would have more than 12 digits before the decimal point; "
            "use a smaller unit price or quantity, or another invoice."
        )
    items = item.world.invoice_items
    replaced = items.by_id(item.id)
    everything = add(items.sum("magnitude"), item.magnitude)
    if replaced is not None:
        everything = subtract(everything, replaced.magnitude)
    if half_even(everything, 10) >= _SUM:
        raise OutOfRange(
            "The total price of all invoice items would have more than 12 digits before the decimal point; "
            "use a smaller unit price or quantity."
        )
