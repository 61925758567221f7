"""Months as the pages name them and choose among them."""

from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World


def month_name(month: Month) -> str:
    """`Nov 2025`."""
    return f"{month.first_day:%b %Y}"


def read_month(text: str) -> Month | None:
    """The month that `2025-11` names; None for any other text."""
    year, _, number = text.partition("-")
    if year.isdecimal() and number.isdecimal() and len(year) == 4 and 1 <= int(number) <= 12:
        return Month(int(year), int(number))
    return None


def months(world: World) -> list[tuple[str, str]]:
    """The months of the last two years, the newest first."""
    current = Month.of(world.now)
    last = [current.plus(-back) for back in range(25)]
    return [("", "Any month"), *((month.padded, month_name(month)) for month in last)]
