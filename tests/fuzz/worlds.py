"""World files from strangers: each is refused with a sentence, or it is a world that is served and written again."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from hypothesis import strategies as st

from tests.asgi import Api
from tests.fuzz.values import ANY, NUMBERS_AS_TEXT, json_documents
from waldur_billing_mock import mock_server
from waldur_billing_mock.fixtures.users import STAFF_TOKEN
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.scenario_schema import problems
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.world_file import dump, load, load_file, load_source
from waldur_billing_mock.mock_server.world_text import WorldFileError, WorldText
from waldur_billing_mock.mock_server.world_values import json_text

_LISTS: Final = (
    "/api/invoices/?page_size=300",
    "/api/invoice-items/?page_size=300",
    "/api/invoice-items/total_price/",
    "/api/invoices/growth/",
    "/api/provider-invoice-items/?page_size=300",
    "/api/customers/?page_size=300",
)
_ODD_YAML: Final = (
    "&a [*a]", "&a {a: *a}", "*missing", "!!python/object/apply:os.system [x]", "!include /etc/passwd", "!!set {a}",
    "!!binary YQ==", "<<: {a: b}", "? [a]: b", "- " * 200, "{" * 200, "[&x 1" + ", *x" * 500 + "]", "%YAML 9.9", "---",
    "...", "\t", "\x00", "\ufeff", "\u2028", "0o17", "1:30", "2025-11-22", "no", ".inf", "1_000", "0x1F", "|\n  x",
    ">-", "'", '"', "#", ": ", "!", "@", "`",
)  # fmt: skip


@cache
def _texts() -> Sequence[str]:
    """The example of every field as JSON, and as the YAML that comes with the mock."""
    example = files(mock_server) / "worlds" / "complete.yaml"
    return dump(load_file(example)), example.read_text(encoding="utf-8")  # type: ignore[arg-type]


@cache
def _pointers() -> Sequence[Sequence[str | int]]:
    return list(_places(json.loads(_texts()[0]), ()))


def _places(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    members: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in members:
        yield from _places(one, (*path, name))


def _changed(path: Sequence[str | int], literal: str) -> WorldText:
    """The JSON of the example with other text in the place of a value."""
    content = json.loads(_texts()[0], parse_float=str)
    holder = content
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = "\x01"
    return WorldText("a file", json_text(content).replace('"\\u0001"', literal, 1))


def _cut(number: int, place: int, length: int, inserted: str) -> WorldText:
    text = _texts()[number]
    place %= len(text)
    content = (text[:place] + inserted + text[place + length :]).encode("utf-8", "replace")
    return WorldText("a file", content.decode("utf-8-sig"), is_yaml=number == 1)


_LITERALS: Final = st.one_of(
    NUMBERS_AS_TEXT,
    ANY.map(json.dumps),
    st.sampled_from(
        ["null", "true", "NaN", "[]", "{}", "[[]]", '{"a":0.5}', '["x"]', "[" * 500 + "]" * 500, "[" * 90 + "]" * 90,
         '{"a":1,"a":2}', "0.00000000000000000001", "1e400", "99999999999999999999", "-1"]
    ),
)  # fmt: skip


def check_world(source: WorldText) -> None:
    """A file is refused in one line, or it is served and comes out as it went in."""
    try:
        world = load_source(source)
    except WorldFileError as error:
        if str(error).startswith("a file") and len(str(error)) < 2000:
            return
        raise
    text = dump(world)
    assert dump(load(text)) == text
    _ask(world)


def _ask(world: World) -> None:
    for wire in (False, True):
        api = _served(wire)
        api.stage.put_back(world, 0)
        for path in _LISTS:
            token = next((one.token for one in world.users if one.is_staff and one.is_active), None)
            reply = api.send("GET", path, None, {"Authorization": f"Token {token or STAFF_TOKEN}"})
            assert reply.status in (200, 401), f"{path}: {reply.status} {reply.text[:300]}"


@cache
def _served(wire: bool) -> Api:
    return Api(Settings(wire=wire), load(_texts()[0]))


def check_scenario(content: bytes) -> None:
    """A scenario is refused with what is wrong, or it is none of the validator's surprises."""
    try:
        value = WorldText("a file", content.decode("utf-8", "replace")).parsed()
    except WorldFileError:
        return
    for problem in problems(value):
        if not problem.message:
            raise AssertionError(problem)


_OF_SCENARIOS: Final = (
    "customers",
    "projects",
    "name",
    "invoices",
    "items",
    "extends",
    "now",
    "users",
    "credits",
    "seed",
)

WORLDS: Final[Mapping[str, tuple[st.SearchStrategy[Any], Callable[[Any], None]]]] = {
    "world-values": (st.builds(_changed, st.sampled_from(_pointers()), _LITERALS), check_world),
    "scenarios": (json_documents(_OF_SCENARIOS), check_scenario),
    "world-texts": (
        st.builds(
            _cut,
            st.sampled_from([0, 1, 1]),
            st.integers(0, 10**6),
            st.sampled_from([0, 0, 1, 5, 100, 10**6]),
            st.one_of(st.sampled_from(_ODD_YAML), ANY),
        ),
        check_world,
    ),
}
