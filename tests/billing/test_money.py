"""Exact decimals: nothing is lost, and every rounding is asked for."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waldur_billing_mock.mock_server.billing.money import away_from_zero, half_even, half_up, multiply, percent, total
from waldur_billing_mock.mock_server.billing.sums import Sum

FACTORS = st.decimals(
    min_value=Decimal("-999999999999.9999999999"),
    max_value=Decimal("999999999999.9999999999"),
    allow_nan=False,
    places=10,
)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.001", "0.01"), ("-0.001", "-0.01"), ("0.01", "0.01"), ("0", "0.00"), ("1.10000000001", "1.11")],
)
def test_prices_are_rounded_away_from_zero(value: str, rounded: str) -> None:
    assert str(away_from_zero(Decimal(value))) == rounded


@pytest.mark.parametrize(
    ("price", "rate", "tax", "gross"),
    [("0.25", "10", "0.02", "0.28"), ("0.35", "10", "0.04", "0.38"), ("-0.01", "10", "-0.00", "-0.01")],
)
def test_taxes_and_totals_are_printed_half_to_even(price: str, rate: str, tax: str, gross: str) -> None:
    exact = percent(Decimal(price), Decimal(rate))

    assert str(half_even(exact)) == tax
    assert str(half_even(total([Decimal(price), exact]))) == gross


def test_rounding_away_from_zero_keeps_as_many_places_as_asked_for() -> None:
    assert str(away_from_zero(Decimal("0.0001"), 3)) == "0.001"


def test_stored_amounts_are_rounded_half_away_from_zero() -> None:
    stored = [str(half_up(Decimal(value))) for value in ("14.945", "-14.945", "576.5842")]

    assert stored == ["14.95", "-14.95", "576.58"]


@given(FACTORS, FACTORS)
def test_a_product_of_two_decimals_with_22_digits_loses_nothing(left: Decimal, right: Decimal) -> None:
    assert Fraction(multiply(left, right)) == Fraction(left) * Fraction(right)


def test_a_long_sum_of_large_and_tiny_amounts_loses_nothing() -> None:
    amounts = [Decimal("99999999999999999999.99"), Decimal("0.00000000000000000001")] * 5000

    result = total(amounts)

    assert result == Decimal("499999999999999999999950.00000000000000005000")


def test_the_sum_of_nothing_is_zero_without_decimals() -> None:
    assert str(total([])) == "0"


def test_zero_has_no_sign() -> None:
    assert str(away_from_zero(multiply(Decimal("-0.5"), Decimal(0)))) == "0.00"


def test_a_running_sum_has_the_decimals_of_the_terms_that_are_left_in_it() -> None:
    running = Sum()
    empty = str(running.value)
    shown = []
    for term in ("2", "1.25", "0.5"):
        running.add(Decimal(term))
    for term in ("1.25", "0.5", "2"):
        shown.append((str(running.value), running.is_empty))
        running.take_out(Decimal(term))

    assert shown == [("3.75", False), ("2.5", False), ("2", False)]
    assert (str(running.value), running.is_empty, empty) == ("0", True, "0")
