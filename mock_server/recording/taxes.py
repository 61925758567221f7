"""The tax rates of invoices and customers, which billing shows as amounts alone."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

from waldur_billing_mock.contracts.values import Malformed, Row, decimal, half_even, identifier
from waldur_billing_mock.mock_server.recording.gathering import Gathered
from waldur_billing_mock.mock_server.recording.notes import Notes

_EXACT = Context(prec=60)
_HUNDREDTH = Decimal("0.01")


class Taxes:
    """Infers rates: from price and tax of an invoice, else from its lines, else from what is usual for its customer."""

    def __init__(self, notes: Notes, found: Gathered) -> None:
        self._notes = notes
        self._usual: dict[str, Decimal] = {}
        """The default of each customer that its list shows, else the rate of its newest invoice."""
        for row in sorted(found.invoices, key=lambda one: (one["year"], one["month"])):
            if (rate := _by_amounts(row)) is not None:
                self._usual[identifier(row["customer"])] = rate
        for row in found.neighbours.get("customers", ()):
            if (rate := _decimal(row.get("default_tax_percent"))) is not None:
                self._usual[identifier(row["uuid"])] = rate

    def of_invoice(self, row: Row) -> str:
        """The rate of an invoice as a world file has it."""
        rate = _by_amounts(row)
        if rate is not None:
            self._notes.infer("invoices.tax_percent", "from price and tax of the invoice")
            return _text(rate)
        usual = self._usual.get(identifier(row["customer"]), Decimal(0))
        lines = [pair for line in row.get("items") or () if (pair := _amounts(line)) is not None and pair[0]]
        if _explains(usual, lines):
            self._notes.infer("invoices.tax_percent", "the customer's usual rate, as the price is zero")
            return _text(usual)
        self._notes.infer("invoices.tax_percent", "from the largest line, as the price is zero")
        price, tax = max(lines, key=lambda pair: abs(pair[0]))
        return _text(_rate(price, tax).quantize(Decimal(1) if abs(price) < 100 else _HUNDREDTH))

    def usual(self, customer: str) -> str:
        """The usual rate of a customer as a world file has it."""
        return _text(self._usual.get(customer, Decimal(0)))

    def written(self, value: object) -> str | None:
        """A rate that the server shows, as a world file has it; None for what is none."""
        found = _decimal(value)
        return None if found is None else format(found, "f")


def _by_amounts(row: Row) -> Decimal | None:
    """The rate that price and tax of an invoice give; None without a price."""
    pair = _amounts(row)
    return None if pair is None or not pair[0] else _rate(*pair)


def _rate(price: Decimal, tax: Decimal) -> Decimal:
    exact = _EXACT.divide(_EXACT.multiply(tax, Decimal(100)), price)
    rate = exact.quantize(_HUNDREDTH, rounding=ROUND_HALF_EVEN, context=_EXACT)
    return min(max(rate, Decimal(0)), Decimal(100))


def _explains(rate: Decimal, lines: Iterable[tuple[Decimal, Decimal]]) -> bool:
    """Whether a rate gives the tax of all lines, which are rounded to cents."""
    return all(half_even(_EXACT.divide(_EXACT.multiply(price, rate), Decimal(100))) == tax for price, tax in lines)


def _amounts(row: Row) -> tuple[Decimal, Decimal] | None:
    price, tax = _decimal(row.get("price")), _decimal(row.get("tax"))
    return None if price is None or tax is None else (price, tax)


def _decimal(value: object) -> Decimal | None:
    try:
        return None if value is None else decimal(value)
    except Malformed:
        return None


def _text(rate: Decimal) -> str:
    return format(rate.quantize(_HUNDREDTH), "f")
