"""What the contracts ask of a description, of a small document."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from waldur_billing_mock.contracts.description import Description, describe
from waldur_billing_mock.openapi.document import Node

LIST: Final = "/paths/~1api~1things~1/get"
SHOWN: Final = f"{LIST}/responses/200/content/application~1json/schema"
THING: Final = "/components/schemas/Thing/properties"


def operation(name: str, **more: Any) -> Node:
    return {"operationId": name, "tags": ["things"], "x-waldur-permission": "anyone", **more}


def answers(schema: Node, **headers: Any) -> Node:
    return {"200": {"headers": headers, "content": {"application/json": {"schema": schema}}}, "404": {}}


@pytest.fixture
def description() -> Description:
    """Things in a list, by themselves, and a way to count them."""
    schemas = {
        "Thing": {
            "required": ["name", "a/b"],
            "properties": {
                "name": {"type": "string"},
                "a/b": {"type": ["string", "null"]},
                "owner": {"$ref": "#/components/schemas/Owner"},
                "parts": {"items": {"properties": {"size": {"type": "integer"}}}},
                "either": {"anyOf": [{"properties": {"one": {}}}, {"properties": {"other": {}}}]},
                "secret": {"type": "string", "x-waldur-unsent": True},
                "enum": {"type": "string", "enum": ["red", 7]},
            },
        },
        "Owner": {"properties": {"mail": {"type": "string"}}},
    }
    state = {"anyOf": [{"type": "string"}, {"items": {"enum": ["open", "shut"]}}]}
    parameters: list[Node] = [
        {"name": "page", "in": "query", "schema": {"type": "integer"}},
        {"$ref": "#/components/parameters/State"},
    ]
    document: Node = {
        "tags": [{"name": "no word of the contract"}],
        "paths": {
            "/api/things/": {
                "parameters": [{"name": "since", "in": "query", "schema": {"type": "string"}}],
                "get": operation(
                    "things_list",
                    parameters=parameters,
                    responses=answers(
                        {"items": {"$ref": "#/components/schemas/Thing"}},
                        Link={"$ref": "#/components/headers/Link"},
                    ),
                    **{"x-waldur-switches": ["usage-needs-quantity"]},
                ),
                "head": operation("things_head", responses={"200": {}}),
                "post": operation("things_create", responses={"201": {}}),
                "delete": operation("things_clear", responses={"204": {}}, **{"x-waldur-beyond": True}),
            },
            "/api/things/count/": {
                "get": operation(
                    "things_count",
                    parameters=[
                        {"name": "q", "in": "query", "schema": {"enum": ["b", "a"]}, "x-waldur-server-error": "NUL"}
                    ],
                    responses=answers({"type": "integer"}),
                )
            },
        },
        "components": {
            "schemas": schemas,
            "parameters": {"State": {"name": "state", "in": "query", "schema": state}},
            "headers": {"Link": {"schema": {"type": "string"}}},
        },
    }
    return Description(document, "toy", "documented")


def test_operations_are_those_of_the_documents_without_their_twins_of_head(description: Description) -> None:
    assert list(description.everything) == [
        "things_list",
        "things_head",
        "things_create",
        "things_clear",
        "things_count",
    ]
    assert list(description.operations) == ["things_list", "things_create", "things_count"]
    assert [one.operation_id for one in description.lists()] == ["things_list"]
    assert [one.operation_id for one in description.reads()] == ["things_list", "things_count"]


def test_words_are_the_names_of_fields_and_parameters_and_the_choices_of_either(description: Description) -> None:
    fields = {"name", "a/b", "owner", "parts", "either", "secret", "enum", "size", "one", "other", "mail"}

    assert description.words == fields | {"red"} | {"page", "state", "since", "q"} | {"open", "shut", "a", "b"}


def test_statuses_and_headers_are_described_or_not(description: Description) -> None:
    things = description.operations["things_list"]

    assert [description.describes(things, status) for status in (200, 404, 500)] == [True, True, False]
    assert description.headers(things, 200) == {"Link": {"schema": {"type": "string"}}}
    assert description.headers(things, 500) == {}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("page", f"{LIST}/parameters/0"),
        ("state", "/components/parameters/State"),
        ("since", "/paths/~1api~1things~1/parameters/0"),
        ("unknown", LIST),
    ],
)
def test_a_parameter_stands_with_its_operation_its_path_or_the_components(
    description: Description, name: str, place: str
) -> None:
    assert description.place_of_parameter(description.operations["things_list"], name) == place


def unseen(description: Description, *values: Any, enough: int = 2) -> Iterator[str]:
    return description.unseen(description.operations["things_list"], [list(values)], enough)


def test_a_field_that_no_object_shows_is_unseen_within_rows_and_behind_references_as_well(
    description: Description,
) -> None:
    whole: dict[str, Any] = {
        "name": "a",
        "a/b": None,
        "owner": {},
        "parts": [{}],
        "either": {"one": 1},
        "enum": "red",
    }

    found = list(unseen(description, whole, {**whole, "owner": {}}))

    assert found == [
        "/components/schemas/Owner/properties/mail",
        f"{THING}/parts/items/properties/size",
        f"{THING}/either/anyOf/1/properties/other",
    ]


def test_a_field_is_not_called_unseen_before_enough_objects_were_looked_at(description: Description) -> None:
    one: dict[str, Any] = {"name": "a"}

    assert list(unseen(description, one)) == []
    assert f"{THING}/a~1b" in unseen(description, one, one)
    assert f"{THING}/name" not in unseen(description, {}, one)


def test_required_fields_are_known_by_their_place(description: Description) -> None:
    required = [description.requires(f"{THING}/{name}") for name in ("name", "a~1b", "owner")]

    assert required == [True, True, False]
    assert not description.requires(SHOWN)
    assert not description.requires("/components/schemas/Owner/properties/mail")


def test_types_are_one_or_several(description: Description) -> None:
    assert description.types_at(f"{THING}/name/type") == {"string"}
    assert description.types_at(f"{THING}/a~1b/type") == {"string", "null"}


def test_an_operation_may_fail_by_a_switch_or_by_a_parameter(description: Description) -> None:
    things, made = description.operations["things_list"], description.operations["things_create"]

    assert description.switched(things, "usage-needs-quantity")
    assert not description.switched(things, "other")
    assert not description.switched(made, "usage-needs-quantity")
    assert [description.may_fail(name) for name in ("things_list", "things_count")] == [True, True]
    assert [description.may_fail(name) for name in ("things_create", "unknown")] == [False, False]


def test_the_choices_of_a_parameter_are_listed_in_its_schema_or_within_it(description: Description) -> None:
    query = description.operations["things_list"].query

    assert description.choices(description.operations["things_count"].query["q"]) == ("b", "a")
    assert description.choices(query["state"]) == ("open", "shut")
    assert description.choices(query["page"]) == ()


def test_a_description_is_of_its_dialect_and_takes_what_servers_take() -> None:
    documented, wire = describe("documents"), describe("documents", "wire")

    assert (documented.dialect, wire.dialect) == ("documented", "wire")
    of_wire = [one.switched(one.operations["invoices_paid"], "deep-json-fails") for one in (documented, wire)]
    assert of_wire == [False, True]
    assert documented.operations["invoices_list"].query["page"].schema["type"] == ["integer", "string"]
    assert describe("documents", "wire") is wire
