"""HTML from templates: everything escaped, figures and dates written for readers."""

import json
import re
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
    from markupsafe import Markup

_CODE: Final = re.compile(r"`([^`]+)`")
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


def events(kind: str, count: int) -> str:
    """What happened so many times, in words: `invoices created` of `invoice_created`."""
    noun, _, verb = kind.partition("_")
    return f"{noun}{'' if count == 1 else 's'} {verb}"


def rule(content: Mapping[str, Any]) -> str:
    """A fault rule in a line: `probability 0.04, delay lognormal median 800, sigma 0.6`."""
    return _spoken({name: value for name, value in content.items() if name not in ("id", "hits")})


def _spoken(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_spoken(inner)}" for name, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def marked(text: str) -> "Markup":
    """A text as HTML, escaped; what stands between backticks is code."""
    from markupsafe import Markup, escape

    return Markup(_CODE.sub(r"<code>\1</code>", escape(text)))  # noqa: S704 - escaped before  # nosec B704


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
        **{function.__name__: function for function in (money, number, day, moment, pretty, price, hyphenated)},
        instant=datetime.fromisoformat,
        marked=marked,
        rule=rule,
    )
    environment.globals.update(navigation=NAVIGATION)
    return environment
