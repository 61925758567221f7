"""Months, the quantity that a stretch of time amounts to, and the ranges that costs are summed over."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from waldur_billing_mock.mock_server.billing.money import ZERO, add, away_from_zero, ratio, whole

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Month(NamedTuple):
    """A calendar month. Months compare in the order of time."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    def plus(self, months: int) -> Month:
        years, index = divmod(self.month - 1 + months, 12)
        return Month(self.year + years, index + 1)

    @property
    def days(self) -> int:
        return monthrange(self.year, self.month)[1]

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, self.days)

    @property
    def start(self) -> datetime:
        """The first instant, UTC."""
        return _start(self)

    @property
    def end(self) -> datetime:
        """The last microsecond, UTC."""
        return _end(self)

    @property
    def label(self) -> str:
        """`YYYY-M`, the month not padded, as growth prints it."""
        return f"{self.year}-{self.month}"

    @property
    def padded(self) -> str:
        """`YYYY-MM`, as consumptions print it."""
        return f"{self.year:04}-{self.month:02}"


@lru_cache(maxsize=1024)
def _start(month: Month) -> datetime:
    return datetime.combine(month.first_day, time.min, UTC)


@lru_cache(maxsize=1024)
def _end(month: Month) -> datetime:
    return datetime.combine(month.last_day, time.max, UTC)


@lru_cache(maxsize=4096)
def quantity_for(unit: str, start: datetime, end: datetime) -> Decimal:
    """How many of the unit lie between two instants (UTC). Units that are not named count like `month`.

    The unit `quantity` is no measure of time: what is billed by it is taken as given, and has no place here.
    """
    match unit:
        case "quantity":
            raise ValueError("A quantity is taken as given; it does not follow from a period.")
        case "hour":
            return _started(end - start, _HOUR)
        case "day":
            return _started(end - start, _DAY)
        case "half_month":
            return _half_months(start, end)
        case "quarter":
            return _quarters_begun(start, end)
        case _:
            return _months(start, end)


def _started(elapsed: timedelta, length: timedelta) -> Decimal:
    """Any started hour or day counts as a full one."""
    return whole(-(-elapsed // length))


def _half_months(start: datetime, end: datetime) -> Decimal:
    """One for each entire half; the used days of a broken one, divided by half the month's length."""
    days = Month.of(start).days
    half = ratio(Decimal(days), Decimal(2))
    if (start.day, end.day) in ((1, 15), (16, days)):
        return Decimal(1)
    if (start.day, end.day) == (1, days):
        return Decimal(2)
    if start.day == 1 and end.day > 15:
        return away_from_zero(ratio(add(half, Decimal(end.day - 15)), half))
    if start.day < 16 and end.day == days:
        return away_from_zero(ratio(add(half, Decimal(16 - start.day)), half))
    return away_from_zero(ratio(Decimal(end.day - start.day + 1), half))


def _quarters_begun(start: datetime, end: datetime) -> Decimal:
    """The calendar quarters whose first instant lies between the two, both included."""
    begins_with_one = start == Month(start.year, start.month - (start.month - 1) % 3).start
    return max(ZERO, Decimal(_quarter(end) - _quarter(start) + begins_with_one))


def _quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def _months(start: datetime, end: datetime) -> Decimal:
    """One for a full calendar month; else the days touched, divided by the length of the first month."""
    month = Month.of(start)
    if (start, end) == (month.start, month.end):
        return Decimal(1)
    return away_from_zero(ratio(Decimal((end - start).days + 1), Decimal(month.days)))


@dataclass(frozen=True, slots=True)
class CountedPeriod:
    """The invoice months that a period counts (None: all of them), and the dates printed with the sum."""

    months: frozenset[Month] | None
    start_date: date
    end_date: date


def documented_period(months: int, today: date) -> CountedPeriod:
    """The documented rule: 1, 3 or 12 months, the current one and those before it; the dates enclose them."""
    current = Month.of(today)
    counted = _last(months, current)
    return CountedPeriod(counted, min(counted).first_day, current.last_day)


_MONTHS_OF_CODE = {2: 1, 3: 3, 4: 12}


def coded_period(code: int, today: date, earliest: Month | None) -> CountedPeriod:
    """The rule of servers: code 1 counts everything; 2, 3 and 4 stand for 1, 3 and 12 months.

    The dates enclose the counted months, which begin with the earliest one (None: the current one) for code 1.
    """
    if code != 1:
        return documented_period(_MONTHS_OF_CODE[code], today)
    current = Month.of(today)
    return CountedPeriod(None, min(earliest or current, current).first_day, current.last_day)


def shifted_dates(code: int, today: date) -> tuple[date | str, date | str]:
    """The dates that real servers print: from one month before the counted ones to the first day of the current one.

    For everything they are the text `N/A`.
    """
    if code == 1:
        return "N/A", "N/A"
    current = Month.of(today)
    return current.plus(-_MONTHS_OF_CODE[code]).first_day, current.first_day


def _last(months: int, current: Month) -> frozenset[Month]:
    return frozenset(current.plus(-back) for back in range(months))
