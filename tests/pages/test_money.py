"""Growth, costs, credits and the month's end: the pages show the figures of the API and of the rules."""

from decimal import Decimal

from tests.asgi import Api
from tests.pages.forms import page
from waldur_billing_mock.mock_server.billing.money import half_even
from waldur_billing_mock.mock_server.pages.chart import HEIGHT, stacked
from waldur_billing_mock.mock_server.world_file import dump


def test_growth_shows_the_totals_that_the_api_answers(readable: Api) -> None:
    growth = readable.get("/api/invoices/growth/").body

    text = page(readable, "/_mock/ui/money")

    for total in growth["total_periods"]:
        assert f"{half_even(Decimal(total)):,}" in text


def test_the_month_end_is_that_of_a_copy(readable: Api) -> None:
    before = dump(readable.world)

    text = page(readable, "/_mock/ui/month-end?computed=1")

    pending = len(readable.world.invoices.where(state="pending"))
    assert text.count('<th scope="row">') == pending > 5
    assert dump(readable.world) == before


def test_a_credit_shows_what_is_left_and_what_it_has_paid(readable: Api) -> None:
    text = page(readable, "/_mock/ui/credits")

    for credit in readable.world.customer_credits:
        assert f"{half_even(credit.value):,}" in text


def test_a_chart_stacks_its_bars_within_its_field() -> None:
    chart = stacked(["Oct 2025", "Nov 2025"], [("a", [Decimal(3), Decimal(0)]), ("b", [Decimal(1), Decimal(-2)])])

    assert [(bar.colour, bar.title) for bar in chart.bars] == [(1, "a, Oct 2025: 3.00"), (2, "b, Oct 2025: 1.00")]
    lower, upper = chart.bars
    assert upper.y + upper.height == lower.y
    assert 0 <= upper.y < lower.y + lower.height <= HEIGHT


def test_a_chart_of_nothing_has_axes() -> None:
    assert len(stacked([], []).rows) == 5
