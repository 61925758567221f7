"""Running sums over items: rows are added and taken out, and the result is what adding up anew would give."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Protocol

from waldur_billing_mock.mock_server.billing.money import ZERO, absolute, add, half_even, subtract


class Valued(Protocol):
    """An item: its unit price, and its value (unit_price × quantity, unrounded)."""

    @property
    def unit_price(self) -> Decimal: ...
    @property
    def value(self) -> Decimal: ...


class Sum:
    """An exact sum from which terms can be taken out again; it has the most decimals that one of its terms has."""

    __slots__ = ("_places", "_value")

    def __init__(self) -> None:
        self._value = ZERO
        self._places: dict[int, int] = {}

    def add(self, term: Decimal) -> None:
        self._value = add(self._value, term)
        self._count(term, 1)

    def take_out(self, term: Decimal) -> None:
        self._value = subtract(self._value, term)
        self._count(term, -1)

    @property
    def is_empty(self) -> bool:
        """Whether every term has been taken out again."""
        return not self._places

    @property
    def value(self) -> Decimal:
        # A term that is gone leaves its decimals behind, as zeros.
        return half_even(self._value, max(self._places, default=0))

    def copy(self) -> Sum:
        copied = Sum()
        copied._value, copied._places = self._value, dict(self._places)
        return copied

    def _count(self, term: Decimal, by: int) -> None:
        places = max(0, -int(term.as_tuple().exponent))
        count = self._places.get(places, 0) + by
        if count:
            self._places[places] = count
        else:
            del self._places[places]


@dataclass(frozen=True, slots=True)
class ItemSums:
    """The values of items: of compensations, whose unit price is negative, and of all others."""

    compensation: Sum = field(default_factory=Sum)
    incurred: Sum = field(default_factory=Sum)

    @property
    def is_empty(self) -> bool:
        return self.compensation.is_empty and self.incurred.is_empty

    def add(self, item: Valued) -> None:
        self._of(item).add(item.value)

    def take_out(self, item: Valued) -> None:
        self._of(item).take_out(item.value)

    def copy(self) -> ItemSums:
        return ItemSums(self.compensation.copy(), self.incurred.copy())

    def _of(self, item: Valued) -> Sum:
        return self.compensation if item.unit_price < 0 else self.incurred


class AbsoluteTotal:
    """The sum of the absolute values of items."""

    __slots__ = ("value",)

    def __init__(self, value: Decimal = ZERO) -> None:
        self.value = value

    def add(self, item: Valued) -> None:
        self.value = add(self.value, absolute(item.value))

    def take_out(self, item: Valued) -> None:
        self.value = subtract(self.value, absolute(item.value))

    def copy(self) -> AbsoluteTotal:
        return AbsoluteTotal(self.value)

    def dump(self) -> str:
        return str(self.value)

    def load(self, text: str) -> None:
        """Raises `ValueError` for what `dump` did not write."""
        try:
            self.value = Decimal(text)
        except InvalidOperation:
            raise ValueError(f"{text!r} is no decimal number") from None
