"""Instants and durations as people write them (ISO 8601)."""

from datetime import UTC, datetime, timedelta
from typing import cast

from waldur_billing_mock.mock_server.billing.clock import FIRST_YEAR, LAST_YEAR


def instant(text: str) -> datetime:
    """The instant that text names, in UTC where it names no zone; of a date, the first of the day.

    Raises `ValueError` for other text, and for an instant that no clock of a world can show.
    """
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a date; write it as 2025-11-22 or 2025-11-22T09:00:00Z.") from None
    return _possible(found)


def later(start: datetime, duration: str) -> datetime:
    """The instant that is a duration such as `P1M` or `P1DT12H` after another.

    A month ends where the calendar says: P1M after January 31 is the last of February. Raises `ValueError`.
    """
    import isodate  # loaded with the first duration

    try:
        length = isodate.parse_duration(duration)
    except (ValueError, TypeError):  # isodate's own error is a ValueError
        raise ValueError(f"{duration!r} is not a duration; write it as P1M, P10D, PT36H or P1Y2M.") from None
    try:
        end = cast("datetime", start + length)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{duration!r} cannot be added to {start.isoformat()}: {error}.") from None
    if end - start < timedelta(0):
        raise ValueError(f"{duration!r} goes back in time; use PUT /_mock/clock to set the clock back.")
    return _possible(end)


def _possible(found: datetime) -> datetime:
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"the clock must be between the years {FIRST_YEAR} and {LAST_YEAR}.")
    return found
