"""What the validators of body fields (`fields.py`) and query parameters (`query.py`) share.

All errors of an input are found at once. An error is a code with the figures of its message; the wording is that of
`web/problems.py`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from waldur_billing_mock.openapi.document import DocumentError, Node

LONGEST_NUMBER: Final = 1000
"""Characters of a number that are looked at; longer text is refused unread."""

_DECIMAL_PATTERN: Final = re.compile(r"\^(-\?)?\\d\{\d,(\d+)\}\(\?:\\\.\\d\{\d,(\d+)\}\)\?\$")
_USUAL_UUID: Final = re.compile("[0-9a-f]{8}(-?)[0-9a-f]{4}\\1[0-9a-f]{4}\\1[0-9a-f]{4}\\1[0-9a-f]{12}")
_HEX_UUID: Final = re.compile("[0-9a-f]{32}")

Validator = Callable[[Any], Any]
"""Takes a value as it was sent, returns it as the domain takes it, raises `InvalidValue`."""


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """What is wrong with one value: a code, and the value or limit that the message names."""

    code: str
    value: object = None
    limit: object = None


class ValidationError(Exception):
    """Raised with all errors of an input, by field or parameter name."""

    def __init__(self, errors: Mapping[str, Sequence[ErrorDetail]]) -> None:
        super().__init__(errors)
        self.errors = errors


class InvalidValue(Exception):
    """Raised by a validator of one value."""

    def __init__(self, *errors: ErrorDetail) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class DecimalLimits:
    """What a published decimal pattern says: digits before and after the point, and whether a minus is allowed."""

    signed: bool
    whole: int
    places: int


def decimal_limits(schema: Node) -> DecimalLimits:
    """The limits that the pattern of a `format: decimal` schema states. Raises `DocumentError` for another pattern."""
    found = _DECIMAL_PATTERN.fullmatch(schema.get("pattern", ""))
    if found is None:
        raise DocumentError(f"A decimal needs the published pattern; this one has {schema.get('pattern')!r}.")
    return DecimalLimits(signed=bool(found[1]), whole=int(found[2]), places=int(found[3]))


def types(schema: Node) -> tuple[str, ...]:
    """The JSON types that a schema names, the documented one first, without null."""
    named = schema.get("type", ())
    return tuple(name for name in ([named] if isinstance(named, str) else named) if name != "null")


def nullable(schema: Node) -> bool:
    """Whether null is a value of the schema."""
    alternatives = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
    return "null" in schema.get("type", ()) or any(nullable(part) for part in alternatives)


def hex_uuid(text: str) -> str:
    """The 32 lower-case hex digits of a uuid written in any form that Python's `UUID` takes. Raises `ValueError`.

    `UUID` itself also takes blanks, underscores and the digits of other scripts.
    """
    if _USUAL_UUID.fullmatch(text):
        return text.replace("-", "")
    digits = text.replace("urn:", "").replace("uuid:", "").strip("{}").replace("-", "").lower()
    if not _HEX_UUID.fullmatch(digits):
        raise ValueError(f"{text!r} is no uuid")
    return digits


def validate_uuid(value: Any) -> str:
    """The hex digits of a uuid. Raises `InvalidValue`."""
    try:
        return hex_uuid(str(value))
    except ValueError:
        raise InvalidValue(ErrorDetail("not_a_uuid")) from None


def finite(text: str) -> Decimal | None:
    """The finite number that a text is, or None."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def unwanted_characters(text: str) -> list[ErrorDetail]:
    """Faults for the characters that no text may hold: NUL, and halves of surrogate pairs."""
    errors = [ErrorDetail("null_character")] if "\x00" in text else []
    surrogates = [character for character in text if "\ud800" <= character <= "\udfff"]
    return errors + [ErrorDetail("surrogate", value=f"U+{ord(character):X}") for character in surrogates[:1]]


def python_type(value: object) -> str:
    """The name of the type as a server that reads JSON numbers into floats would print it."""
    return "float" if isinstance(value, Decimal) else type(value).__name__
