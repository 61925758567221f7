"""Django REST framework as an oracle of validation: what is accepted, as which value, and which messages refuse it.

Every schema of a request body is set beside a serializer with the same fields. Both get the same JSON text.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.descriptions import description
from tests.web.framework import serializers
from tests.web.nasty import ADDRESSES, COMMON, DATES, INSTANTS, NUMBERS, TEXTS
from waldur_billing_mock.mock_server.spec.fields import Fields
from waldur_billing_mock.mock_server.spec.validation import ValidationError, python_type
from waldur_billing_mock.mock_server.web.problems import invalid_fields, not_an_object

DOCUMENT: Final = description()


def serializer(**fields: Any) -> Any:
    return type("Oracle", (serializers.Serializer,), fields)


def text_field(longest: int) -> Any:
    return serializers.CharField(max_length=longest, required=False, allow_blank=True)


ITEM_UPDATE: Final = serializer(
    article_code=text_field(30),
    quantity=serializers.DecimalField(max_digits=22, decimal_places=10, required=False),
    unit_price=serializers.DecimalField(max_digits=22, decimal_places=10, min_value=0, required=False),
    start=serializers.DateTimeField(required=False),
    end=serializers.DateTimeField(required=False),
)
SERIALIZERS: Final[Mapping[str, Any]] = {
    "BackendIdRequest": serializer(backend_id=text_field(255)),
    "PaymentURLRequest": serializer(payment_url=serializers.URLField(max_length=200, required=False, allow_blank=True)),
    "ReferenceNumberRequest": serializer(reference_number=text_field(300)),
    "InvoiceItemUpdateRequest": ITEM_UPDATE,
    "PatchedInvoiceItemUpdateRequest": ITEM_UPDATE,
    "InvoiceItemCompensationRequest": serializer(offering_component_name=serializers.CharField()),
    "PaidRequest": serializer(date=serializers.DateField(), proof=serializers.FileField(required=False)),
}
FIELDS: Final = {name: Fields(DOCUMENT, {"$ref": f"#/components/schemas/{name}"}) for name in SERIALIZERS}
TEXT_FIELDS: Final = [
    ("BackendIdRequest", "backend_id"),
    ("PaymentURLRequest", "payment_url"),
    ("ReferenceNumberRequest", "reference_number"),
    ("InvoiceItemUpdateRequest", "article_code"),
    ("InvoiceItemCompensationRequest", "offering_component_name"),
]
NUMBER_FIELDS: Final = [("InvoiceItemUpdateRequest", "quantity"), ("PatchedInvoiceItemUpdateRequest", "unit_price")]
INSTANT_FIELDS: Final = [("InvoiceItemUpdateRequest", "start"), ("PatchedInvoiceItemUpdateRequest", "end")]
DATE_FIELDS: Final = [("PaidRequest", "date")]


class Literally(str):
    """A JSON number with all its digits."""


def written(body: object) -> str:
    """JSON text; the framework's parser and ours read the same characters."""
    text = json.dumps(body)
    literals = [value for value in body.values() if isinstance(value, Literally)] if isinstance(body, Mapping) else []
    for literal in literals:
        text = text.replace(json.dumps(literal), literal)
    return text


def theirs(name: str, text: str) -> object:
    """What the serializer makes of a JSON text: the values, or the messages."""
    return outcome(SERIALIZERS[name](data=json.loads(text)))


def theirs_of_form(name: str, text: str) -> object:
    return outcome(SERIALIZERS[name](data=QueryDict(text)))


def outcome(serializer: Any) -> object:
    if serializer.is_valid():
        return dict(serializer.validated_data)
    return {field: [str(message) for message in messages] for field, messages in serializer.errors.items()}


def ours(name: str, text: str) -> object:
    """What the engine makes of a JSON text: the values, or the messages."""
    value = json.loads(text, parse_float=Decimal)
    if not isinstance(value, dict):
        return not_an_object(python_type(value)).body
    return validated(name, value, form=False)


def ours_of_form(name: str, text: str) -> object:
    return validated(name, dict(parse_qsl(text, keep_blank_values=True)), form=True)


def validated(name: str, value: Mapping[str, Any], *, form: bool) -> object:
    try:
        return FIELDS[name].validate(value, form=form)
    except ValidationError as invalid:
        return invalid_fields(invalid.errors).body


CASES: Final = [
    *((name, {field: value}) for name, field in TEXT_FIELDS for value in TEXTS),
    *(("PaymentURLRequest", {"payment_url": value}) for value in ADDRESSES),
    *((name, {field: value}) for name, field in NUMBER_FIELDS for value in NUMBERS),
    *((name, {field: value}) for name, field in INSTANT_FIELDS for value in INSTANTS),
    *((name, {field: value}) for name, field in DATE_FIELDS for value in DATES),
    *(("PaidRequest", {"date": "2025-11-22", "proof": value}) for value in COMMON),
    *((name, body) for name in SERIALIZERS for body in [{}, {"other": 1}, [], [1], "x", "", 1, 1.5, True, None]),
]
WRONG_DATE: Final = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."


class Difference(NamedTuple):
    """A body that we validate otherwise, what we make of it, and why."""

    name: str
    body: Mapping[str, object]
    ours: object
    reason: str


DIFFERENCES: Final = (
    Difference(
        "InvoiceItemUpdateRequest",
        {"start": "2025-11-22t10:00:00z"},
        {"start": datetime(2025, 11, 22, 10, tzinfo=UTC)},
        "The description says `format: date-time`, and RFC 3339 lets T and Z be small letters.",
    ),
    Difference(
        "PaidRequest",
        {"date": "2025-11-22\n"},
        {"date": [WRONG_DATE]},
        "The description says `format: date`; a line break slips through the framework's pattern by accident.",
    ),
    Difference(
        "InvoiceItemUpdateRequest",
        {"quantity": Literally("1.00000000000")},
        {"quantity": ["Ensure that there are no more than 10 decimal places."]},
        "A JSON number is read digit for digit here; the framework reads a float, and the zeros are gone.",
    ),
    Difference(
        "InvoiceItemUpdateRequest",
        {"quantity": Literally("123456789012.0123456789")},
        {"quantity": Decimal("123456789012.0123456789")},
        "A JSON number is read digit for digit here; a float has no room for so many digits.",
    ),
)


@pytest.mark.parametrize(("name", "body"), CASES)
def test_a_body_is_validated_as_the_framework_validates_it(name: str, body: object) -> None:
    text = written(body)

    assert ours(name, text) == theirs(name, text)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.reason.split(";")[0])
def test_where_we_validate_otherwise_there_is_a_reason(difference: Difference) -> None:
    text = written(difference.body)

    assert ours(difference.name, text) == difference.ours
    assert theirs(difference.name, text) != difference.ours


FORMS: Final = (
    "",
    "x=1",
    "{0}=",
    "{0}=+",
    "{0}=%20x%20",
    "{0}=1",
    "{0}=a&{0}=2",
    "{0}=%00",
    "{0}=2025-11-22",
    "{0}=\u00e4",
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "field"),
    [*TEXT_FIELDS, *NUMBER_FIELDS, *INSTANT_FIELDS, ("PaidRequest", "date"), ("PaidRequest", "proof")],
)
def test_a_form_is_validated_as_the_framework_validates_it(name: str, field: str, form: str) -> None:
    text = form.format(field)

    assert ours_of_form(name, text) == theirs_of_form(name, text)


JSON_VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=5,
)
NUMBER_TEXTS: Final = st.from_regex(r"[ +-]?[0-9_]{0,14}(\.[0-9]{0,12})?([eE][+-]?[0-9]{1,2})?\Z")
INSTANT_TEXTS: Final = st.from_regex(
    r"[0-9]{4}-[01]?[0-9]-[0-3]?[0-9]([T ][0-2]?[0-9]:[0-6]?[0-9](:[0-6]?[0-9]([.,][0-9]{1,7})?)?"
    r"( ?(Z|[+-][0-2][0-9](:?[0-9]{2})?))?)?\Z"
)
HOSTS: Final = st.text(st.sampled_from("a1-_.\u00e4:[]@/?# "), max_size=20)
ADDRESS_TEXTS: Final = st.builds("{}://{}{}".format, st.sampled_from(["http", "HTTPS", "ftp", "x"]), HOSTS, HOSTS)
KINDS: Final[Mapping[str, tuple[list[tuple[str, str]], st.SearchStrategy[str]]]] = {
    "texts": (TEXT_FIELDS, st.text()),
    "addresses": ([("PaymentURLRequest", "payment_url")], ADDRESS_TEXTS),
    "numbers": (NUMBER_FIELDS, NUMBER_TEXTS),
    "instants": (INSTANT_FIELDS, INSTANT_TEXTS),
    "dates": (DATE_FIELDS, INSTANT_TEXTS),
}


@settings(max_examples=80, derandomize=True, database=None)
@given(st.data())
@pytest.mark.parametrize("kind", KINDS)
def test_any_value_is_validated_as_the_framework_validates_it(kind: str, data: st.DataObject) -> None:
    fields, strategy = KINDS[kind]
    name, field = data.draw(st.sampled_from(fields))
    text = written({field: data.draw(strategy | JSON_VALUES)})

    assert ours(name, text) == theirs(name, text)


@settings(max_examples=60, derandomize=True, database=None)
@given(st.sampled_from(sorted(SERIALIZERS)), JSON_VALUES)
def test_any_body_is_validated_as_the_framework_validates_it(name: str, body: object) -> None:
    text = written(body)

    assert ours(name, text) == theirs(name, text)
