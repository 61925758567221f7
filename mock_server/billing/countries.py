"""The English names of countries (ISO 3166), by the two-letter code. Waldur reads them from pycountry as well."""

from __future__ import annotations

from functools import cache


@cache
def country_name(code: str) -> str | None:
    """The name of the country; None when the code is empty or unknown."""
    # Imported with the first name that is asked for: it takes 50 ms, which the start of a server does without.
    import pycountry

    found = pycountry.countries.get(alpha_2=code) if code else None
    # The library also finds lower-case codes, which no country has.
    return str(found.name) if found is not None and found.alpha_2 == code else None
