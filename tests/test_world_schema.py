"""The JSON Schema of world files: what it refuses is refused, and what it accepts is served."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.asgi import Api, application
from tests.descriptions import description
from waldur_billing_mock import mock_server
from waldur_billing_mock.fixtures import SCENARIOS, build
from waldur_billing_mock.mock_server.billing.world import TABLES
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.tables import schema_of
from waldur_billing_mock.mock_server.world_file import dump, load, load_file, schema
from waldur_billing_mock.mock_server.world_tables import rows_of
from waldur_billing_mock.mock_server.world_text import WorldFileError, WorldText
from waldur_billing_mock.mock_server.world_values import json_text
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import operations
from waldur_billing_mock.openapi.revision import revisions

SCHEMA: Final = schema()
NAMES: Final = {row_type: name for name, row_type in TABLES.items()}
LINKS: Final = {
    field: NAMES[target] for row_type in TABLES.values() for field, target in schema_of(row_type).foreign_keys.items()
}
"""The fields that name rows, and the tables in which these rows must be."""
PACKAGE: Final = files(mock_server)
DIALECTS: Final = [(revision, wire) for revision in revisions(DESCRIPTION) for wire in (False, True)]
# Large examples shrink slowly, and a failure names its path.
FAST: Final = (Phase.explicit, Phase.reuse, Phase.generate)
EXAMPLES: Final = ("smallest.json", "complete.yaml")
JSON_NUMBERS: Final = st.integers(-(10**12), 10**12) | st.decimals(-(10**9), 10**9, places=4)
FREE: Final = st.recursive(
    st.none() | st.booleans() | JSON_NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
DATES: Final = st.dates(date(1800, 1, 2), date(9995, 12, 31))
# Products of these stay small enough for the sums of a world, which no schema can express.
SMALL: Final = st.decimals(-9999, 9999, places=10).map(lambda value: format(value, "f"))


@cache
def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.dumps(SCHEMA), validate_formats=True)


def values(part: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a part of the schema accepts."""
    match part:
        case {"enum": options}:
            return st.sampled_from(options)
        case {"anyOf": options}:
            return st.one_of([values(option) for option in options])
        case {"type": "null"}:
            return st.none()
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "integer", "minimum": low, "maximum": high}:
            return st.integers(low, high)
        case {"format": "date"}:
            return DATES.map(date.isoformat)
        case {"format": "date-time"}:
            return DATES.map(lambda day: f"{day}T23:59:59.999999+02:00")
        case {"type": "string", "pattern": pattern}:
            longest = part.get("maxLength", 300)
            return st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= longest)
        case {"type": "string"}:
            return st.text(max_size=part.get("maxLength", 20))
        case {"type": "array", "items": items}:
            return st.lists(values(items), max_size=2)
        case {"type": "object"}:
            return objects(part)
    return FREE


def objects(part: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with all required members and some of the others."""
    members = {
        name: SMALL if name in ("unit_price", "quantity") and one["type"] == "string" else values(one)
        for name, one in part.get("properties", {}).items()
        if name not in ("id", "uuid", *LINKS)
    }
    required = {name: one for name, one in members.items() if name in part.get("required", ())}
    optional = {name: one for name, one in members.items() if name not in required}
    fixed = st.fixed_dictionaries(required, optional=optional)
    others = part.get("additionalProperties", {})
    if others is False:
        return fixed
    return st.builds(lambda more, known: {**more, **known}, st.dictionaries(st.text(max_size=5), values(others)), fixed)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Worlds that the schema accepts, whose links lead to rows. What has to be unique is made so."""
    properties = SCHEMA["properties"]
    head = {name: values(properties[name]) for name in ("now", "payment_interval_days", "issuer_details")}
    world: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=head))
    for number, name in enumerate(TABLES):
        part = properties[name]["items"]
        rows: list[dict[str, Any]] = []
        for place in range(draw(st.integers(1, 3)) if name in ("customers", "invoices", "invoice_items") else 1):
            row = draw(objects(part))
            row["uuid"] = f"{number:08x}{place:024x}"
            for field in part["properties"].keys() & LINKS.keys():
                link(draw, world, row, field, required=field in part.get("required", ()))
            unique(name, row, place)
            rows.append(row)
        world[name] = rows
    return world


def link(draw: st.DrawFn, world: dict[str, Any], row: dict[str, Any], field: str, *, required: bool) -> None:
    """Let a field name a row, or none."""
    target = world[LINKS[field]]
    if not required and draw(st.booleans()):
        return
    chosen = draw(st.integers(0, len(target) - 1))
    if field.endswith("_id"):
        row[field] = chosen + 1
    elif field.endswith("s"):
        row[field] = [target[chosen]["uuid"]]
    else:
        row[field] = target[chosen]["uuid"]


def unique(name: str, row: dict[str, Any], place: int) -> None:
    """Make different what two rows must not share, and let a user of staff see everything."""
    if name == "users":
        row.update(username="user", token="token", is_staff=True, is_active=True, token_expired=False, roles=[])
    if name == "invoices":
        row["year"] = 2000 + row.get("year", 2025) % 100 * 3 + place


def reads(api: Api, document: Node) -> list[str]:
    """The paths of all reads of a world, in every order, but for those that fail in any case, as is documented."""
    world = api.world
    rows = {
        "invoices": [row.uuid for row in world.invoices],
        "invoice-items": [row.uuid for row in world.invoice_items],
        "provider-invoice-items": [str(row.id) for row in world.invoice_items],
    }
    found = []
    for operation in operations(document):
        if operation.method != "GET" or "500" in document["paths"][operation.path]["get"]["responses"]:
            continue
        names = rows[operation.path.split("/")[2]] if "{" in operation.path else [""]
        paths = [operation.path.replace("{uuid}", name).replace("{id}", name) for name in names]
        queries = [""]
        if "o" in operation.query:
            described = operation.query["o"].schema
            queries += [f"?o={order}" for order in described.get("items", described)["enum"]]
        for name, table in (("project_uuid", world.projects), ("customer_uuid", world.customers)):
            if name in operation.query:
                queries += [f"?{name}={row.uuid}" for row in table]
        found += [path + query for path in paths for query in queries]
    return found


@pytest.mark.slow
@settings(max_examples=12, phases=FAST, suppress_health_check=list(HealthCheck))
@example({"users": [{"username": "user", "token": "token", "is_staff": True}]}, [DIALECTS[0], DIALECTS[-1]])
@given(worlds(), st.lists(st.sampled_from(DIALECTS), min_size=3, max_size=3, unique=True))
def test_what_the_schema_accepts_is_served_without_a_500(
    content: dict[str, Any], dialects: list[tuple[str, bool]]
) -> None:
    text = json_text(content)
    assert validator().is_valid(json.loads(text))
    world = load(text)

    for revision, wire in dialects:
        api = application("empty", revision, wire)
        api.stage.put_back(world, 0)
        failed = [path for path in reads(api, description(revision, wire)) if api.get(path, "user").status >= 500]
        api.stage.reset()
        assert failed == []


@settings(max_examples=400)
@given(st.data())
def test_what_the_schema_refuses_is_refused(data: st.DataObject) -> None:
    """One value of a good world is replaced by any other."""
    content = complete()
    place, key = data.draw(st.sampled_from(places(content)))
    place[key] = data.draw(FREE)
    text = json_text(content)

    if not validator().is_valid(json.loads(text)):
        with pytest.raises(WorldFileError, match=r"^world\.json, line 1, /"):
            load(text, "world.json")


def complete() -> Any:
    """What the example of all tables holds."""
    return json.loads(complete_text())


@cache
def complete_text() -> str:
    return json_text(WorldText.of_file(Path(str(PACKAGE / "worlds" / "complete.yaml"))).parsed())


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key in a value."""
    match value:
        case dict():
            members: Sequence[tuple[Any, Any]] = list(value.items())
        case list():
            members = list(enumerate(value))
        case _:
            return []
    return [(value, key) for key, _ in members] + [place for _, one in members for place in places(one)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_dump_follows_the_schema(scenario: str) -> None:
    validator().validate(json.loads(dump(build(scenario))))


def test_the_packaged_schema_is_that_of_the_code() -> None:
    """To renew it: `waldur-mock world-format > mock_server/worlds/world.schema.json`."""
    packaged = (PACKAGE / "worlds" / "world.schema.json").read_text(encoding="utf-8")

    assert json.loads(packaged) == SCHEMA


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_served(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text((PACKAGE / "worlds" / name).read_text(encoding="utf-8"), encoding="utf-8")
    world = load_file(path)
    validator().validate(WorldText.of_file(path).parsed())

    api = Api(Settings(world=path), world)

    assert [path for path in reads(api, description()) if api.get(path).status != 200] == []
    assert len(world.invoices) > 0
    assert len(world.invoice_items) > 0


def test_one_example_has_a_row_in_every_table() -> None:
    world = load_file(Path(str(PACKAGE / "worlds" / "complete.yaml")))

    assert [name for name in TABLES if not len(rows_of(world, name))] == []


def test_the_smallest_example_takes_ten_lines() -> None:
    assert len((PACKAGE / "worlds" / "smallest.json").read_text(encoding="utf-8").splitlines()) == 10
