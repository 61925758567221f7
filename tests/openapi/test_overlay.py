"""Overlays change a document as they say, nothing else, and refuse what they cannot do."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from waldur_billing_mock.openapi import overlay
from waldur_billing_mock.openapi.overlay import Overlay, OverlayError
from waldur_billing_mock.openapi.target import TargetError, parse, select

DOCUMENT: dict[str, Any] = {
    "info": {"title": "Fruit"},
    "paths": {
        "/fruits/": {
            "get": {
                "parameters": [
                    {"name": "ripe", "in": "query", "schema": {"type": "boolean"}},
                    {"name": "colour", "in": "query", "schema": {"type": "string", "enum": ["red"]}},
                    {"name": "tree", "in": "path", "schema": {"type": "string", "format": "uuid"}},
                ]
            }
        }
    },
    "components": {
        "schemas": {
            "Fruit": {
                "required": ["uuid"],
                "properties": {
                    "uuid": {"type": "string", "format": "uuid"},
                    "weight": {"type": "number", "minimum": 0},
                    "seeds": {"type": "array", "items": {"properties": {"uuid": {"format": "uuid"}}}},
                },
            }
        }
    },
}
COLOURS = "$.paths['/fruits/'].get.parameters[?@.name == 'colour']"


def write(folder: Path, *actions: dict[str, Any], version: str = "1.0.0", **more: Any) -> Path:
    path = folder / "fruit.yaml"
    head = {"overlay": version, "info": {"title": "Fruit of 2025", "version": "1"}}
    path.write_text(yaml.safe_dump({**head, **more, "actions": list(actions)}), encoding="utf-8")
    return path


def changed(folder: Path, *actions: dict[str, Any], version: str = "1.0.0") -> Any:
    return overlay.apply(DOCUMENT, overlay.load(write(folder, *actions, version=version)))


def test_an_overlay_keeps_its_title_descriptions_and_extensions(tmp_path: Path) -> None:
    action = {"target": "$.info", "update": {}, "description": "Nothing.", "x-waldur-deviation": "d-1"}

    loaded = overlay.load(write(tmp_path, action, **{"x-waldur-revision": "2025"}))

    assert isinstance(loaded, Overlay)
    assert (loaded.title, loaded.version) == ("Fruit of 2025", "1")
    assert loaded.extensions == {"x-waldur-revision": "2025"}
    assert loaded.actions[0].description == "Nothing."
    assert loaded.actions[0].extensions == {"x-waldur-deviation": "d-1"}


def test_an_update_merges_objects_joins_arrays_and_replaces_plain_values(tmp_path: Path) -> None:
    update = {
        "required": ["weight"],
        "properties": {"weight": {"type": ["number", "null"]}, "name": {"type": "string"}},
    }

    fruit = changed(tmp_path, {"target": "$.components.schemas.Fruit", "update": update})["components"]["schemas"][
        "Fruit"
    ]

    assert fruit["required"] == ["uuid", "weight"]
    assert fruit["properties"]["weight"] == {"type": ["number", "null"], "minimum": 0}
    assert list(fruit["properties"]) == ["uuid", "weight", "seeds", "name"]


def test_an_update_of_the_root_merges_into_the_document(tmp_path: Path) -> None:
    result = changed(tmp_path, {"target": "$", "update": {"info": {"version": "2"}}})

    assert result["info"] == {"title": "Fruit", "version": "2"}


def test_an_entry_is_appended_to_a_selected_array(tmp_path: Path) -> None:
    entry = {"name": "page", "in": "query"}

    result = changed(tmp_path, {"target": "$.paths['/fruits/'].get.parameters", "update": entry})

    assert result["paths"]["/fruits/"]["get"]["parameters"][-1] == entry


def test_an_array_is_replaced_by_removing_it_and_updating_its_parent(tmp_path: Path) -> None:
    result = changed(
        tmp_path,
        {"target": f"{COLOURS}.schema.enum", "remove": True},
        {"target": f"{COLOURS}.schema", "update": {"enum": ["green"]}},
    )

    assert result["paths"]["/fruits/"]["get"]["parameters"][1]["schema"]["enum"] == ["green"]


def test_all_matching_entries_are_removed_and_no_other(tmp_path: Path) -> None:
    result = changed(tmp_path, {"target": "$.paths.*.*.parameters[?@.in == 'query']", "remove": True})

    assert [found["name"] for found in result["paths"]["/fruits/"]["get"]["parameters"]] == ["tree"]


def test_a_descent_with_a_filter_reaches_every_schema_of_a_format(tmp_path: Path) -> None:
    action = {"target": "$.components.schemas..[?@.format == 'uuid']", "update": {"format": "hex"}}

    result = changed(tmp_path, action)

    properties = result["components"]["schemas"]["Fruit"]["properties"]
    assert properties["uuid"]["format"] == "hex"
    assert properties["seeds"]["items"]["properties"]["uuid"]["format"] == "hex"
    assert result["paths"] == DOCUMENT["paths"]


def test_the_argument_and_the_overlay_stay_as_they_were(tmp_path: Path) -> None:
    before = deepcopy(DOCUMENT)
    applied = overlay.load(
        write(
            tmp_path,
            {"target": "$.components.schemas", "update": {"Nut": {"required": ["shell"]}}},
            {"target": "$.components.schemas.Nut", "update": {"required": ["kernel"]}},
        )
    )

    once, again = overlay.apply(DOCUMENT, applied), overlay.apply(DOCUMENT, applied)

    assert before == DOCUMENT
    assert once == again
    assert once["components"]["schemas"]["Nut"]["required"] == ["shell", "kernel"]


def test_a_place_that_yaml_shares_with_another_is_changed_alone(tmp_path: Path) -> None:
    shared = {"type": "string"}
    applied = overlay.load(write(tmp_path, {"target": "$.one", "update": {"type": "integer"}}))

    result = overlay.apply({"one": shared, "other": shared}, applied)

    assert result == {"one": {"type": "integer"}, "other": {"type": "string"}}


def test_an_overlay_of_version_1_1_removes_plain_values_too(tmp_path: Path) -> None:
    fields = "$.components.schemas.Fruit.required[?@ == 'uuid']"
    minimum = "$.components.schemas.Fruit.properties.weight.minimum"
    actions = [{"target": target, "remove": True} for target in (fields, minimum)]

    fruit = changed(tmp_path, *actions, version="1.1.0")["components"]["schemas"]["Fruit"]

    assert (fruit["required"], fruit["properties"]["weight"]) == ([], {"type": "number"})


def test_an_overlay_may_name_what_it_extends(tmp_path: Path) -> None:
    action = {"target": "$.info", "update": {}}

    assert overlay.load(write(tmp_path, action, extends="other.yaml")).extends == "other.yaml"
    assert overlay.load(write(tmp_path, action)).extends == ""


def test_a_target_selects_objects_and_arrays_only(tmp_path: Path) -> None:
    action = {"target": "$.components.schemas.Fruit.properties.weight.minimum", "remove": True}

    with pytest.raises(OverlayError, match=r"selects a plain value"):
        changed(tmp_path, action)


@pytest.mark.parametrize(
    ("action", "complaint"),
    [
        ({"target": "$.paths['/nuts/']", "remove": True}, r"matches nothing; correct it"),
        ({"target": "$", "remove": True}, r"cannot be removed"),
        ({"target": "$.info", "update": ["x"]}, r"is an object, the update is none"),
        ({"target": f"{COLOURS}.schema", "update": {"enum": "green"}}, r"\['schema'\]\.enum is an array"),
    ],
)
def test_an_action_that_does_not_fit_is_refused_by_name_and_number(
    tmp_path: Path, action: dict[str, Any], complaint: str
) -> None:
    path = write(tmp_path, {"target": "$.info", "update": {}}, action)

    with pytest.raises(OverlayError, match=complaint) as refusal:
        overlay.apply(DOCUMENT, overlay.load(path))

    assert str(refusal.value).startswith(f"{path}, action 2: target {action['target']}: ")


@pytest.mark.parametrize(
    ("action", "complaint"),
    [
        ({"target": "paths", "remove": True}, r"target paths: it is not a JSONPath query .*expected '\$'.*column 0\."),
        ({"target": "$.paths[?size(@) > 1]", "remove": True}, r"function 'size' is not defined"),
        ({"update": {}}, r"`target` is missing"),
        ({"target": "$.info"}, r"either `update` or `remove: true`"),
        ({"target": "$.info", "update": {}, "remove": True}, r"either `update` or `remove: true`"),
        ({"target": "$.info", "remove": "yes"}, r"`remove` is true or false"),
        ({"target": "$.info", "copy": "$.paths"}, r"`copy` is not supported"),
    ],
)
def test_a_malformed_action_is_refused_when_the_file_is_loaded(
    tmp_path: Path, action: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(OverlayError, match=complaint):
        overlay.load(write(tmp_path, action))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", r"has to be an object"),
        ("{overlay: 2.0.0, info: {title: x, version: '1'}, actions: [{}]}", r"not supported; write 1\.0\.0 or 1\.1\.0"),
        ("{overlay: 1.0.0, info: {title: x, version: 1}, actions: [{}]}", r"a number needs quotes"),
        ("{overlay: 1.0.0, info: {title: x, version: '1'}, actions: []}", r"at least one action"),
    ],
)
def test_a_file_that_is_no_overlay_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(OverlayError, match=complaint):
        overlay.load(path)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("$", [()]),
        ("$.a.b", [("a", "b")]),
        ("$['a']['b']", [("a", "b")]),
        ('$["x-y"]', [("x-y",)]),
        (r"$['it\'s']", [("it's",)]),
        ("$['a', 'x-y']", [("a",), ("x-y",)]),
        ("$.list[0]", [("list", 0)]),
        ("$.list[*]", [("list", 0), ("list", 1), ("list", 2)]),
        ("$.a.*", [("a", "b")]),
        ("$..b", [("a", "b"), ("list", 0, "b")]),
        ("$.list[?@.b]", [("list", 0)]),
        ("$.list[?(@.b == 1)]", [("list", 0)]),
        ("$.list[?@.b == true]", []),
        ("$.list[?@.b != 1]", [("list", 1), ("list", 2)]),
        ("$.list[?@.c == null && @.d == 'x && y']", [("list", 1)]),
        ("$.list[?@ == 'plain']", [("list", 2)]),
        ("$.missing", []),
        ("$.list.name", []),
    ],
)
def test_a_target_selects_these_places(target: str, expected: list[tuple[str | int, ...]]) -> None:
    node: Any = {
        "a": {"b": 1},
        "x-y": 2,
        "it's": 3,
        "list": [{"b": 1}, {"c": None, "d": "x && y"}, "plain"],
    }

    found = select(node, target)

    assert found == expected


@pytest.mark.parametrize(
    "target", ["a.b", "$.x-y", "$.", "$.a b", "$.a ", "$['a", "$[?@.a = 1]", "$[?@.a ==]", "$[?size(@) > 1]", "$[01]"]
)
def test_a_target_that_is_not_a_query_is_refused(target: str) -> None:
    with pytest.raises(TargetError, match="it is not a JSONPath query"):
        parse(target)
