"""Values as they come over the wire, compared by what they mean: decimals, identifiers, links, instants.

A decimal may be a JSON number or text, a uuid may have hyphens or not, an instant may end in `Z` or `+00:00`, and a
link counts by its path alone (behaviour 10).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

Row = Mapping[str, Any]
"""A JSON object of an answer; its fractions are `Decimal`."""

NO_OBJECT: Final = "0" * 32
"""The nil uuid, which names no object."""

_CENT: Final = Decimal("0.01")
_EXACT: Final = Context(prec=120)
_FRACTION: Final = re.compile(r"-?\d+\.\d+")
_UUID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\Z")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    def back(self, months: int) -> "Month":
        """The month so many months before."""
        number = self.year * 12 + self.month - 1 - months
        return Month(number // 12, number % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"


class Malformed(ValueError):
    """A value that is not what it ought to be; the text says what was expected, without showing the value."""


def parse(body: bytes) -> Any:
    """The JSON value of a body, fractions as `Decimal`. Raises `Malformed`."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Malformed("JSON") from error


def decimal(value: object) -> Decimal:
    """The number that a JSON number or a numeric text means. Raises `Malformed`."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise Malformed("a number or numeric text")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise Malformed("a number or numeric text") from error
    if not number.is_finite():
        raise Malformed("a finite number")
    return number


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    result = Decimal(0)
    for value in values:
        result = _EXACT.add(result, value)
    return result


def product(left: Decimal, right: Decimal) -> Decimal:
    """The exact product."""
    return _EXACT.multiply(left, right)


def away_from_zero(value: Decimal) -> Decimal:
    """Rounded to cents as item prices are: 0.001 → 0.01, -0.001 → -0.01."""
    return value.quantize(_CENT, rounding=ROUND_UP, context=_EXACT)


def half_even(value: Decimal, unit: Decimal = _CENT) -> Decimal:
    """Rounded to a unit, cents by default, as taxes and sums are printed: 0.025 → 0.02, 0.035 → 0.04."""
    return value.quantize(unit, rounding=ROUND_HALF_EVEN, context=_EXACT)


def half_up(value: Decimal) -> Decimal:
    """Rounded to cents as figures are stored: 0.025 → 0.03, -0.025 → -0.03."""
    return value.quantize(_CENT, rounding=ROUND_HALF_UP, context=_EXACT)


def is_uuid(value: object) -> bool:
    """Whether a value is a uuid in lower case, with hyphens or without."""
    return isinstance(value, str) and _UUID.match(value) is not None


def identifier(value: object) -> str:
    """The 32 digits of a uuid, or of the uuid at the end of a link. Raises `Malformed`."""
    found = _digits(value) if isinstance(value, str) else None
    if found is None:
        raise Malformed("a uuid, or a link that ends in one")
    return found


@lru_cache(maxsize=100_000)
def _digits(text: str) -> str | None:
    last = text.rstrip("/").rpartition("/")[2]
    return last.replace("-", "") if _UUID.match(last) else None


def identity_of(row: Row) -> str:
    """What tells a row of a list from the others. Raises `Malformed` where its uuid is none."""
    if "uuid" in row:
        return identifier(row["uuid"])
    if "offering_name" in row:
        return f"{row['offering_name']} of {row.get('service_provider_uuid')}"
    return f"{row.get('year', '')}-{row.get('month', '')}"


def hyphenated(digits: str) -> str:
    """A uuid of 32 digits, written with hyphens."""
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def optional_identifier(value: object) -> str | None:
    """As `identifier`; None where there is no object: null, blank, or the nil uuid."""
    if value is None or value == "":
        return None
    found = identifier(value)
    return None if found == NO_OBJECT else found


def instant(value: object) -> datetime:
    """The moment that an ISO 8601 text with a zone means, in UTC. Raises `Malformed`."""
    if not isinstance(value, str) or not _INSTANT.match(value):
        raise Malformed("an ISO 8601 date-time with a zone")
    return datetime.fromisoformat(value).astimezone(UTC)


def day(value: object) -> date:
    """The day that a text of the form YYYY-MM-DD means. Raises `Malformed`."""
    try:
        if isinstance(value, str) and _DAY.match(value):
            return date.fromisoformat(value)
    except ValueError as error:
        raise Malformed("a day of the calendar") from error
    raise Malformed("an ISO 8601 date")


def plain(value: Any) -> Any:
    """A value in the one form in which values of the same meaning are equal; missing and null are the same."""
    match value:
        case dict():
            members = {key: plain(member) for key, member in value.items()}
            return {key: member for key, member in members.items() if member not in (None, NO_OBJECT, "")}
        case list():
            return [plain(member) for member in value]
        case str() if value.startswith(("http://", "https://")):
            return plain_link(value)
        case str() if _UUID.match(value):
            return value.replace("-", "")
        case str() if _INSTANT.match(value):
            return instant(value)
        case int() | Decimal() if not isinstance(value, bool):
            return Decimal(value).normalize(_EXACT)
        case str() if _FRACTION.fullmatch(value):
            return Decimal(value).normalize(_EXACT)
    return value


def plain_link(link: str) -> str:
    """The path of a link, its uuid without hyphens."""
    path = "/" + re.sub(r"^https?://", "", link).partition("/")[2]
    head, _, last = path.rstrip("/").rpartition("/")
    return f"{head}/{last.replace('-', '')}/" if _UUID.match(last) else path


def shape(value: Any) -> Any:
    """What may be shown of a value without showing it: types and lengths, and the names of an object's fields."""
    match value:
        case None | bool():
            return value
        case int():
            return "an integer"
        case Decimal():
            return f"a number with {max(0, -int(value.as_tuple().exponent))} decimals"
        case str() if is_uuid(value):
            return "a uuid with hyphens" if "-" in value else "a uuid of 32 digits"
        case str():
            return f"text of {len(value)} characters" if value else "blank text"
        case Mapping():
            return {key: shape(member) for key, member in value.items()}
        case list() | tuple():
            return [shape(value[0]), f"… {len(value)} in all"] if len(value) > 1 else [shape(m) for m in value]
    return type(value).__name__
