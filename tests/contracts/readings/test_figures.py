"""All figures that an item is part of, of a small mock, and whether they change by its price."""

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.contracts.altered import INVOICE, context, rows, without
from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.exchange import Broken
from waldur_billing_mock.contracts.readings.figures import (
    figures,
    growth_now,
    is_recent,
    must_differ_by,
    project_of,
)

CENT: Final = Decimal("0.01")
ALWAYS: Final = {"price of the invoice", "lines of the invoice", "items of the month"}
BOTH: Final = "incurred costs and compensations"
OF_THE_INVOICE: Final = "items of the invoice"
TOTALS: Final = {"total price of the month", "total price"}
COSTS: Final = "costs"
RECENT: Final = {"costs of the customer", "costs of the project"}


def chosen(asking: Context, position: int = 0) -> tuple[Any, Any]:
    """A line with a project, and its invoice."""
    home = asking.rows("invoices_list")[position]
    line = next(line for line in home["items"] if line["project_uuid"])
    return line, home


def test_the_figures_of_an_item_of_this_month_are_what_the_server_shows() -> None:
    asking, _ = context()
    item, home = chosen(asking)

    found = figures(asking, item, home)

    assert found.keys() == {*ALWAYS, BOTH, OF_THE_INVOICE, *TOTALS, "statistics", COSTS, *RECENT}
    price = Decimal(home["price"])
    for name in ("price of the invoice", "lines of the invoice", OF_THE_INVOICE):
        assert found[name] == price
    of_resources = [line["price"] for line in home["items"] if line["resource"]]
    assert found["statistics"] == sum(Decimal(str(one)) for one in of_resources)
    assert abs(found[BOTH] - price) < CENT * len(home["items"])
    month = Decimal(sum(Decimal(str(row["price"])) for row in asking.rows("invoices_list") if row["month"] == 11))
    assert abs(found["items of the month"] - month) < 1
    assert abs(found["items of the month"] - found["total price of the month"]) < CENT
    assert found["total price"] > month


def test_compensations_are_part_of_both_sums() -> None:
    asking, _ = context()
    home = next(row for row in asking.rows("invoices_list") if row["compensations"])

    found = figures(asking, home["items"][0], home)

    assert found[BOTH] == Decimal(str(home["incurred_costs"])) + Decimal(str(home["compensations"]))


def test_an_item_of_another_month_is_part_of_no_period_and_one_without_a_project_of_no_project() -> None:
    asking, _ = context()
    item, home = chosen(asking, -1)

    assert not {*RECENT} & figures(asking, item, home).keys()
    other, now = chosen(asking)
    found = figures(asking, {**other, "uuid": "e" * 32}, now).keys()
    assert "costs of the customer" in found
    assert not {COSTS, "costs of the project"} & found
    assert (is_recent(asking, home), is_recent(asking, now)) == (False, True)


def test_an_item_without_a_resource_is_in_no_statistics() -> None:
    asking, _ = context()
    item, home = chosen(asking)

    assert "statistics" not in figures(asking, {**item, "resource": None}, home)


@pytest.mark.parametrize(
    ("lacks", "missing"),
    [
        ("invoices_items_retrieve", {OF_THE_INVOICE}),
        ("invoice_items_total_price_retrieve", TOTALS),
        ("invoice_items_customer_costs_for_period_retrieve", {"costs of the customer"}),
        ("invoice_items_project_costs_for_period_retrieve", {"costs of the project"}),
    ],
)
def test_what_the_server_lacks_is_left_out(lacks: str, missing: set[str]) -> None:
    asking, _ = context()
    item, home = chosen(asking)
    whole = figures(asking, item, home).keys()

    asking.survey.operations.add(lacks)

    assert whole - figures(asking, item, home).keys() == missing


@pytest.mark.parametrize("name", ["compensations", "incurred_costs"])
def test_sums_that_older_servers_lack_are_left_out(name: str) -> None:
    asking, _ = context(rows(INVOICE, without(name)))

    assert BOTH not in figures(asking, *chosen(asking))


def test_growth_of_now_is_its_last_month() -> None:
    asking, _ = context()
    month = sum(Decimal(str(row["price"])) for row in asking.rows("invoices_list") if row["month"] == 11)

    assert growth_now(asking) == month


def test_the_project_of_an_item_is_that_of_its_line() -> None:
    asking, _ = context()
    item, _ = chosen(asking)

    assert project_of(asking, item) == item["project_uuid"].replace("-", "")
    assert project_of(asking, {"uuid": "e" * 32}) is None


@pytest.mark.parametrize(
    ("name", "changed", "holds"),
    [
        ("total price", "10.00", True),
        ("total price", "9.996", True),
        ("total price", "9.999", False),
        ("total price", "-10.00", False),
        ("total price", "-9.996", False),
        ("costs", "10.00", True),
        ("costs", "10.01", True),
        ("costs", "9.986", True),
        ("costs", "10.011", False),
        ("costs", "9.985", False),
    ],
)
def test_a_figure_changes_by_the_price_or_by_the_exact_value(name: str, changed: str, holds: bool) -> None:
    """The price is 10.00, of which 9.996 was rounded; costs may follow a cent late."""
    before, after = {name: Decimal("5.00")}, {name: Decimal("5.00") + Decimal(changed)}
    amounts = Decimal("10.00"), Decimal("9.996")

    if holds:
        must_differ_by(before, after, *amounts, "an item", "/at")
        return
    with pytest.raises(Broken, match=f"an item must change the {name}"):
        must_differ_by(before, after, *amounts, "an item", "/at")
