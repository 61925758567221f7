"""Query parameters are validated along their schema, and all errors are found at once."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest

from waldur_billing_mock.mock_server.spec.query import Query
from waldur_billing_mock.mock_server.spec.validation import ValidationError
from waldur_billing_mock.openapi.document import DocumentError
from waldur_billing_mock.openapi.operation import Parameter

UUID: Final[dict[str, Any]] = {"type": "string", "format": "uuid"}
DAY: Final[dict[str, Any]] = {"type": "string", "format": "date"}
CUT: Final[dict[str, Any]] = {"type": ["integer", "number"]}
COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 0, "maximum": 20}
COLOURS: Final[dict[str, Any]] = {"type": "array", "items": {"enum": ["red", "green"]}}


def parameter(schema: dict[str, Any], *, explode: bool = True, **facts: Any) -> Parameter:
    extensions = {key.replace("_", "-"): value for key, value in facts.items() if key.startswith("x_")}
    return Parameter(
        name="p",
        location="query",
        schema=schema,
        required=facts.get("required", False),
        allows_empty=facts.get("allows_empty", True),
        explode=explode,
        extensions=extensions,
    )


def validated(described: Parameter, *values: str) -> Any:
    """The value that is accepted; `absent` where the parameter counts as not sent."""
    return Query([described]).validate({"p": values} if values else {}).get("p", "absent")


def codes(errors: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: [error.code for error in found] for name, found in errors.items()}


@pytest.mark.parametrize(
    ("schema", "sent", "value"),
    [
        (UUID, "0B2C4D6E-8F10-3243-5465-7687980BADC1", "0b2c4d6e8f10324354657687980badc1"),
        (UUID, " 0b2c4d6e8f10324354657687980badc1 ", "0b2c4d6e8f10324354657687980badc1"),
        (DAY, "2025-11-22", date(2025, 11, 22)),
        (DAY, "2025-1-2", date(2025, 1, 2)),
        (DAY, "11/22/2025", date(2025, 11, 22)),
        (DAY, "Nov 22, 2025", date(2025, 11, 22)),
        (DAY, "22 November 2025", date(2025, 11, 22)),
        (CUT, "2025.9", 2025),
        (CUT, " -1 ", -1),
        (CUT, "1e3", 1000),
        ({"type": "number"}, "1.5", Decimal("1.5")),
        ({"type": "number"}, "2.0", 2),
        ({"type": "integer"}, "3.0", 3),
        ({"type": ["integer", "string"]}, "last", "last"),
        ({"type": "string"}, " a ", " a "),
        ({"type": ["boolean", "string"]}, "true", True),
        ({"type": ["boolean", "string"]}, "false", False),
        ({"type": ["boolean", "string"]}, "True", None),
        (COUNT, "20", 20),
    ],
)
def test_a_text_becomes_the_value_that_its_schema_says(schema: dict[str, Any], sent: str, value: object) -> None:
    assert validated(parameter(schema), sent) == value


@pytest.mark.parametrize(
    ("schema", "sent", "code"),
    [
        (UUID, "0b2c", "not_a_uuid"),
        (DAY, "2025-02-30", "not_a_filter_date"),
        (DAY, "22.11.2025", "not_a_filter_date"),
        (CUT, "x", "not_a_number"),
        (CUT, "NaN", "not_a_number"),
        (CUT, "Infinity", "not_a_number"),
        (CUT, "1" * 1001, "not_a_number"),
        ({"type": "integer"}, "1.5", "not_a_number"),
        ({"type": "string"}, "a\x00", "null_character"),
        ({"type": "string"}, "\ud800", "surrogate"),
        (COUNT, "1.0", "not_an_integer"),
        (COUNT, "21", "maximum"),
        (COUNT, "-1", "minimum"),
        (COLOURS, "blue", "not_a_choice"),
        (COLOURS, "red,", "not_a_choice"),
    ],
)
def test_a_wrong_text_is_a_fault(schema: dict[str, Any], sent: str, code: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        validated(parameter(schema), sent)

    assert codes(invalid.value.errors) == {"p": [code]}


def test_an_astronomical_number_is_validated_at_once() -> None:
    assert validated(parameter(CUT), "9e999999") == Decimal("9e999999")


@pytest.mark.parametrize(
    ("sent", "explode", "strict", "value"),
    [
        (("red", "green"), True, False, ["red", "green"]),
        (("red,green",), True, False, ["red", "green"]),
        (("red,green", "red"), False, False, ["red", "green"]),
        (("red", "green"), True, True, ["red", "green"]),
        (("red", "green,red"), False, True, ["green", "red"]),
    ],
)
def test_several_values_are_repeated_or_separated_by_commas(
    sent: tuple[str, ...], explode: bool, strict: bool, value: list[str]
) -> None:
    described = parameter(COLOURS, explode=explode, x_waldur_strict_style=strict)

    assert validated(described, *sent) == value


def test_of_several_values_where_one_is_due_the_last_one_counts() -> None:
    assert validated(parameter(CUT), "1", "2") == 2


@pytest.mark.parametrize(
    ("schema", "sent", "value"),
    [({**CUT, "default": 4}, (), 4), ({**CUT, "default": 4}, ("",), 4), (CUT, ("",), "absent"), (CUT, (), "absent")],
)
def test_an_empty_parameter_counts_as_not_sent(schema: dict[str, Any], sent: tuple[str, ...], value: object) -> None:
    assert validated(parameter(schema), *sent) == value


def test_an_empty_parameter_is_a_fault_where_it_may_not_be() -> None:
    with pytest.raises(ValidationError) as invalid:
        validated(parameter(UUID, allows_empty=False), "")

    assert codes(invalid.value.errors) == {"p": ["not_a_uuid"]}


@pytest.mark.parametrize("sent", [(), ("",)])
def test_a_required_parameter_has_to_be_sent(sent: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as invalid:
        validated(parameter(CUT, required=True), *sent)

    assert codes(invalid.value.errors) == {"p": ["required"]}


def test_unknown_parameters_are_ignored() -> None:
    assert Query([parameter(CUT)]).validate({"q": ["x"]}) == {}


def test_an_argument_has_to_be_one_of_its_values() -> None:
    described = parameter({"type": "integer", "enum": [1, 3, 12]}, x_waldur_validated_as="field")

    assert validated(described, "12") == 12
    for sent in ("2", "x", "1.0"):
        with pytest.raises(ValidationError) as invalid:
            validated(described, sent)
        assert codes(invalid.value.errors) == {"p": ["not_in_enum"]}


@pytest.mark.parametrize("schema", [{"type": "object"}, {"type": "string", "format": "colour"}])
def test_a_schema_that_nobody_can_validate_stops_the_start(schema: dict[str, Any]) -> None:
    with pytest.raises(DocumentError, match="The engine cannot validate a parameter of type"):
        Query([parameter(schema)])
