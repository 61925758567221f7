"""What answers show, counted by a small document."""

from typing import Any, Final

from waldur_billing_mock.contracts.upgrade.seen import Answered, Seen, seen_in
from waldur_billing_mock.openapi.document import Node

THINGS: Final = "/api/things/"


def operation(name: str, responses: Node) -> Node:
    return {"operationId": name, "tags": ["things"], "x-waldur-permission": "anyone", "responses": responses}


def shows(schema: Node) -> Node:
    return {"200": {"content": {"application/json": {"schema": schema}}}}


DOCUMENT: Final[Node] = {
    "paths": {
        THINGS: {
            "get": operation("things_list", shows({"items": {"$ref": "#/components/schemas/Thing"}})),
            "post": operation("things_create", {"204": {}}),
        },
        "/api/owner/": {"get": operation("owner_retrieve", shows({"$ref": "#/components/schemas/Owner"}))},
    },
    "components": {
        "schemas": {
            "Thing": {
                "properties": {
                    "name": {"type": "string"},
                    "size": {"type": "integer"},
                    "owner": {"anyOf": [{"$ref": "#/components/schemas/Owner"}, {"type": "null"}]},
                    "parts": {"items": {"$ref": "#/components/schemas/Part"}},
                    "free": {"type": "object"},
                }
            },
            "Owner": {"properties": {"mail": {"type": "string"}}},
            "Part": {"properties": {"items": {"type": "string"}}},
        }
    },
}


def seen(*answered: tuple[str, str, int, Any], of_a_client: bool = True) -> Seen:
    return seen_in(DOCUMENT, [Answered(*one) for one in answered], of_a_client=of_a_client)


def test_objects_and_their_fields_that_are_not_null_are_counted_by_their_schema() -> None:
    thing = {
        "name": "a",
        "size": None,
        "owner": {"mail": "x"},
        "parts": [{"items": "1"}, {"items": None}, "no part"],
        "free": {"mail": "y"},
        "unknown": [{"mail": "z"}],
    }

    found = seen(
        ("GET", THINGS, 200, [thing, {"name": "b", "owner": None}]), ("GET", "/api/owner/", 200, {"mail": "x"})
    )

    assert found.objects == {"Thing": 2, "Owner": 2, "Part": 2}
    assert found.fields == {
        ("Thing", "name"): 2,
        ("Thing", "owner"): 1,
        ("Thing", "parts"): 1,
        ("Thing", "free"): 1,
        ("Thing", "unknown"): 1,
        ("Owner", "mail"): 2,
        ("Part", "items"): 1,
    }


def test_a_value_of_another_kind_than_described_is_no_object() -> None:
    found = seen(("GET", THINGS, 200, {"name": "a"}), ("GET", "/api/owner/", 200, [{"mail": "x"}]))

    assert found.objects == {}
    assert found.requests.total() == 2


def test_only_answers_of_success_with_a_described_value_are_looked_into() -> None:
    found = seen(
        ("GET", THINGS, 404, [{"name": "a"}]),
        ("GET", THINGS, 200, None),
        ("POST", THINGS, 204, [{"name": "a"}]),
        ("GET", "/api/elsewhere/", 200, [{"name": "a"}]),
    )

    assert found.objects == {}
    assert found.requests == {f"GET {THINGS}": 2, f"POST {THINGS}": 1}


def test_parameters_count_once_a_request_blank_ones_too() -> None:
    found = seen(("GET", f"{THINGS}?state=a&state=b&page=", 200, []), ("GET", f"{THINGS}?page=2", 200, []))

    assert found.requests == {f"GET {THINGS}": 2}
    assert found.parameters == {(f"GET {THINGS}", "state"): 1, (f"GET {THINGS}", "page"): 2}


def test_it_is_known_whether_requests_are_those_of_a_client() -> None:
    assert (seen().of_a_client, seen(of_a_client=False).of_a_client) == (True, False)
