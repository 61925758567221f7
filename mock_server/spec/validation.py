"""Judges input along its schema: text and JSON in, Python values or faults out. All faults are found at once.

Values come out as the domain takes them: uuids as 32 lower-case hex digits, decimals as `Decimal`, dates as `date`,
instants as `datetime` in UTC. A fault is a code with the figures it speaks of; its wording is not known here.
The limits are those of Django REST framework where a schema leaves room (trimming, blanks, numbers as text).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol, runtime_checkable
from uuid import UUID

from mock_server.spec.document import DocumentError, Node, resolve
from mock_server.spec.operation import Parameter

LONGEST_NUMBER: Final = 1000
"""Characters of a number that are looked at; longer text is refused unread."""

_WEB_ADDRESS: Final = re.compile(
    r"(?:https?|ftps?)://"
    r"(?:[^\s:@/]+(?::[^\s:@/]*)?@)?"
    r"(?:localhost|\[[0-9a-f:.]+\]|\d{1,3}(?:\.\d{1,3}){3}"
    r"|(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:xn--[a-z0-9-]{1,59}|(?:[^\W\d_]|[^\W_][\w-]{0,61})[^\W\d_])\.?)"
    r"(?::\d{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_LONGEST_ADDRESS: Final = 2048
_DECIMAL_PATTERN: Final = re.compile(r"\^(-\?)?\\d\{\d,(\d+)\}\(\?:\\\.\\d\{\d,(\d+)\}\)\?\$")
_LOOSE_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_LOOSE_INSTANT: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d*)?)?\s*"
    r"(Z|[+-]\d{2}(?::?\d{2})?)?"
)
_FILTER_DATES: Final = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%b %d %Y", "%b %d, %Y", "%d %b %Y", "%d %b, %Y")
_FILTER_DATES_LONG: Final = ("%B %d %Y", "%B %d, %Y", "%d %B %Y", "%d %B, %Y")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one value: a code, and the value or limit that the message names."""

    code: str
    value: object = None
    limit: object = None


class Invalid(Exception):
    """Raised with all faults of an input, by field or parameter name."""

    def __init__(self, faults: Mapping[str, Sequence[Fault]]) -> None:
        super().__init__(faults)
        self.faults = faults


class Faulty(Exception):
    """Raised by a judge of one value."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults)
        self.faults = faults


@runtime_checkable
class Upload(Protocol):
    """A file that came with a multipart body."""

    @property
    def filename(self) -> str: ...
    @property
    def content(self) -> bytes: ...


Judge = Callable[[Any], Any]
"""Takes a value as it was sent, returns it as the domain takes it, raises `Faulty`."""


@dataclass(frozen=True, slots=True)
class DecimalLimits:
    """What a published decimal pattern says: digits before and after the point, and whether a minus may stand."""

    signed: bool
    whole: int
    places: int


def decimal_limits(schema: Node) -> DecimalLimits:
    """The limits that the pattern of a `format: decimal` schema states. Raises `DocumentError` for another pattern."""
    found = _DECIMAL_PATTERN.fullmatch(schema.get("pattern", ""))
    if found is None:
        raise DocumentError(f"A decimal needs the published pattern; this one has {schema.get('pattern')!r}.")
    return DecimalLimits(signed=bool(found[1]), whole=int(found[2]), places=int(found[3]))


class Fields:
    """Judges the fields of a body (an object schema). Unknown keys are ignored."""

    def __init__(self, document: Node, schema: Node) -> None:
        schema = resolve(document, schema)
        self._required: Final = frozenset(schema.get("required", ()))
        properties = {name: resolve(document, part) for name, part in schema.get("properties", {}).items()}
        self._judges: Final = {name: field_judge(part) for name, part in properties.items()}
        self._blank: Final = frozenset(name for name, part in properties.items() if _allows_blank(part))

    def judge(self, values: Mapping[str, Any], *, form: bool, only: frozenset[str] | None = None) -> dict[str, Any]:
        """The fields that were sent, as Python values; `only` leaves the others unread. Raises `Invalid`."""
        accepted: dict[str, Any] = {}
        faults: dict[str, Sequence[Fault]] = {}
        for name, judge in self._judges.items():
            if only is not None and name not in only:
                continue
            # An empty form control of an optional field counts as not sent, unless blank text is a value of it.
            empty = form and values.get(name) == "" and name not in self._required and name not in self._blank
            if name not in values or empty:
                if name in self._required:
                    faults[name] = (Fault("required"),)
                continue
            try:
                accepted[name] = judge(values[name])
            except Faulty as faulty:
                faults[name] = faulty.faults
        if faults:
            raise Invalid(faults)
        return accepted


class Query:
    """Judges the query parameters of an operation. Empty values count as not sent where the description allows them."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self._parameters: Final = {parameter.name: (parameter, _parameter_judge(parameter)) for parameter in parameters}

    def judge(self, sent: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Every parameter that was sent or has a default, by name. Raises `Invalid`."""
        accepted: dict[str, Any] = {}
        faults: dict[str, Sequence[Fault]] = {}
        for name, (parameter, judge) in self._parameters.items():
            values = sent.get(name)
            if values is None or (parameter.allows_empty and not any(values)):
                if parameter.required:
                    faults[name] = (Fault("required"),)
                elif "default" in parameter.schema:
                    accepted[name] = parameter.schema["default"]
                continue
            try:
                accepted[name] = judge(values)
            except Faulty as faulty:
                faults[name] = faulty.faults
        if faults:
            raise Invalid(faults)
        return accepted


def types(schema: Node) -> tuple[str, ...]:
    """The JSON types that a schema names, the documented one first, without null."""
    named = schema.get("type", ())
    return tuple(name for name in ([named] if isinstance(named, str) else named) if name != "null")


def nullable(schema: Node) -> bool:
    """Whether null is a value of the schema."""
    alternatives = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
    return "null" in schema.get("type", ()) or any(nullable(part) for part in alternatives)


def hex_uuid(text: str) -> str:
    """The 32 lower-case hex digits of a uuid written in any form. Raises `ValueError`."""
    return UUID(text.strip()).hex


def field_judge(schema: Node) -> Judge:
    """The judge of one field of a body. Raises `DocumentError` for a schema that the engine has no judge for."""
    kind = schema.get("format")
    match types(schema)[:1], kind:
        case ("string",), "binary":
            judge: Judge = _upload
        case ("string",), "date":
            judge = _date
        case ("string",), "date-time":
            judge = _instant
        case ("string",), "decimal":
            judge = _decimal_judge(decimal_limits(schema))
        case ("string",), "uuid":
            judge = _uuid
        case ("string",), "uri" if "x-waldur-link" in schema:
            judge = _hyperlink
        case ("string",), None | "uri":
            judge = _text_judge(schema)
        case _:
            raise DocumentError(f"The engine cannot judge a field of type {schema.get('type')!r}, format {kind!r}.")
    return judge if nullable(schema) else _not_null(judge)


def _allows_blank(schema: Node) -> bool:
    return schema.get("format") in (None, "uri") and schema.get("minLength", 0) == 0


def _not_null(judge: Judge) -> Judge:
    def judged(value: Any) -> Any:
        if value is None:
            raise Faulty(Fault("null"))
        return judge(value)

    return judged


def _text_judge(schema: Node) -> Judge:
    longest: int | None = schema.get("maxLength")
    blank = _allows_blank(schema)
    address = schema.get("format") == "uri"

    def judge(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise Faulty(Fault("not_a_string"))
        text = str(value).strip()
        if not text:
            if not blank:
                raise Faulty(Fault("blank"))
            return ""
        faults = []
        if longest is not None and len(text) > longest:
            faults.append(Fault("max_length", limit=longest))
        faults += _unwanted_characters(text)
        if address and (len(text) > _LONGEST_ADDRESS or not _WEB_ADDRESS.fullmatch(text)):
            faults.append(Fault("not_a_url"))
        if faults:
            raise Faulty(*faults)
        return text

    return judge


def _unwanted_characters(text: str) -> list[Fault]:
    faults = [Fault("null_character")] if "\x00" in text else []
    surrogates = [character for character in text if "\ud800" <= character <= "\udfff"]
    return faults + [Fault("surrogate", value=f"U+{ord(character):X}") for character in surrogates[:1]]


def _decimal_judge(limits: DecimalLimits) -> Judge:
    def judge(value: Any) -> Decimal:
        text = str(value).strip()
        if len(text) > LONGEST_NUMBER:
            raise Faulty(Fault("number_too_long"))
        number = _number(text)
        if isinstance(value, bool) or number is None:
            raise Faulty(Fault("not_a_number"))
        _, digits, exponent = number.as_tuple()
        assert isinstance(exponent, int), "only NaN and infinity have another exponent"
        places = max(0, -exponent)
        total = max(len(digits) + max(0, exponent), places)
        if total > limits.whole + limits.places:
            raise Faulty(Fault("max_digits", limit=limits.whole + limits.places))
        if places > limits.places:
            raise Faulty(Fault("max_places", limit=limits.places))
        if total - places > limits.whole:
            raise Faulty(Fault("max_whole_digits", limit=limits.whole))
        if number < 0 and not limits.signed:
            raise Faulty(Fault("minimum", limit=0))
        return number.quantize(Decimal(1).scaleb(-limits.places))

    return judge


def _number(text: str) -> Decimal | None:
    """The finite number that a text is, or None."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _uuid(value: Any) -> str:
    try:
        return hex_uuid(str(value))
    except ValueError:
        raise Faulty(Fault("not_a_uuid")) from None


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
    raise Faulty(Fault("not_a_date"))


def _instant(value: Any) -> datetime:
    if not isinstance(value, str):
        raise Faulty(Fault("not_an_instant"))
    try:
        instant = _read_instant(value.upper())
    except ValueError:
        raise Faulty(Fault("not_an_instant")) from None
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:
        raise Faulty(Fault("instant_out_of_range")) from None


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
        raise Faulty(Fault("null"))
    if not isinstance(value, str):
        raise Faulty(Fault("not_a_link", value=_python_type(value)))
    return value


def _upload(value: Any) -> Upload:
    if not isinstance(value, Upload):
        raise Faulty(Fault("not_a_file"))
    if not value.content:
        raise Faulty(Fault("empty_file"))
    return value


def _python_type(value: object) -> str:
    """The name of the type as a server that reads JSON numbers into floats would print it."""
    return "float" if isinstance(value, Decimal) else type(value).__name__


def _parameter_judge(parameter: Parameter) -> Callable[[Sequence[str]], Any]:
    schema = parameter.schema
    if types(schema)[:1] == ("array",):
        choices = schema["items"].get("enum")

        def judge_all(values: Sequence[str]) -> list[str]:
            parts = [part for value in values for part in value.split(",")]
            for part in parts:
                if choices is not None and part not in choices:
                    raise Faulty(Fault("not_a_choice", value=part))
            return parts

        return judge_all
    judge = _scalar_judge(schema, argument=parameter.extensions.get("x-waldur-judged-as") == "field")
    # Where a single value is due and several are sent, the last one counts (Django's QueryDict).
    return lambda values: judge(values[-1])


def _scalar_judge(schema: Node, *, argument: bool) -> Judge:
    kind = types(schema) or ("string",)
    match kind[0], schema.get("format"):
        case "string", "uuid":
            return _uuid
        case "string", "date":
            return _filter_date
        case "boolean", _:
            # Anything but a true or false that the server knows is taken as not sent.
            return {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}.get
        case "integer" | "number", _ if "string" in kind:
            return str
        case "integer", _ if argument or "maximum" in schema:
            return _integer_judge(schema)
        case "integer" | "number", _:
            return _filter_number_judge(whole=kind == ("integer",), cut="integer" in kind)
        case "string", None | "uri":
            return _filter_text
    raise DocumentError(f"The engine cannot judge a parameter of type {kind!r}, format {schema.get('format')!r}.")


def _integer_judge(schema: Node) -> Judge:
    def judge(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            raise Faulty(Fault("not_in_enum" if "enum" in schema else "not_an_integer", value=value)) from None
        if "enum" in schema and number not in schema["enum"]:
            raise Faulty(Fault("not_in_enum", value=value))
        if number > schema.get("maximum", number):
            raise Faulty(Fault("maximum", limit=schema["maximum"]))
        if number < schema.get("minimum", number):
            raise Faulty(Fault("minimum", limit=schema["minimum"]))
        return number

    return judge


def _filter_number_judge(*, whole: bool, cut: bool) -> Judge:
    def judge(value: str) -> int | Decimal:
        number = _number(value.strip()) if len(value) <= LONGEST_NUMBER else None
        if number is None or (whole and number != number.to_integral_value()):
            raise Faulty(Fault("not_a_number"))
        if abs(number) > Decimal("1e50"):
            raise Faulty(Fault("maximum", limit="1e+50"))
        return int(number) if cut or number == number.to_integral_value() else number

    return judge


def _filter_text(value: str) -> str:
    if faults := _unwanted_characters(value):
        raise Faulty(*faults)
    return value


def _filter_date(value: str) -> date:
    for form in (*_FILTER_DATES, *_FILTER_DATES_LONG):
        try:
            # A date has no zone; strptime is the reader of these forms.
            return datetime.strptime(value.strip(), form).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise Faulty(Fault("not_a_filter_date"))
