"""Fields of a body are validated along their schema. Single values are compared with the framework elsewhere."""

from typing import Any, Final

import pytest

from waldur_billing_mock.mock_server.spec.fields import Fields
from waldur_billing_mock.mock_server.spec.validation import ErrorDetail, ValidationError, decimal_limits
from waldur_billing_mock.openapi.document import DocumentError

SCHEMA: Final[dict[str, Any]] = {
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 3},
        "note": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        "tree": {"$ref": "#/tree"},
    },
}
DOCUMENT: Final[dict[str, Any]] = {"tree": {"type": "string", "format": "uuid"}}
TREE: Final = "0b2c4d6e8f10324354657687980badc1"


def validated(values: dict[str, Any], *, form: bool = False, only: frozenset[str] | None = None) -> dict[str, Any]:
    return Fields(DOCUMENT, SCHEMA).validate(values, form=form, only=only)


def test_only_what_was_sent_is_answered_and_unknown_keys_are_ignored() -> None:
    assert validated({"name": "fig", "seeds": 3}) == {"name": "fig"}


def test_a_reference_is_validated_by_what_it_leads_to() -> None:
    assert validated({"name": "fig", "tree": TREE.upper()}) == {"name": "fig", "tree": TREE}


def test_null_is_no_value() -> None:
    with pytest.raises(ValidationError) as invalid:
        validated({"name": None, "day": "x"})

    assert invalid.value.errors == {"name": (ErrorDetail("null"),), "day": (ErrorDetail("not_a_date"),)}


def test_all_faults_are_found_at_once() -> None:
    with pytest.raises(ValidationError) as invalid:
        validated({"note": [], "tree": "x"})

    assert {name: found[0].code for name, found in invalid.value.errors.items()} == {
        "name": "required",
        "note": "not_a_string",
        "tree": "not_a_uuid",
    }


def test_fields_beside_those_that_count_are_not_validated() -> None:
    assert validated({"name": None, "tree": TREE}, only=frozenset({"tree"})) == {"tree": TREE}


def test_an_empty_control_of_a_form_counts_as_not_sent_unless_blank_is_a_value() -> None:
    assert validated({"name": "fig", "note": "", "day": "", "tree": ""}, form=True) == {"name": "fig", "note": ""}


@pytest.mark.parametrize("form", [True, False])
def test_an_empty_text_for_a_required_field_is_blank(form: bool) -> None:
    with pytest.raises(ValidationError) as invalid:
        validated({"name": ""}, form=form)

    assert invalid.value.errors == {"name": (ErrorDetail("blank"),)}


@pytest.mark.parametrize("schema", [{"type": "object"}, {"type": "string", "format": "colour"}, {}])
def test_a_schema_that_nobody_can_validate_stops_the_start(schema: dict[str, Any]) -> None:
    with pytest.raises(DocumentError, match="The engine cannot validate a field of type"):
        Fields({}, {"properties": {"name": schema}})


def test_a_decimal_says_in_its_pattern_how_many_digits_it_has() -> None:
    limits = decimal_limits({"pattern": r"^-?\d{0,12}(?:\.\d{0,10})?$"})

    assert (limits.signed, limits.whole, limits.places) == (True, 12, 10)
    assert not decimal_limits({"pattern": r"^\d{0,12}(?:\.\d{0,10})?$"}).signed


@pytest.mark.parametrize("pattern", [None, r"^\d+$", r"^-?\d{0,12}$"])
def test_a_decimal_with_another_pattern_stops_the_start(pattern: str | None) -> None:
    schema = {"type": "string", "format": "decimal", **({"pattern": pattern} if pattern else {})}

    with pytest.raises(DocumentError, match="A decimal needs the published pattern; this one has"):
        Fields({}, {"properties": {"price": schema}})
