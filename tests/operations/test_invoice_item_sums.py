"""The sums over invoice items are those that adding up by hand gives."""

from decimal import Decimal

import pytest

from tests.asgi import Api, application
from tests.operations.figures import CREDIT, ITEMS, SERVER, UNKNOWN, dashed, item_path, total
from tests.sample import PROJECT
from tests.views import month_of, view
from waldur_billing_mock.mock_server.billing.period import Month


def test_the_costs_of_a_project_are_told_month_by_month_the_latest_first(readable: Api) -> None:
    world = readable.world
    project = next(project for project in world.projects if project.name == "Tide model")
    items = [item for item in world.invoice_items if item.project_uuid == project.uuid]
    months = sorted({month_of(world, item) for item in items}, reverse=True)

    rows = readable.rows(f"{ITEMS}costs/", project_uuid=dashed(project.uuid))

    assert [(row["year"], row["month"]) for row in rows] == months
    for row in rows:
        of_month = [item for item in items if month_of(world, item) == (row["year"], row["month"])]
        assert row["price"] == total(of_month).quantize(Decimal("0.01"))
        assert ("items" in row) == ((row["year"], row["month"]) == (world.now.year, world.now.month))
    assert sorted(row["name"] for row in rows[0]["items"]) == sorted(
        item.name for item in items if month_of(world, item) == months[0] and item.price > 0
    )


def test_costs_without_a_project_are_those_of_all_items(readable: Api) -> None:
    rows = readable.rows(f"{ITEMS}costs/", project_uuid="")

    assert rows == readable.rows(f"{ITEMS}costs/")
    assert abs(sum(row["price"] for row in rows) - total(readable.world.invoice_items)) < Decimal("0.1")


@pytest.mark.parametrize("name", ["customer", "project"])
@pytest.mark.parametrize(
    ("sent", "months", "start"),
    [
        ({}, 1, "2025-11-01"),
        ({"period": ""}, 1, "2025-11-01"),
        ({"period": 1}, 1, "2025-11-01"),
        ({"period": 3}, 3, "2025-09-01"),
        ({"period": 12}, 12, "2024-12-01"),
    ],
)
def test_the_costs_of_a_period_count_its_months(
    readable: Api, name: str, sent: dict[str, str | int], months: int, start: str
) -> None:
    world = readable.world
    project = next(project for project in world.projects if project.name == "Tide model")
    customer = project.customer_uuid
    counted = {Month(2025, 11).plus(-back) for back in range(months)}
    items = [
        item
        for item in world.invoice_items
        if month_of(world, item) in counted
        and (project.uuid == item.project_uuid if name == "project" else customer == view(world, item).customer_uuid)
    ]
    uuid = project.uuid if name == "project" else project.customer_uuid

    reply = readable.get(f"{ITEMS}{name}_costs_for_period/", **{f"{name}_uuid": uuid}, **sent)

    expected = total(items).quantize(Decimal("0.01"))
    assert (reply.status, reply.body) == (
        200,
        {"total_price": str(expected), "start_date": start, "end_date": "2025-11-30"},
    )


@pytest.mark.parametrize("name", ["customer", "project"])
@pytest.mark.parametrize("wire", [False, True])
@pytest.mark.parametrize("revision", ["7.8.8", "8.0.9"])
def test_the_period_of_a_release_is_a_code(revision: str, wire: bool, name: str) -> None:
    api, documents = application("default", revision, wire), application("default")
    project = next(project for project in api.world.projects if project.name == "Tide model")
    query = {f"{name}_uuid": project.uuid if name == "project" else project.customer_uuid}
    path = f"{ITEMS}{name}_costs_for_period/"

    coded = [api.get(path, **query, period=code).body for code in (2, 3, 4)]
    by_months = [documents.get(path, **query, period=months).body for months in (1, 3, 12)]
    whole = api.get(path, **query).body

    if name == "customer":  # In the wire dialect, items that a credit paid have no project.
        assert [row["total_price"] for row in coded] == [row["total_price"] for row in by_months]
    if not wire:
        assert coded == by_months
    assert whole == api.get(path, **query, period=1).body
    assert Decimal(whole["total_price"]) > Decimal(coded[2]["total_price"]) > Decimal(coded[1]["total_price"])
    assert api.get(path, **query, period=12).body == {"period": ['"12" is not a valid choice.']}


def test_the_costs_of_a_project_can_be_limited_to_one_resource() -> None:
    api = application("default", "8.1.2")
    project = next(project for project in api.world.projects if project.name == "Tide model")
    items = [item for item in api.world.invoice_items if item.project_uuid == project.uuid]
    resource = next(item.resource_uuid for item in items if item.resource_uuid)
    path = f"{ITEMS}project_costs_for_period/"

    reply = api.get(path, project_uuid=project.uuid, resource_uuid=dashed(str(resource)))

    expected = total(item for item in items if item.resource_uuid == resource)
    assert reply.body["total_price"] == str(expected.quantize(Decimal("0.01")))
    assert reply.body["total_price"] != api.get(path, project_uuid=project.uuid).body["total_price"]
    assert api.get(path, project_uuid=project.uuid, resource_uuid=UNKNOWN).body["total_price"] == "0.00"
    assert api.get(path, resource_uuid="x").body == {"resource_uuid": ["Must be a valid UUID."]}


@pytest.mark.parametrize("name", ["customer", "project"])
@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ({"{name}_uuid": "x"}, {"{name}_uuid": ["Must be a valid UUID."]}),
        ({"{name}_uuid": UNKNOWN, "period": "2"}, {"period": ['"2" is not a valid choice.']}),
        ({"period": "year"}, {"period": ['"year" is not a valid choice.']}),
        (
            {"{name}_uuid": "x", "period": "0"},
            {"{name}_uuid": ["Must be a valid UUID."], "period": ['"0" is not a valid choice.']},
        ),
    ],
)
def test_a_faulty_period_is_told_before_an_unknown_uuid(
    readable: Api, name: str, query: dict[str, str], messages: dict[str, list[str]]
) -> None:
    sent = {key.format(name=name): value for key, value in query.items()}

    reply = readable.get(f"{ITEMS}{name}_costs_for_period/", **sent)

    assert (reply.status, reply.body) == (400, {key.format(name=name): texts for key, texts in messages.items()})


def test_costs_of_a_project_that_is_no_uuid_are_refused(readable: Api) -> None:
    reply = readable.get(f"{ITEMS}costs/", project_uuid="x")

    assert (reply.status, reply.body) == (400, {"project_uuid": ["Enter a valid UUID."]})


def test_a_project_of_which_nothing_is_known_has_no_costs(readable: Api) -> None:
    reply = readable.get(f"{ITEMS}costs/", project_uuid=UNKNOWN)

    assert (reply.status, reply.body, reply.headers["x-result-count"]) == (200, [], "0")


def test_the_costs_of_the_sample_can_be_added_up_by_hand(november: Api) -> None:
    reply = november.get(f"{ITEMS}costs/", project_uuid=PROJECT)

    credited = november.world.invoice_items.one(CREDIT)
    without_credit = [item for item in november.world.invoice_items if item.project_uuid == PROJECT]
    assert credited in without_credit
    assert reply.body == [{"price": Decimal("129.28"), "year": 2025, "month": 11}]


def test_consumptions_tell_month_by_month_what_the_credit_paid(readable: Api) -> None:
    items = [item for item in readable.world.invoice_items if item.credit_uuid]
    of_credit = [item for item in items if item.credit_uuid == items[0].credit_uuid]
    expected: dict[str, Decimal] = {}
    world = readable.world
    for item in of_credit:
        label = month_of(world, item).padded
        expected[label] = expected.get(label, Decimal(0)) + item.price

    rows = readable.rows(item_path(items[0].uuid, "consumptions/"))

    assert len(rows) > 1
    assert [(row["month"], Decimal(row["price"])) for row in rows] == sorted(expected.items())


def test_an_item_that_no_credit_paid_has_no_consumptions(november: Api) -> None:
    reply = november.get(item_path(SERVER, "consumptions/"))

    assert (reply.status, reply.body, reply.headers["x-result-count"]) == (200, [], "0")
