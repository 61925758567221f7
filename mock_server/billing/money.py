"""Exact arithmetic with money. The ambient decimal context, which rounds at 28 digits, is never relied on."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import (
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from functools import cache, lru_cache, reduce

ZERO = Decimal(0)

_PRECISION = 120
_EXACT = Context(prec=_PRECISION, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
_ROUNDING = Context(prec=_PRECISION, traps=[InvalidOperation, DivisionByZero, Overflow])
_UP = Context(prec=_PRECISION, rounding=ROUND_UP, traps=[InvalidOperation, DivisionByZero, Overflow])
_CENT = Decimal("0.01")

add = _EXACT.add
subtract = _EXACT.subtract
negative = _EXACT.minus
absolute = _EXACT.abs


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """The exact product. It keeps its natural scale, and zero has no sign."""
    return _EXACT.fma(left, right, ZERO)


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum; of nothing, zero without decimals."""
    return reduce(add, values, ZERO)


@lru_cache(maxsize=4096)
def whole(number: int) -> Decimal:
    """A whole number. Those that are often needed are held in memory once."""
    return Decimal(number)


def percent(value: Decimal, rate: Decimal) -> Decimal:
    """`rate` percent of the value, exactly."""
    return _EXACT.scaleb(multiply(value, rate), -2)


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """The quotient to far more digits than any rounding below looks at."""
    return _ROUNDING.divide(part, whole)


def away_from_zero(value: Decimal, places: int = 2) -> Decimal:
    """Rounded away from zero, as item prices are: 0.001 → 0.01, -0.001 → -0.01."""
    return _UP.quantize(value, _CENT if places == 2 else _unit(places))


def half_even(value: Decimal, places: int = 2) -> Decimal:
    """Rounded half to even, as taxes, totals and sums are printed: 0.025 → 0.02, 0.035 → 0.04."""
    return value.quantize(_unit(places), rounding=ROUND_HALF_EVEN, context=_ROUNDING)


def half_up(value: Decimal, places: int = 2) -> Decimal:
    """Rounded half away from zero, as the database of real servers does when it stores: 14.945 → 14.95."""
    return value.quantize(_unit(places), rounding=ROUND_HALF_UP, context=_ROUNDING)


@cache
def _unit(places: int) -> Decimal:
    return Decimal((0, (1,), -places))
