"""The kinds of the fields of a world file: which values the stored fields of a class may have."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.recorded import Recorded
from waldur_billing_mock.mock_server.world_values import (
    ANY_YEAR,
    BOOLEAN,
    JSON,
    TEXT,
    Kind,
    Unfit,
    choice,
    date_of,
    decimal,
    instant,
    integer,
    list_of,
    mapping_of,
    object_of,
    or_null,
    text_of,
)

# Years in which due dates and the costs of the year before are within the calendar.
_SAFE_YEAR: Final = "(1[89][0-9]{2}|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-5])"
_UUID: Final = "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"


class _Json:
    """Replaces the recursive type of free-form JSON while annotations are read."""


INTEGER: Final = integer("an integer of at most 15 digits", 1 - 10**15, 10**15 - 1)
NOW: Final = instant(_SAFE_YEAR, " from 1800 to 9995")
PAYMENT_INTERVAL: Final = integer("a number of days from 0 to 1000", 0, 1000)
GRACE_PERIOD: Final = integer("a number of hours from 0 to 671", 0, 671)
_UUID_WORDS: Final = "a uuid of 32 lower-case hexadecimal digits, with or without hyphens"
UUID: Final = text_of(_UUID_WORDS, _UUID, parse=lambda text: text.replace("-", ""))
UUID_OR_EMPTY: Final = text_of(f'{_UUID_WORDS}, or ""', f"({_UUID})?", parse=lambda text: text.replace("-", ""))
_TAX: Final = text_of(
    'a percentage from 0 to 100 as text, such as "22.00"',
    r"[0-9]{1,2}(\.[0-9]{1,2})?|100(\.0{1,2})?",
    parse=Decimal,
    write=lambda value: format(value, "f"),
)
_LIMIT_PERIOD: Final = mapping_of(
    JSON, {"start": TEXT, "end": TEXT, "quantity": INTEGER, "billing_periods": INTEGER, "total": TEXT}
)
_DETAILS: Final = mapping_of(
    JSON,
    {
        **{f"{owner}_name": TEXT for owner in ("resource", "plan", "offering", "service_provider")},
        **{f"{owner}_uuid": UUID_OR_EMPTY for owner in ("resource", "plan", "offering", "service_provider")},
        "offering_type": TEXT,
        "offering_component_type": TEXT,
        "offering_component_name": TEXT,
        "plan_component_id": INTEGER,
        "resource_limit_periods": list_of(_LIMIT_PERIOD),
    },
)
_CUSTOMER: Final[Mapping[str, Kind]] = {
    "address": text_of("text", longest=300),
    "email": text_of('an email address, or "",', r"([^@\s]+@[^@\s]+)?", 75),
    "postal": text_of("text", longest=20),
    "vat_code": text_of("text", longest=20),
}
ISSUER_DETAILS: Final = mapping_of(
    JSON,
    {
        **_CUSTOMER,
        "company": text_of("text", longest=150),
        "country_code": TEXT,
        "country": TEXT,
        "phone": object_of({"country_code": TEXT, "national_number": TEXT}),
        "bank": text_of("text", longest=150),
        "account": text_of("text", longest=50),
    },
)

_BY_TYPE: Final[Mapping[Any, Kind]] = {
    str: TEXT,
    int: INTEGER,
    bool: BOOLEAN,
    Decimal: decimal(12, 10),
    date: date_of(ANY_YEAR),
    datetime: instant(ANY_YEAR),
    _Json: JSON,
}
# Fields with limits of their own: those that the description publishes, and those that other values depend on.
_BY_NAME: Final[Mapping[str, Kind]] = {
    **_CUSTOMER,
    "id": integer("an integer from 1 to 2147483647", 1, 2**31 - 1),
    "year": integer("a year from 1800 to 9995", 1800, 9995),
    "month": integer("a month from 1 to 12", 1, 12),
    "invoice_date": date_of(_SAFE_YEAR, " from 1800 to 9995"),
    "unit": choice("month", "quarter", "half_month", "day", "hour", "quantity"),
    "unit_price": decimal(10, 10),
    "quantity": decimal(10, 10),
    "tax_percent": _TAX,
    "default_tax_percent": _TAX,
    "limit_cost": integer("a whole number from 0 to 2147483647", 0, 2**31 - 1),
    "period": integer("a code from 1 to 4", 1, 4),
    "details": _DETAILS,
    "stored_project_uuid": UUID_OR_EMPTY,
    "token": text_of("1 to 255 visible ASCII characters without blanks", "[!-~]{1,255}"),
    "username": text_of("text that is not empty", r"[\s\S]+"),
    "country": text_of('a country code of two letters such as "EE", or ""', "([A-Z]{2})?"),
    "phone_number": text_of("text", longest=255),
    "bank_name": text_of("text", longest=150),
    "bank_account": text_of("text", longest=50),
    "article_code": text_of("text", longest=30),
    "measured_unit": text_of("text", longest=30),
    "backend_id": text_of("text", longest=255),
    "payment_url": text_of('a web address, or "",', r"([A-Za-z][A-Za-z0-9+.-]*://\S+)?", 200),
    "reference_number": text_of("text", longest=300),
}


def _month(text: str) -> Month:
    year, _, month = text.partition("-")
    return Month(int(year), int(month))


_SINCE: Final = text_of(
    'a month such as "2026-01"',
    f"{_SAFE_YEAR}-(0[1-9]|1[0-2])",
    parse=_month,
    write=lambda month: str(month.padded),
)
_PART: Final = choice("", "customers", "sample")
_RECORDED: Final = mapping_of(JSON, {"since": or_null(_SINCE), "part": _PART, "missing": mapping_of(TEXT)})


def _recorded(value: Any) -> Recorded:
    found = _RECORDED.read(value)
    if unknown := found.keys() - {"since", "part", "missing"}:
        raise Unfit(min(unknown), "since, part or missing")
    return Recorded(**found)


RECORDED: Final = Kind(
    "an object with since, part and missing",
    {**_RECORDED.schema, "additionalProperties": False},
    _recorded,
    lambda value: {
        "since": value.since and _SINCE.write(value.since),
        "part": value.part,
        "missing": dict(value.missing),
    },
)


def stored_fields(row_type: type[Any]) -> Mapping[str, tuple[Kind, bool]]:
    """The fields that a class stores: the kind of the value, and whether the field must be there."""
    hints = get_type_hints(row_type, localns={"Json": _Json})
    return {
        field.name: (
            _kind(hints[field.name], field.name),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(row_type)
    }


def _kind(hint: Any, name: str) -> Kind:
    """The kind of a type. By its name a text is a uuid or not, and single fields have kinds of their own."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (one,) = [part for part in arguments if part is not NoneType]
        return or_null(_kind(one, name))
    if name in _BY_NAME:
        return _BY_NAME[name]
    if hint is str and name.endswith("uuid"):
        return UUID
    if hint in _BY_TYPE:
        return _BY_TYPE[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        return object_of({field: kind for field, (kind, _) in stored_fields(hint).items()}, hint)
    if origin is Literal:
        return choice(*arguments)
    if origin is tuple:
        return list_of(_kind(arguments[0], name), tuple)
    if origin is frozenset:
        return list_of(_kind(arguments[0], name.removesuffix("s")), frozenset, sorted)
    return mapping_of(_kind(arguments[1], name))
