"""Two servers are compared by what they say, and what differs is named by its place in the description."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Final

import pytest

from tests.descriptions import description
from tests.recording.targets import served
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.recording.commands import anonymized
from waldur_billing_mock.mock_server.recording.recorder import record
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.mock_server.traffic.compare import Comparing, Comparison, side
from waldur_billing_mock.mock_server.traffic.meaning import compare_rows, compare_values
from waldur_billing_mock.openapi.difference import Difference, differences
from waldur_billing_mock.openapi.revision import revisions

NOT_IN_THE_WORLD: Final = {"8.0.4": {"GET /api/invoices/{uuid}/history/"}}
"""What no answer of this world shows: all versions are of one customer, whose accounting runs."""
RELEASES: Final = list(pairwise(revisions(DESCRIPTION)[1:]))


@cache
def world() -> World:
    return build("default", size=Size(4, 2, None))


def compared(one: tuple[str, bool], other: tuple[str, bool], second: World | None = None) -> Comparison:
    sides = [
        side(served(found, name, wire=wire)) for found, (name, wire) in ((world(), one), (second or world(), other))
    ]
    return Comparing(*sides, size=2).run()


@pytest.mark.parametrize("wire", [False, True])
def test_a_served_recording_answers_all_reads_like_the_server(wire: bool) -> None:
    found = record(served(world(), "8.1.3", wire=wire), world().now).world()

    result = compared(("8.1.3", wire), ("8.1.3", wire), found)

    # The history of an invoice is not one of the 24 operations, and no list shows it.
    differing = {found.route for found in result.differences if "/history/" not in found.route}
    assert differing == set(), result.to_text()
    assert result.questions > 100


def test_the_dialects_differ_by_known_deviations_alone() -> None:
    result = compared(("8.1.3", False), ("8.1.3", True))

    assert [found for found in result.differences if not found.explained_by] == []
    assert {"issuer-details-free", "consumptions-fail"} <= {name for one in result.known for name in one.explained_by}


def test_servers_without_a_common_invoice_are_said_to_hold_other_data() -> None:
    strangers = compared(("8.1.3", True), ("8.1.3", True), anonymized(world(), b"a secret of this test")[0])
    alike = compared(("8.1.3", False), ("8.1.3", True))

    assert alike.notes == []
    assert strangers.to_text().splitlines()[2].startswith("No invoice of A is among those of B, so B does not find")


def test_a_figure_that_differs_by_a_cent_is_found_in_every_answer_that_shows_it() -> None:
    other = world().fork()
    item = max(other.invoice_items, key=lambda one: one.value)
    other.put(replace(item, unit_price=item.unit_price + Decimal("0.01"), quantity=item.quantity))

    result = compared(("8.1.3", True), ("8.1.3", True), other)

    places = {found.where for found in result.differences}
    assert {"[].unit_price", "[].items[].price", "[].total", "total_price"} <= places
    assert result.exit_code == 1


def test_where_a_number_names_another_object_there_that_is_all_that_is_told() -> None:
    other = world().fork()
    for item in list(other.invoice_items):
        other.remove(item)
        other.put(replace(item, uuid=f"{int(item.uuid, 16) ^ 1:032x}", unit_price=item.unit_price + 1))

    result = compared(("8.1.3", True), ("8.1.3", True), other)

    numbered = [one for one in result.differences if one.route == "GET /api/provider-invoice-items/{id}/"]
    assert [one.where for one in numbered] == ["uuid"]
    assert f"({numbered[0].count} times)" in result.to_text()


@pytest.mark.parametrize(("one", "other"), RELEASES, ids=lambda name: name)
def test_two_releases_of_the_mock_differ_by_what_their_descriptions_say(one: str, other: str) -> None:
    """Operations and fields that came or went, and values of parameters; the type of a parameter shows in no answer."""
    documents = description(one), description(other)
    described = {words for found in differences(*documents) for words in shown(found)}

    result = compared((one, False), (other, False))

    told = {named(found.kind, found.route, found.place) for found in result.differences}
    assert told == described - NOT_IN_THE_WORLD.get(other, set()), result.to_text()


def named(kind: str, route: str, place: str) -> str:
    """What a difference is about, in the words in which descriptions are compared."""
    if kind != "field":
        return route
    schema, _, name = place.removeprefix("/components/schemas/").partition("/properties/")
    return f"Schema {schema}.{name}"


def shown(found: Difference) -> Iterator[str]:
    """What reading may show of a described difference, in the same words."""
    came_or_went = not found.facet and (found.old is None or found.new is None)
    read = any(operation.startswith("GET ") for operation in found.operations)
    if found.subject.startswith("Schema ") and found.place and came_or_went and read:
        yield found.subject + "".join(found.place)
    elif found.subject.startswith("GET ") and (came_or_went or found.facet in ("enum", "operationId")):
        yield found.subject


def test_forms_do_not_count_and_values_do() -> None:
    one = {"price": "1.50", "uuid": "a" * 32, "at": "2025-01-01T00:00:00Z", "none": None, "url": "http://a/api/x/"}
    other = {"price": Decimal("1.5"), "uuid": "a" * 32, "at": "2025-01-01T00:00:00+00:00", "url": "https://b/api/x/"}

    assert list(compare_values(one, other)) == []
    assert [found.where for found in compare_values(one, {**other, "price": Decimal("1.51")})] == ["price"]


def test_rows_that_tie_may_come_in_any_order() -> None:
    rows = [{"uuid": digit * 32, "start": start} for digit, start in (("a", 1), ("b", 1), ("c", 2))]
    turned = [rows[1], rows[0], rows[2]]

    assert list(compare_rows(rows, turned, ("start",))) == []
    assert [found.kind for found in compare_rows(rows, rows[::-1], ("start",))] == ["order"]
