"""Validates the query parameters of an operation, text in and Python values out, as Waldur's filters do.

uuids come out as 32 lower-case hex digits, dates as `date`, numbers as `int` or `Decimal`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from waldur_billing_mock.mock_server.spec.validation import (
    LONGEST_NUMBER,
    ErrorDetail,
    InvalidValue,
    ValidationError,
    Validator,
    finite,
    types,
    unwanted_characters,
    validate_uuid,
)
from waldur_billing_mock.openapi.document import DocumentError, Node
from waldur_billing_mock.openapi.operation import Parameter

_ASTRONOMICAL: Final = Decimal(10) ** 60
_EXACT: Final = 2**53
"""Integers below it are exact as binary numbers."""
_FILTER_DATES: Final = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%b %d %Y", "%b %d, %Y", "%d %b %Y", "%d %b, %Y")
_FILTER_DATES_LONG: Final = ("%B %d %Y", "%B %d, %Y", "%d %B %Y", "%d %B, %Y")


class Query:
    """Validates the query parameters of an operation. Empty values count as not sent where they are allowed."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self._parameters: Final = {one.name: (one, _parameter_validator(one)) for one in parameters}

    def validate(self, sent: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Every parameter that was sent or has a default, by name. Raises `ValidationError`."""
        accepted: dict[str, Any] = {}
        errors: dict[str, Sequence[ErrorDetail]] = {}
        for name, (parameter, validate) in self._parameters.items():
            values = sent.get(name)
            if values is None or (parameter.allows_empty and not any(values)):
                if parameter.required:
                    errors[name] = (ErrorDetail("required"),)
                elif "default" in parameter.schema:
                    accepted[name] = parameter.schema["default"]
                continue
            try:
                accepted[name] = validate(values)
            except InvalidValue as invalid:
                errors[name] = invalid.errors
        if errors:
            raise ValidationError(errors)
        return accepted


def _parameter_validator(parameter: Parameter) -> Callable[[Sequence[str]], Any]:
    schema = parameter.schema
    if types(schema)[:1] == ("array",):
        choices = schema["items"].get("enum")
        # Strict: only the form that `explode` describes, repeated or comma-separated; otherwise both of them.
        strict = parameter.extensions.get("x-waldur-strict-style", False)

        def validate_all(values: Sequence[str]) -> list[str]:
            if not strict:
                parts = [part for value in values for part in value.split(",")]
            else:
                parts = list(values) if parameter.explode else values[-1].split(",")
            for part in parts:
                if choices is not None and part not in choices:
                    raise InvalidValue(ErrorDetail("not_a_choice", value=part))
            # A value that is repeated says nothing new, and would cost as often as it is sent.
            return list(dict.fromkeys(parts))

        return validate_all
    validated_as = parameter.extensions.get("x-waldur-validated-as")
    validate = str if validated_as == "text" else _scalar_validator(schema, argument=validated_as == "field")
    # Where a single value is due and several are sent, the last one counts (Django's QueryDict).
    return lambda values: validate(values[-1])


def _scalar_validator(schema: Node, *, argument: bool) -> Validator:
    kind = types(schema) or ("string",)
    match kind[0], schema.get("format"):
        case "string", "uuid":
            # A form field strips blanks, unlike a path or a serializer.
            return lambda value: validate_uuid(value.strip())
        case "string", "date":
            return _filter_date
        case "boolean", _:
            # Anything but `true` or `false` is taken as not sent.
            return {"true": True, "false": False}.get
        case "integer" | "number", _ if "string" in kind:
            return str
        case "integer", _ if kind == ("integer",) and (argument or "maximum" in schema):
            return _integer_validator(schema)
        case "integer" | "number", _:
            return _filter_number_validator(schema, whole=kind == ("integer",), cut="integer" in kind)
        case "string", None | "uri":
            return _filter_text
    raise DocumentError(f"The engine cannot validate a parameter of type {kind!r}, format {schema.get('format')!r}.")


def _integer_validator(schema: Node) -> Validator:
    def validate(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            raise InvalidValue(
                ErrorDetail("not_in_enum" if "enum" in schema else "not_an_integer", value=value)
            ) from None
        if "enum" in schema and number not in schema["enum"]:
            raise InvalidValue(ErrorDetail("not_in_enum", value=value))
        if number > schema.get("maximum", number):
            raise InvalidValue(ErrorDetail("maximum", limit=_named(schema["maximum"])))
        if number < schema.get("minimum", number):
            raise InvalidValue(ErrorDetail("minimum", limit=schema["minimum"]))
        return number

    return validate


def _filter_number_validator(schema: Node, *, whole: bool, cut: bool) -> Validator:
    largest = Decimal(str(schema["maximum"])) if "maximum" in schema else None

    def validate(value: str) -> int | Decimal:
        number = finite(value.strip()) if len(value) <= LONGEST_NUMBER else None
        if number is None or (whole and number != number.to_integral_value()):
            raise InvalidValue(ErrorDetail("not_a_number"))
        if largest is not None and number > largest:
            raise InvalidValue(ErrorDetail("maximum", limit=_named(schema["maximum"])))
        # A number of astronomical size matches nothing, and making an integer of it could take forever.
        small = number.copy_abs() < _ASTRONOMICAL
        return int(number) if small and (cut or number == number.to_integral_value()) else number

    return validate


def _named(limit: float) -> float:
    """A limit as messages show it: one that only a binary number comes near to in the short form of that number."""
    return limit if abs(limit) < _EXACT else float(limit)


def _filter_text(value: str) -> str:
    if errors := unwanted_characters(value):
        raise InvalidValue(*errors)
    return value


def _filter_date(value: str) -> date:
    for form in (*_FILTER_DATES, *_FILTER_DATES_LONG):
        try:
            # A date has no zone; strptime is the reader of these forms.
            return datetime.strptime(value.strip(), form).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise InvalidValue(ErrorDetail("not_a_filter_date"))
