"""Validates the fields of a body by its schema, with the limits of Django REST framework where the schema has none.

Values come out as the domain takes them: uuids as 32 lower-case hex digits, decimals as `Decimal`, dates as `date`,
instants as `datetime` in UTC.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Protocol, runtime_checkable

from waldur_billing_mock.mock_server.spec.address import is_web_address
from waldur_billing_mock.mock_server.spec.validation import (
    LONGEST_NUMBER,
    DecimalLimits,
    ErrorDetail,
    InvalidValue,
    ValidationError,
    Validator,
    decimal_limits,
    finite,
    nullable,
    python_type,
    types,
    unwanted_characters,
    validate_uuid,
)
from waldur_billing_mock.openapi.document import DocumentError, Node, resolve

_LOOSE_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_LOOSE_INSTANT: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d*)?)?\s*"
    r"(Z|[+-]\d{2}(?::?\d{2})?)?"
)


@runtime_checkable
class Upload(Protocol):
    """A file that came with a multipart body."""

    @property
    def filename(self) -> str: ...
    @property
    def size(self) -> int: ...


class Fields:
    """Validates the fields of a body (an object schema). Unknown keys are ignored."""

    def __init__(self, document: Node, schema: Node) -> None:
        schema = resolve(document, schema)
        self._required: Final = frozenset(schema.get("required", ()))
        properties = {name: resolve(document, part) for name, part in schema.get("properties", {}).items()}
        self._validators: Final = {name: _field_validator(document, part) for name, part in properties.items()}
        self._blank: Final = frozenset(name for name, part in properties.items() if _allows_blank(part))

    def validate(self, values: Mapping[str, Any], *, form: bool, only: frozenset[str] | None = None) -> dict[str, Any]:
        """The fields that were sent, as Python values; `only` leaves the others unread. Raises `ValidationError`."""
        accepted: dict[str, Any] = {}
        errors: dict[str, Sequence[ErrorDetail]] = {}
        for name, validate in self._validators.items():
            if only is not None and name not in only:
                continue
            # An empty form control of an optional field counts as not sent, unless blank text is a value of it.
            empty = form and values.get(name) == "" and name not in self._required and name not in self._blank
            if name not in values or empty:
                if name in self._required:
                    errors[name] = (ErrorDetail("required"),)
                continue
            try:
                accepted[name] = validate(values[name])
            except InvalidValue as invalid:
                errors[name] = invalid.errors
        if errors:
            raise ValidationError(errors)
        return accepted


def _field_validator(document: Node, schema: Node) -> Validator:
    """The validator of one field of a body. Raises `DocumentError` for a schema that the engine cannot validate."""
    kind = schema.get("format")
    match types(schema)[:1], kind:
        case ("array",), _ if resolve(document, schema["items"]).get("type") == "object":
            validate: Validator = _rows_validator(Fields(document, schema["items"]))
        case ("integer",), _:
            validate = _integer_validator(schema)
        case ("string",), "binary":
            validate = _upload
        case ("string",), "date":
            validate = _date
        case ("string",), "date-time":
            validate = _instant
        case ("string",), "decimal":
            validate = _decimal_validator(decimal_limits(schema))
        case ("string",), "uuid" | "uuid-hex":
            validate = validate_uuid
        case ("string",), "uri" if "x-waldur-link" in schema:
            validate = _hyperlink
        case ("string",), None | "uri":
            validate = _text_validator(schema)
        case _:
            raise DocumentError(f"The engine cannot validate a field of type {schema.get('type')!r}, format {kind!r}.")
    return validate if nullable(schema) else _not_null(validate)


def _allows_blank(schema: Node) -> bool:
    return schema.get("format") in (None, "uri") and schema.get("minLength", 0) == 0


def _not_null(validate: Validator) -> Validator:
    def validate_not_null(value: Any) -> Any:
        if value is None:
            raise InvalidValue(ErrorDetail("null"))
        return validate(value)

    return validate_not_null


def _text_validator(schema: Node) -> Validator:
    longest: int | None = schema.get("maxLength")
    blank = _allows_blank(schema)
    address = schema.get("format") == "uri"

    def validate(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise InvalidValue(ErrorDetail("not_a_url" if address else "not_a_string"))
        # A server reads a number with a fraction into a float and writes that out: 1.50 becomes 1.5.
        text = str(float(value) if isinstance(value, Decimal) else value).strip()
        if not text:
            if not blank:
                raise InvalidValue(ErrorDetail("blank"))
            return ""
        errors = []
        if longest is not None and len(text) > longest:
            errors.append(ErrorDetail("max_length", limit=longest))
        errors += unwanted_characters(text)
        if address and not is_web_address(text):
            errors.append(ErrorDetail("not_a_url"))
        if errors:
            raise InvalidValue(*errors)
        return text

    return validate


def _decimal_validator(limits: DecimalLimits) -> Validator:
    def validate(value: Any) -> Decimal:
        text = str(value).strip()
        if len(text) > LONGEST_NUMBER:
            raise InvalidValue(ErrorDetail("number_too_long"))
        number = finite(text)
        if isinstance(value, bool) or number is None:
            raise InvalidValue(ErrorDetail("not_a_number"))
        _, digits, exponent = number.as_tuple()
        assert isinstance(exponent, int), "only NaN and infinity have another exponent"
        places = max(0, -exponent)
        total = max(len(digits) + max(0, exponent), places)
        if total > limits.whole + limits.places:
            raise InvalidValue(ErrorDetail("max_digits", limit=limits.whole + limits.places))
        if places > limits.places:
            raise InvalidValue(ErrorDetail("max_places", limit=limits.places))
        if total - places > limits.whole:
            raise InvalidValue(ErrorDetail("max_whole_digits", limit=limits.whole))
        if number < 0 and not limits.signed:
            raise InvalidValue(ErrorDetail("minimum", limit=0))
        return number.quantize(Decimal(1).scaleb(-limits.places))

    return validate


def _integer_validator(schema: Node) -> Validator:
    least, largest = schema.get("minimum"), schema.get("maximum")

    def validate(value: Any) -> int:
        text = str(value).strip()
        number = finite(text) if len(text) <= LONGEST_NUMBER and not isinstance(value, bool) else None
        if number is None or number != number.to_integral_value():
            raise InvalidValue(ErrorDetail("not_an_integer"))
        if largest is not None and number > largest:
            raise InvalidValue(ErrorDetail("maximum", limit=largest))
        if least is not None and number < least:
            raise InvalidValue(ErrorDetail("minimum", limit=least))
        return int(number)

    return validate


def _rows_validator(row: Fields) -> Validator:
    """Validates a list of objects; the errors of each object are at its place in the list."""

    def validate(values: Any) -> list[dict[str, Any]]:
        if not isinstance(values, list):
            raise InvalidValue(ErrorDetail("not_a_list", value=python_type(values)))
        rows: list[dict[str, Any]] = []
        errors = []
        for value in values:
            found: Mapping[str, Sequence[ErrorDetail]] = {}
            try:
                if isinstance(value, dict):
                    rows.append(row.validate(value, form=False))
                else:
                    found = {"non_field_errors": [ErrorDetail("not_an_object", value=python_type(value))]}
            except ValidationError as error:
                found = error.errors
            errors.append(ErrorDetail("row", value=found))
        if any(error.value for error in errors):
            raise InvalidValue(*errors)
        return rows

    return validate


def _date(value: Any) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            if found := _LOOSE_DATE.fullmatch(value):
                try:
                    return date(*map(int, found.groups()))
                except ValueError:
                    pass
    raise InvalidValue(ErrorDetail("not_a_date"))


def _instant(value: Any) -> datetime:
    if not isinstance(value, str):
        raise InvalidValue(ErrorDetail("not_an_instant"))
    try:
        instant = _read_instant(value.upper())
    except ValueError:
        raise InvalidValue(ErrorDetail("not_an_instant")) from None
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:
        raise InvalidValue(ErrorDetail("instant_out_of_range")) from None


def _read_instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        found = _LOOSE_INSTANT.fullmatch(text)
        if found is None:
            raise
        *parts, fraction, zone = found.groups()
        year, month, day, hour, minute, second = (int(part or 0) for part in parts)
        # Without a zone on purpose: the caller puts the one that the text names, or UTC, in its place.
        naive = datetime(year, month, day, hour, minute, second, int((fraction or "0").ljust(6, "0")))  # noqa: DTZ001
        return naive if zone is None else datetime.fromisoformat(f"{naive.isoformat()}{zone}")


def _hyperlink(value: Any) -> str:
    if value == "":
        raise InvalidValue(ErrorDetail("null"))
    if not isinstance(value, str):
        raise InvalidValue(ErrorDetail("not_a_link", value=python_type(value)))
    return value


def _upload(value: Any) -> Upload:
    if not isinstance(value, Upload):
        raise InvalidValue(ErrorDetail("not_a_file"))
    if not value.size:
        raise InvalidValue(ErrorDetail("empty_file"))
    return value
