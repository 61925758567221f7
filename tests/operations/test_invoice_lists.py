"""The list of invoices keeps what its filters say, in the order that was asked for; growth adds it up."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import Any, Final

import pytest

from tests.asgi import BASE, Api
from tests.operations.figures import INVOICE, INVOICES, SERVER, UNKNOWN, dashed, invoice_path, uuids
from tests.views import view
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.world import World

GROWTH: Final = "/api/invoices/growth/"
Judge = Callable[[Invoice], bool]


def filters_of(world: World) -> dict[str, tuple[str | list[str], Judge]]:
    """Queries with a parameter each, and by hand what they keep."""
    customer = world.invoices.one(INVOICE).customer_uuid
    september, march = date(2025, 9, 1), date(2025, 3, 1)
    return {
        "customer": (f"{BASE}/api/customers/{dashed(customer)}/", lambda invoice: invoice.customer_uuid == customer),
        "customer_uuid": (customer.upper(), lambda invoice: invoice.customer_uuid == customer),
        "state": ("paid", lambda invoice: invoice.state == "paid"),
        "year": ("2025", lambda invoice: invoice.year == 2025),
        "month": ("11", lambda invoice: invoice.month == 11),
        "created": ("2025-09-01", lambda invoice: invoice.created == september),
        "start_date": ("2025-03-01", lambda invoice: invoice.created > march),
        "end_date": ("2025-09-01", lambda invoice: invoice.created < september),
    }


NAMES: Final = ("customer", "customer_uuid", "state", "year", "month", "created", "start_date", "end_date")


def by_default(invoices: list[Invoice]) -> list[Invoice]:
    """By hand: the newest month first, ties by id."""
    return sorted(invoices, key=lambda invoice: (-invoice.year, -invoice.month, invoice.id))


@pytest.mark.parametrize("names", [*combinations(NAMES, 1), *combinations(NAMES, 2)], ids="+".join)
def test_filters_keep_what_filtering_by_hand_keeps(readable: Api, names: tuple[str, ...]) -> None:
    filters = filters_of(readable.world)
    kept = [row for row in readable.world.invoices if all(filters[name][1](row) for name in names)]

    rows = readable.rows(INVOICES, field="uuid", **{name: filters[name][0] for name in names})

    assert uuids(rows) == [row.uuid for row in by_default(kept)]


def test_every_filter_alone_keeps_some_invoices_and_drops_others(readable: Api) -> None:
    for name, (_, keeps) in filters_of(readable.world).items():
        assert {keeps(invoice) for invoice in readable.world.invoices} == {True, False}, name


@pytest.mark.parametrize("sent", [["paid", "canceled"], ["paid,canceled"]], ids=["repeated", "comma"])
def test_several_states_keep_the_invoices_in_any_of_them(readable: Api, sent: list[str]) -> None:
    kept = [invoice for invoice in readable.world.invoices if invoice.state in ("paid", "canceled")]

    rows = readable.rows(INVOICES, state=sent, field="uuid")

    assert uuids(rows) == [invoice.uuid for invoice in by_default(kept)]


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ("/api/customers/{customer}/", True),
        ("https://elsewhere.example:8000/api/customers/{customer}/", True),
        ("{customer}", False),
        ("nonsense", False),
        (f"/api/customers/{UNKNOWN}/", False),
        ("/api/customers/nonsense/", False),
        (f"/api/invoices/{INVOICE}/", False),
        ("/api/customers/", False),
    ],
)
def test_a_customer_is_found_by_its_link_on_any_host(november: Api, form: str, found: bool) -> None:
    customer = november.world.invoices.one(INVOICE).customer_uuid

    reply = november.get(INVOICES, customer=form.format(customer=customer))

    assert (reply.status, len(reply.body)) == (200, int(found))


@pytest.mark.parametrize("link", ["/api/nothing/", "http://a.example/", "/api/customer/"])
def test_a_link_that_leads_nowhere_is_not_found(november: Api, link: str) -> None:
    reply = november.get(INVOICES, customer=link)

    assert (reply.status, reply.body) == (404, {"detail": "Not found."})


NO_NUMBER, NO_DATE, NO_UUID = ["Enter a number."], ["Enter a valid date."], ["Enter a valid UUID."]


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ({"state": "Paid"}, {"state": ["Select a valid choice. Paid is not one of the available choices."]}),
        ({"state": ""}, {"state": ["Select a valid choice.  is not one of the available choices."]}),
        ({"o": "foo"}, {"o": ["Select a valid choice. foo is not one of the available choices."]}),
        ({"o": "year,--month"}, {"o": ["Select a valid choice. --month is not one of the available choices."]}),
        (
            {
                "year": "x",
                "month": "",
                "created": "2025-02-30",
                "start_date": "soon",
                "end_date": "1",
                "customer_uuid": "x",
            },
            {
                "year": NO_NUMBER,
                "created": NO_DATE,
                "start_date": NO_DATE,
                "end_date": NO_DATE,
                "customer_uuid": NO_UUID,
            },
        ),
    ],
)
@pytest.mark.parametrize("path", [INVOICES, invoice_path(INVOICE, "stats/")])
def test_faulty_filters_are_named_all_at_once(
    readable: Api, path: str, query: dict[str, str], messages: object
) -> None:
    reply = readable.get(path, **query)

    assert (reply.status, reply.body) == (400, messages)


@pytest.mark.parametrize("path", [INVOICES, "/api/invoice-items/"])
def test_the_largest_number_of_a_filter_is_the_binary_one_nearest_to_its_name(readable: Api, path: str) -> None:
    largest = 100000000000000007629769841091887003294964970946560
    refused = {"month": ["Ensure this value is less than or equal to 1e+50."]}

    assert readable.get(path, month=largest).body == []
    for beyond in (largest + 1, f"{largest}.5", "1.1e50"):
        reply = readable.get(path, month=beyond)
        assert (reply.status, reply.body) == (400, refused)


def test_empty_filters_count_as_not_sent(readable: Api) -> None:
    empty = dict.fromkeys([*(name for name in NAMES if name != "state"), "o", "page", "nonsense"], "")

    reply = readable.get(INVOICES, **empty)

    assert reply.body == readable.get(INVOICES).body


ORDERS: Final[Mapping[str, Callable[[Invoice], Any]]] = {
    "created": lambda invoice: invoice.created,
    "year": lambda invoice: invoice.year,
    "month": lambda invoice: invoice.month,
}


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_order_sorts_and_keeps_equal_invoices_as_they_were(readable: Api, name: str, sign: str) -> None:
    expected = sorted(by_default(list(readable.world.invoices)), key=ORDERS[name], reverse=sign == "-")

    rows = readable.rows(INVOICES, o=sign + name, field="uuid", page_size=50)

    assert uuids(rows) == [invoice.uuid for invoice in expected]


@pytest.mark.parametrize("sent", ["month,-year", ["month", "-year"]], ids=["comma", "repeated"])
def test_the_second_order_breaks_the_ties_of_the_first(readable: Api, sent: str | list[str]) -> None:
    expected = sorted(readable.world.invoices, key=lambda invoice: (invoice.month, -invoice.year, invoice.id))

    rows = readable.rows(INVOICES, o=sent, field="uuid")

    assert uuids(rows) == [invoice.uuid for invoice in expected]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (["uuid"], {"uuid"}),
        (["state", "uuid", "number"], {"state", "uuid", "number"}),
        (["state,uuid"], {"state", "uuid"}),
        (["items", "nonsense"], {"items"}),
    ],
)
def test_the_named_fields_are_kept(november: Api, sent: list[str], kept: set[str]) -> None:
    whole = november.get(invoice_path(INVOICE)).body

    replies = [november.get(path, field=sent) for path in (INVOICES, invoice_path(INVOICE))]

    expected = {name: whole[name] for name in kept}
    assert [reply.body for reply in replies] == [[expected], expected]


@pytest.mark.parametrize("sent", [[], ["nonsense"], [""]])
def test_all_fields_are_kept_where_no_name_is_known(november: Api, sent: list[str]) -> None:
    assert november.get(INVOICES, field=sent).body == november.get(INVOICES).body


# Growth.


def rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def growth_by_hand(world: World, count: int, *, with_tax: bool) -> dict[str, Any]:
    """What the answer must say of all customers: majors by their totals since a year ago, shown by name."""
    months = [(2024, 11), (2024, 12), *((2025, month) for month in range(1, 12))]
    ranks: dict[str, Decimal] = {}
    cells: dict[tuple[str, int, int], Decimal] = {}
    for row in world.invoices:
        invoice = view(world, row)
        name = invoice.customer.name
        if row.created >= date(2024, 11, 22):
            ranks[name] = ranks.get(name, Decimal(0)) + rounded(invoice.total)
        cells[name, row.year, row.month] = rounded(invoice.total if with_tax else invoice.price)
    majors = sorted(sorted(ranks, key=lambda name: (-ranks[name], name))[:count])
    rows = {name: [cells.get((name, *month), Decimal(0)) for month in months] for name in ranks}
    return {
        "periods": [f"{year}-{month}" for year, month in months],
        "total_periods": [sum(column) for column in zip(*rows.values(), strict=True)],
        "other_periods": [
            sum((rows[name][index] for name in rows if name not in majors), Decimal(0)) for index in range(13)
        ],
        "customer_periods": [{"name": name, "periods": rows[name]} for name in majors],
    }


@pytest.mark.parametrize(("query", "count"), [({}, 4), ({"customers_count": "0"}, 0), ({"customers_count": "20"}, 11)])
@pytest.mark.parametrize(("mode", "with_tax"), [("", True), ("accounting", False), ("ACCOUNTING", True)])
def test_growth_is_what_adding_up_by_hand_gives(
    readable: Api, query: dict[str, str], count: int, mode: str, with_tax: bool
) -> None:
    expected = growth_by_hand(readable.world, count, with_tax=with_tax)

    reply = readable.get(GROWTH, **query, accounting_mode=mode)

    assert (reply.status, reply.body) == (200, expected)


@pytest.mark.parametrize(("value", "everybody"), [("true", True), ("false", False), ("True", True), ("", True)])
def test_growth_counts_customers_whose_accounting_is_or_is_not_running(
    readable: Api, value: str, everybody: bool
) -> None:
    """The accounting of all customers of this world is running."""
    reply = readable.get(GROWTH, accounting_is_running=value)

    assert any(reply.body["total_periods"]) == everybody


@pytest.mark.parametrize("value", ["x", "1.5", "", "1e1"])
def test_a_count_of_customers_that_is_no_number_is_refused(readable: Api, value: str) -> None:
    reply = readable.get(GROWTH, customers_count=value)

    assert (reply.status, reply.body) == (400, ["customers_count is not a number"])


def test_a_count_of_too_many_customers_is_refused(readable: Api) -> None:
    reply = readable.get(GROWTH, customers_count=21)

    assert (reply.status, reply.body) == (400, ["customers_count should not be greater than 20"])


def test_a_negative_count_of_customers_is_refused(readable: Api) -> None:
    reply = readable.get(GROWTH, customers_count=-1)

    sentence = "Ensure this value is greater than or equal to 0."
    assert (reply.status, reply.body) == (400, {"customers_count": [sentence]})


def test_links_lead_to_what_they_name(november: Api) -> None:
    invoice = november.get(invoice_path(INVOICE)).body
    item = november.get(f"/api/invoice-items/{SERVER}/").body

    assert november.get(invoice["url"].removeprefix(BASE)).body == invoice
    assert item["invoice"] == invoice["url"]
    assert all(november.get(row["url"].removeprefix(BASE)).status == 200 for row in invoice["items"])
    assert invoice["customer"] == f"{BASE}/api/customers/{dashed(november.world.invoices.one(INVOICE).customer_uuid)}/"
