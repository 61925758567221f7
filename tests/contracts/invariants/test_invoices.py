"""Invoices: each check passes a healthy mock, and reports what was altered in its answers."""

from typing import Any, Final

import pytest

from tests.contracts.altered import (
    BILLS,
    INVOICE,
    INVOICES,
    STATS,
    UUID,
    answered,
    context,
    judged,
    lines,
    rows,
    said,
    setting,
    shown,
    without,
)

READ: Final = (
    "invoices_list/the_latest_month_comes_first",
    "invoices_list/a_customer_has_one_invoice_a_month",
    "invoices_list/each_invoice_has_a_number_of_its_own",
    "invoices_retrieve/an_invoice_links_to_itself",
    "invoices_list/lines_come_by_project_and_name",
    "invoices_retrieve/lines_come_by_project_and_name",
    "invoices_retrieve/lines_without_a_total_are_not_shown",
    "invoices_retrieve/an_invoice_is_shown_whatever_filters_say",
    "invoices_items_retrieve/the_items_are_the_lines_of_the_invoice",
    "invoices_stats_list/the_prices_of_offerings_are_those_of_the_lines",
    "invoices_stats_list/the_taxes_of_offerings_are_those_of_the_lines",
    "invoices_stats_list/the_totals_of_offerings_are_those_of_the_lines",
)
TEXTS: Final = ("backend_id", "payment_url", "reference_number")
WRITTEN: Final = (
    "invoices_paid/only_a_created_invoice_can_be_paid",
    "invoices_paid/paying_changes_the_state_alone",
    "invoices_paid/a_paid_invoice_cannot_be_paid_again",
    "invoices_send_notification/only_a_created_invoice_is_announced",
    "invoices_send_notification/a_notification_leaves_the_invoice_as_it_is",
    *(f"invoices_set_{name}/a_text_is_set_trimmed_and_alone" for name in TEXTS),
    *(f"invoices_set_{name}/a_wrong_text_is_refused" for name in TEXTS),
    *(f"invoices_set_{name}/nothing_sent_changes_nothing" for name in TEXTS),
)
NUMBERS: Final = f"invariants/{READ[2]}"
ORDER: Final = f"invariants/{READ[4]}"
FILTERED: Final = f"invariants/{READ[7]}"
LINES: Final = f"/api/invoices/{UUID}/items/"
STORED: Final = "lines-by-stored-project"
BY_PROJECT: Final = "lines must come by project"
BY_NAME: Final = "the lines of a project must come by name"
PRICES, TAXES, TOTALS = (f"invariants/{name}" for name in READ[9:])


@pytest.mark.parametrize("check", READ)
def test_a_healthy_mock_that_is_read_passes(check: str) -> None:
    assert judged(f"invariants/{check}")[:2] == ("kept", ())


@pytest.mark.parametrize("check", WRITTEN)
def test_a_healthy_mock_that_is_written_to_passes(check: str) -> None:
    assert judged(f"invariants/{check}", writing=True)[:2] == ("kept", ())


def second_like_the_first(*names: str) -> Any:
    """An edit of a list: the second row has fields of the first."""

    def edit(value: Any) -> None:
        value[1].update({name: value[0][name] for name in names})

    return edit


@pytest.mark.parametrize(
    ("check", "edit", "what"),
    [
        (READ[0], lambda value: value[::-1], "the latest month must come first"),
        (READ[1], second_like_the_first("customer", "year", "month"), "a customer must have one invoice a month"),
        (READ[2], second_like_the_first("number"), "each invoice must have its own number"),
        (READ[2], lambda value: value[0].update(number="100999"), "numbers must be integers"),
        (READ[2], lambda value: value[0].update(number=100_000), "numbers must begin after 100000"),
    ],
)
def test_a_list_that_is_wrong_is_told(check: str, edit: Any, what: str) -> None:
    assert said(f"invariants/{check}", shown(INVOICES, edit)) == what


def test_the_first_number_of_an_invoice_is_100001() -> None:
    asking, _ = context()

    assert min(row["number"] for row in asking.rows("invoices_list")) == 100_001
    assert said(NUMBERS) == "kept"


def test_links_of_an_invoice_and_of_its_lines_that_lead_elsewhere_are_told() -> None:
    what = "the url and the identifier of an object must agree"
    elsewhere = setting(url="http://mock.invalid/api/invoices/" + "f" * 32 + "/")

    assert said(f"invariants/{READ[3]}", rows(INVOICE, elsewhere)) == what
    assert said(f"invariants/{READ[3]}", lines(elsewhere)) == what


Line = tuple[str, str, bool]
"""The name of a line, its project, and whether a credit pays with it."""


def lines_are(*wanted: Line) -> Any:
    """All invoices have these lines."""
    made = [{"name": name, "project_name": project, "credit": credit} for name, project, credit in wanted]
    return rows(BILLS, setting(items=made))


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ([("b", "P1", False), ("a", "P2", False)], "kept"),
        ([("a", "P2", False), ("b", "P1", False)], BY_PROJECT),
        ([("b", "P1", False), ("a", "P1", False), ("c", "P2", False)], BY_NAME),
        # No split into lines by name and lines by project is in order.
        ([("z", "P3", True), ("a", "P2", True), ("b", "P1", False)], BY_PROJECT),
        # The first two would be by name, but only the first may lack a project.
        ([("a", "P3", True), ("b", "P2", False), ("c", "P1", False)], BY_PROJECT),
        # The projects after the first line are in order, their names are not.
        ([("a", "P9", True), ("z", "P1", False), ("b", "P1", False)], BY_PROJECT),
    ],
)
@pytest.mark.parametrize("forgives", [True, False])
def test_lines_come_by_project_and_those_of_a_project_by_name(wanted: list[Line], what: str, forgives: bool) -> None:
    found = judged(ORDER, lines_are(*wanted), forgives=forgives)

    assert (found.said, found.noted) == (what, ())
    assert (STORED in found.looked_for) is any(credit for _, _, credit in wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        [("x", "P2", True), ("b", "P1", False), ("c", "P1", False), ("d", "P2", False)],
        [("x", "P2", True), ("y", "P1", True), ("a", "P1", False), ("b", "P3", False)],
        [("x", "N/A", False), ("b", "A1", False)],
        [("Credit compensation. x", "P2", False), ("b", "P1", False)],
    ],
)
def test_lines_that_may_have_no_stored_project_come_first_on_real_servers(wanted: list[Line]) -> None:
    altered = lines_are(*wanted)

    assert judged(ORDER, altered, forgives=True)[:2] == ("kept", (STORED,))
    assert judged(ORDER, altered)[:2] == (BY_PROJECT, ())
    found = judged(ORDER, altered, dialect="wire")
    assert found[:2] == ("kept", ())
    assert STORED in found.looked_for


def test_a_line_without_a_total_is_told_and_any_other_total_is_none() -> None:
    check = f"invariants/{READ[6]}"

    assert said(check, lines(setting(total="0.00"))) == "lines without a total must not be shown"
    assert said(check, lines(setting(total="1.00"))) == "kept"


def test_an_invoice_is_asked_for_under_another_state_once() -> None:
    found = judged(FILTERED)

    (asked,) = [one.target for one in found.sent if "state=" in one.target]
    asking, _ = context()
    states = {row["uuid"]: row["state"] for row in asking.rows("invoices_list")}
    assert asked.rpartition("=")[2] != states[asked.split("/")[3]]


@pytest.mark.parametrize(("state", "asked"), [("paid", "created"), ("created", "paid")])
def test_the_other_state_is_another_one(state: str, asked: str) -> None:
    found = judged(FILTERED, rows(INVOICES, setting(state=state)))

    assert [one.target for one in found.sent if one.target.endswith(f"?state={asked}")]


def test_real_servers_filter_a_single_invoice_as_well() -> None:
    missing = answered(INVOICE, 404, query="state=")

    assert said(FILTERED, missing) == "the status must be 200, not 404"
    assert judged(FILTERED, missing, forgives=True)[:2] == ("kept", ("invoice-retrieve-filtered",))
    assert said(FILTERED, missing, dialect="wire") == "kept"
    assert said(FILTERED, dialect="wire") == "the status must be 404, not 200"


def test_items_that_are_no_lines_of_their_invoice_are_told() -> None:
    check = f"invariants/{READ[8]}"

    assert said(check, shown(LINES, lambda value: value + value)) == "no item twice"
    for change in (rows(LINES, setting(price="7")), shown(LINES, lambda value: value[1:])):
        assert said(check, change) == "the items and the lines of the invoice must agree"


def test_an_invoice_of_many_lines_is_among_the_examples() -> None:
    asking, _ = context()
    many = str(asking.rows("invoices_list")[-1]["uuid"])

    def cut(row: Any) -> None:
        row["items"] = [{"resource": None}] * (11 if row["uuid"] == many else 10)

    found = judged(PRICES, rows(INVOICES, cut), shown(STATS, lambda value: []))

    assert many in {one.path.split("/")[3] for one in found.sent}
    assert found.said == "kept"


@pytest.mark.parametrize(
    ("check", "name"), [(PRICES, "aggregated_price"), (TAXES, "aggregated_tax"), (TOTALS, "aggregated_total")]
)
def test_a_sum_of_an_offering_that_is_wrong_is_told(check: str, name: str) -> None:
    what = f"{name} of each offering and the lines of the invoice must agree"

    assert said(check, rows(STATS, setting(**{name: "7"}))) == what
    assert said(check, shown(STATS, lambda value: value[1:])) == what
    extra = {"offering_name": "new", name: "7"}
    assert said(check, shown(STATS, lambda value: [*value, extra])) == what
    assert said(check, shown(STATS, lambda value: [*value, {**extra, name: "0"}])) == "kept"


def test_a_line_without_a_resource_belongs_to_no_offering() -> None:
    def more(row: Any) -> None:
        row["items"].append({**row["items"][0], "resource": None, "uuid": "e" * 32, "price": "5"})

    assert said(PRICES, rows(BILLS, more)) == "kept"


def test_an_offering_whose_lines_cost_nothing_is_among_the_statistics() -> None:
    free = lines(setting(price="0"))

    assert said(PRICES, free, rows(STATS, setting(aggregated_price="0"))) == "kept"
    assert said(PRICES, free, shown(STATS, lambda value: [])) != "kept"


def test_taxes_of_offerings_with_one_name_or_on_an_invoice_without_a_price_are_not_known() -> None:
    def split(value: Any) -> Any:
        nothing = dict.fromkeys(("aggregated_price", "aggregated_tax", "aggregated_total"), "0")
        return [*value, {**value[0], **nothing}]

    wrong = rows(STATS, setting(aggregated_tax="7", aggregated_price="7"))
    for change in (shown(STATS, split), rows(INVOICES, setting(price="0"))):
        assert said(TAXES, wrong, change) == "kept"
        assert said(PRICES, wrong, change) != "kept"
    assert said(PRICES, shown(STATS, split)) == "kept"


def paths(*names: str) -> str:
    return f"/api/invoices/{UUID}/({'|'.join(names)})/"


@pytest.mark.parametrize(
    ("check", "change", "what"),
    [
        (WRITTEN[0], answered(paths("paid"), 200, method="POST"), "the status must be 404, not 200"),
        (
            WRITTEN[1],
            answered(INVOICES, body=b"[]", query="state=paid", x_result_count="0"),
            "a paid invoice must be listed as paid",
        ),
        (WRITTEN[3], answered(paths("send_notification"), 200, method="POST"), "the status must be 400, not 200"),
    ],
)
def test_a_write_with_other_consequences_is_told(check: str, change: Any, what: str) -> None:
    assert said(f"invariants/{check}", change, writing=True) == what


def test_the_answer_to_a_payment_is_the_paid_invoice_where_it_is_not_empty() -> None:
    other = shown(paths("paid"), setting(number=1), method="POST")

    assert said(f"invariants/{WRITTEN[1]}", other, writing=True) == "the answer and the paid invoice must agree"


def test_as_many_invoices_are_refused_as_there_is_need_for() -> None:
    """One that does not exist, and three of other states."""
    found = judged(f"invariants/{WRITTEN[0]}", writing=True)

    assert len([one for one in found.sent if one.method == "POST"]) == 4


@pytest.mark.parametrize(("name", "longest"), [("backend_id", 255), ("payment_url", 200), ("reference_number", 300)])
def test_the_longest_text_is_sent_and_one_that_is_longer_by_a_character(name: str, longest: int) -> None:
    def sizes(check: str) -> list[int]:
        found = judged(f"invariants/invoices_set_{name}/{check}", writing=True)
        texts = [one.body.decode().partition(': "')[2].rpartition('"')[0] for one in found.sent if one.body]
        return [len(text) for text in texts]

    assert longest in sizes("a_text_is_set_trimmed_and_alone")
    assert longest + 1 in sizes("a_wrong_text_is_refused")


def test_without_a_field_that_orders_lines_their_order_is_not_known() -> None:
    assert said(ORDER, lines(without("project_name"))) == "not exercised: the field project_name is missing"
