"""HTML from templates: everything escaped, figures and dates written for readers."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from waldur_billing_mock.mock_server.billing.money import half_even
from waldur_billing_mock.mock_server.pages.navigation import NAVIGATION
from waldur_billing_mock.mock_server.spec.render import hyphenated

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER: Final = Path(__file__).parent / "templates"


def render(template: str, context: Mapping[str, Any]) -> str:
    """The text of a template. A name that the context does not have raises `jinja2.UndefinedError`."""
    return _environment().get_template(template).render(context)


def money(value: Decimal | None) -> str:
    """Two places, rounded half to even, thousands apart: `1,234.50`; a dash for no value."""
    return "–" if value is None else f"{half_even(value):,}"


def price(value: Decimal) -> str:
    """A price with all its places, two at least: `0.0375`, `12.50`."""
    return f"{value:,f}" if -int(value.as_tuple().exponent) > 2 else f"{value:,.2f}"


def number(value: Decimal | int) -> str:
    """A quantity without the zeros at its end: `1,234.5`."""
    if isinstance(value, int):
        return f"{value:,}"
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def day(value: date | None) -> str:
    """`22 Nov 2025`; a dash for no day."""
    return "–" if value is None else f"{value.day} {value:%b %Y}"


def moment(value: datetime | None) -> str:
    """`22 Nov 2025, 09:00`; a dash for no moment."""
    return "–" if value is None else f"{day(value)}, {value:%H:%M}"


def pretty(value: Any) -> str:
    """JSON over several lines."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


@cache
def _environment() -> "Environment":
    # Loaded with the first page: a server that is only called by programs starts without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        money=money, number=number, day=day, moment=moment, pretty=pretty, price=price, hyphenated=hyphenated
    )
    environment.globals.update(navigation=NAVIGATION)
    return environment
