"""Months, quantities and the two rules for periods."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.billing.builders import utc
from waldur_billing_mock.mock_server.billing.period import (
    Month,
    coded_period,
    documented_period,
    quantity_for,
    shifted_dates,
)

MONTH_END = utc(2025, 11, 30, 23, 59, 59, 999999)


@pytest.mark.parametrize(
    ("start", "end", "quantities"),
    [
        (utc(2025, 11, 1), MONTH_END, {"month": "1", "half_month": "2", "day": "30", "hour": "720"}),
        (
            utc(2025, 11, 10, 12),
            MONTH_END,
            {"month": "0.70", "half_month": "1.40", "day": "21", "hour": "492"},
        ),
        (
            utc(2025, 11, 20),
            utc(2025, 11, 25, 12),
            {"month": "0.20", "half_month": "0.40", "day": "6", "hour": "132"},
        ),
        (utc(2025, 11, 16), MONTH_END, {"month": "0.50", "half_month": "1", "day": "15"}),
        (utc(2025, 11, 1), utc(2025, 11, 15, 23, 59, 59), {"half_month": "1"}),
        (utc(2025, 8, 4, 10, 22), utc(2025, 8, 31, 23, 59, 59), {"month": "0.91", "half_month": "1.78"}),
        (utc(2025, 11, 1), utc(2025, 11, 20), {"half_month": "1.34"}),
        (utc(2025, 8, 1), utc(2025, 8, 15), {"half_month": "1"}),
        (utc(2025, 8, 1), utc(2025, 8, 16), {"half_month": "1.07"}),
        (utc(2025, 8, 1), utc(2025, 8, 20), {"half_month": "1.33"}),
        (utc(2025, 8, 4), utc(2025, 8, 10), {"half_month": "0.46"}),
        (utc(2025, 8, 20), utc(2025, 8, 31), {"half_month": "0.78"}),
        (utc(2025, 8, 16), utc(2025, 8, 31), {"half_month": "1"}),
        (utc(2025, 8, 1), utc(2025, 8, 31), {"half_month": "2"}),
        (utc(2025, 2, 16), utc(2025, 2, 28), {"half_month": "1"}),
        (utc(2025, 2, 1), utc(2025, 2, 28), {"half_month": "2"}),
        (utc(2025, 11, 1), utc(2025, 11, 1), {"hour": "0", "day": "0"}),
        (utc(2025, 11, 1), utc(2025, 11, 1, 1), {"hour": "1", "day": "1"}),
    ],
)
def test_a_stretch_of_time_amounts_to_a_quantity(start: datetime, end: datetime, quantities: dict[str, str]) -> None:
    counted = {unit: quantity_for(unit, start, end) for unit in quantities}

    assert counted == {unit: Decimal(quantity) for unit, quantity in quantities.items()}


@pytest.mark.parametrize(
    ("start", "end", "quarters"),
    [
        (utc(2025, 10, 1), utc(2025, 10, 31), 1),
        (utc(2025, 10, 2), utc(2025, 12, 31), 0),
        (utc(2025, 2, 1), utc(2025, 10, 1), 3),
        (utc(2024, 12, 31), utc(2026, 1, 1), 5),
        (utc(2025, 10, 1), utc(2025, 7, 1), 0),
    ],
)
def test_a_quarter_counts_when_it_begins(start: datetime, end: datetime, quarters: int) -> None:
    assert quantity_for("quarter", start, end) == quarters


@pytest.mark.parametrize("unit", ["hour", "day", "half_month", "quarter", "month"])
def test_the_first_and_the_last_instants_of_the_calendar_can_be_counted(unit: str) -> None:
    whole = quantity_for(unit, Month(1, 1).start, Month(9999, 12).end)

    assert whole.is_finite()


def test_a_given_quantity_is_not_counted() -> None:
    with pytest.raises(ValueError, match="taken as given"):
        quantity_for("quantity", utc(2025, 11, 1), MONTH_END)


@pytest.mark.parametrize(
    ("months", "earliest", "first_day"),
    [
        (1, Month(2019, 1), date(2019, 1, 1)),
        (3, Month(2018, 11), date(2018, 11, 1)),
        (12, Month(2018, 2), date(2018, 2, 1)),
    ],
)
def test_the_documented_dates_enclose_the_counted_months(months: int, earliest: Month, first_day: date) -> None:
    period = documented_period(months, date(2019, 1, 15))

    assert period.months is not None
    assert (len(period.months), min(period.months), max(period.months)) == (months, earliest, Month(2019, 1))
    assert (period.start_date, period.end_date) == (first_day, date(2019, 1, 31))


@pytest.mark.parametrize(("code", "months"), [(2, 1), (3, 3), (4, 12)])
def test_a_code_stands_for_a_number_of_months(code: int, months: int) -> None:
    day = date(2019, 1, 15)

    assert coded_period(code, day, Month(2017, 5)) == documented_period(months, day)


@pytest.mark.parametrize(
    ("earliest", "first_day"),
    [(Month(2017, 5), date(2017, 5, 1)), (None, date(2019, 1, 1)), (Month(2019, 7), date(2019, 1, 1))],
)
def test_the_code_1_counts_everything_from_the_earliest_month_on(earliest: Month | None, first_day: date) -> None:
    period = coded_period(1, date(2019, 1, 15), earliest)

    assert (period.months, period.start_date, period.end_date) == (None, first_day, date(2019, 1, 31))


@pytest.mark.parametrize(
    ("code", "dates"),
    [
        (1, ("N/A", "N/A")),
        (2, (date(2018, 12, 1), date(2019, 1, 1))),
        (3, (date(2018, 10, 1), date(2019, 1, 1))),
        (4, (date(2018, 1, 1), date(2019, 1, 1))),
    ],
)
def test_shifted_dates_begin_a_month_before_the_counted_range(code: int, dates: tuple[date | str, ...]) -> None:
    assert shifted_dates(code, date(2019, 1, 15)) == dates


def test_months_are_counted_across_years() -> None:
    assert Month(2025, 11).plus(2) == Month(2026, 1)
    assert Month(2025, 11).plus(-11) == Month(2024, 12)
