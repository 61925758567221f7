"""What the changes of an upgrade touch, and how it is reported."""

import json
from collections import Counter
from typing import Any, Final

import pytest

from waldur_billing_mock.contracts.upgrade.report import Change, Format, Upgrade, render, upgrade
from waldur_billing_mock.contracts.upgrade.seen import Seen
from waldur_billing_mock.openapi.document import Node

THINGS: Final = "GET /api/things/"


def document(thing: Node, parameters: list[Node], security: str = "tokenAuth") -> Node:
    """A list of things, and a way to clear it; schemes of authentication have a name."""
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
    common: Node = {"tags": ["things"], "x-waldur-permission": "anyone"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "security": [{security: []}],
        "paths": {
            "/api/things/": {
                "get": {
                    **common,
                    "operationId": "things_list",
                    "parameters": parameters,
                    "responses": {
                        "200": {"description": "Things.", "content": {"application/json": {"schema": schema}}}
                    },
                }
            }
        },
        "components": {
            "schemas": {"Thing": {"type": "object", "properties": thing}},
            "securitySchemes": {security: {"type": "apiKey", "in": "header", "name": security}},
        },
    }


def query(name: str) -> Node:
    return {"name": name, "in": "query", "schema": {"type": "string"}}


OLD: Final = document({"name": {"type": "string"}, "size": {"type": "integer"}}, [query("state"), query("page")])
NEW: Final = document({"name": {"type": "string"}, "color": {"type": "string"}}, [query("page")])
OTHER: Final = document(
    {"name": {"type": "string"}, "size": {"type": "integer"}}, [query("state"), query("page")], "other"
)


def seen(of_a_client: bool) -> Seen:
    return Seen(
        of_a_client,
        Counter({"Thing": 5}),
        Counter({("Thing", "size"): 3}),
        Counter({THINGS: 7, "GET /api/other/": 2}),
        Counter({(THINGS, "state"): 4}),
    )


def touched(new: Node, found: Seen | None) -> dict[str, tuple[int | None, str]]:
    """What each change touches, by its sentence without the end."""
    made = upgrade(("1", OLD), ("2", new), "a recording", found)
    return {one.change.split(" (")[0]: (one.touches, one.touched) for one in made.changes}


def test_changes_touch_objects_that_were_seen_and_requests_of_a_client() -> None:
    assert touched(NEW, seen(True)) == {
        f"{THINGS}, query parameter state is removed": (4, "requests with the parameter state"),
        "Schema Thing.color is added": (5, "objects of Thing"),
        "Schema Thing.size is removed": (3, "objects of Thing with a size"),
    }


def test_a_server_shows_no_requests_of_a_client() -> None:
    found = touched(NEW, seen(False))

    assert found[f"{THINGS}, query parameter state is removed"] == (None, "")
    assert found["Schema Thing.size is removed"] == (3, "objects of Thing with a size")


def test_a_change_of_how_clients_authenticate_touches_all_requests() -> None:
    (found,) = touched(OTHER, seen(True)).values()

    assert found == (9, "requests")
    assert list(touched(OTHER, seen(False)).values()) == [(None, "")]


def test_an_operation_that_is_gone_touches_its_requests() -> None:
    gone = {**NEW, "paths": {}}

    found = touched(gone, seen(True))

    assert (7, "requests") in found.values()


def test_without_data_nothing_is_touched_and_that_is_not_known() -> None:
    assert set(touched(NEW, None).values()) == {(None, "")}


def test_the_most_serious_changes_come_first_then_those_that_touch() -> None:
    made = upgrade(("1", OLD), ("2", NEW), "a recording", seen(True))

    order = [(one.severity, -(one.touches or 0)) for one in made.changes]
    assert order == sorted(order, key=lambda pair: (("breaking", "warning", "info").index(pair[0]), pair[1]))
    assert len({one.touches for one in made.changes}) == 3
    assert (made.old, made.new, made.requests_seen) == ("1", "2", True)
    assert not upgrade(("1", OLD), ("2", NEW), "a server", seen(False)).requests_seen
    assert not upgrade(("1", OLD), ("2", NEW), "", None).requests_seen


UNSEEN: Final = "What clients ask is not seen on a server: for changes of requests, see --har."


def test_a_change_that_touches_one_object_comes_before_one_of_which_nothing_is_known() -> None:
    new = document({**_fields(OLD), "color": {"type": "string"}}, [query("state"), query("page"), query("q")])
    one = Seen(False, Counter({"Thing": 1}))

    made = upgrade(("1", OLD), ("2", new), "a server", one)

    assert [(change.severity, change.touches) for change in made.changes] == [("info", 1), ("info", None)]


def _fields(found: Node) -> Node:
    fields: Node = found["components"]["schemas"]["Thing"]["properties"]
    return fields


CHANGES: Final = (
    Change("breaking", "One is gone.", ("GET /a|b/",), 2, "objects of Thing"),
    Change("info", "Two is added.", ("GET /a/", "GET /c/"), None, ""),
    Change("info", "Three is added.", ("GET /a/",), 0, "requests"),
)


def rendered(form: Format, *changes: Change, looked_at: str = "", requests_seen: bool = False) -> str:
    return render(Upgrade("1", "2", looked_at, requests_seen, changes), form)


def test_the_report_as_text() -> None:
    assert rendered("text", *CHANGES, looked_at="a recording", requests_seen=True).splitlines() == [
        "From 1 to 2: 1 breaking, 0 warning, 2 info.",
        "Compared with a recording: 1 of 3 changes touch what was seen.",
        "",
        "breaking  One is gone.",
        "          touches 2 objects of Thing",
        "          GET /a|b/",
        "info      Two is added.",
        "          GET /a/, GET /c/",
        "info      Three is added.",
        "          touches 0 requests",
        "          GET /a/",
    ]


def test_the_report_as_markdown() -> None:
    assert rendered("markdown", *CHANGES[:2], looked_at="a server").splitlines() == [
        "# From 1 to 2: 1 breaking, 0 warning, 1 info.",
        "",
        f"Compared with a server: 1 of 2 changes touch what was seen. {UNSEEN}",
        "",
        "| severity | change | touches | operations |",
        "|---|---|---|---|",
        "| breaking | One is gone. | 2 objects of Thing | GET /a\\|b/ |",
        "| info | Two is added. |  | GET /a/, GET /c/ |",
    ]


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_where_nothing_changes_the_report_says_so(form: Any) -> None:
    found = rendered(form).splitlines()

    assert found[0].removeprefix("# ") == "From 1 to 2: nothing changes."
    assert found[-1] == (
        "Compared with no data; name a server (--target) or a recording (--har) to see what the changes touch."
    )


def test_the_report_as_json_is_indented_by_two() -> None:
    text = rendered("json", *CHANGES)

    assert json.loads(text)["changes"][0]["touches"] == 2
    assert text.splitlines()[1] == '  "old": "1",'
