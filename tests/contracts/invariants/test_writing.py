"""Writing to items: each check passes a healthy mock, reports what is wrong, and sends what it announces."""

import json
from decimal import Decimal
from typing import Any, Final

import pytest

from tests.contracts.altered import (
    BILLS,
    INVOICE,
    INVOICES,
    ITEM,
    ITEMS,
    Judged,
    answered,
    context,
    judged,
    lines,
    rows,
    said,
    setting,
    shown,
)
from waldur_billing_mock.contracts.guard import Writing

UPDATES: Final = ("invoice_items_update", "invoice_items_partial_update")
WRITTEN, REFUSED, USAGE = (
    tuple(f"invariants/{operation}/{name}" for operation in UPDATES)
    for name in ("fields_that_are_sent_are_written", "wrong_values_are_refused", "an_item_by_usage_needs_no_quantity")
)
COPY: Final = "invariants/invoice_items_create_compensation/a_compensation_is_a_copy_with_the_negative_price"
GONE: Final = "invariants/invoice_items_destroy/a_deleted_item_is_gone"
MOVED: Final = "invariants/invoice_items_migrate_to/an_item_moves_with_all_that_it_costs"
CHECKS: Final = (*WRITTEN, *REFUSED, *USAGE, COPY, GONE, MOVED)
NONE_FITS: Final = "not exercised: none of the items that may be written to fits"


@pytest.mark.parametrize("check", CHECKS)
def test_a_healthy_mock_passes(check: str) -> None:
    assert judged(check, writing=True)[:2] == ("kept", ())


def bodies(found: Judged, *methods: str) -> dict[str, list[dict[str, Any]]]:
    """The objects that were sent, by the identifier of the item."""
    sent: dict[str, list[dict[str, Any]]] = {}
    for request in found.sent:
        if request.method in methods:
            sent.setdefault(request.path.split("/")[3], []).append(json.loads(request.body))
    return sent


def items() -> dict[str, dict[str, Any]]:
    """The lines of all invoices, by the identifier of their item."""
    asking, _ = context()
    return {line["uuid"]: line for row in asking.rows("invoices_list") for line in row["items"]}


@pytest.mark.parametrize("check", WRITTEN)
def test_prices_quantities_and_codes_are_sent_that_differ_from_those_before(check: str) -> None:
    """Items by a limit are called items by usage here, as there are none of these among the first that are chosen."""
    known = items()
    usage = lines(lambda line: line.update(billing_type="usage") if line.get("billing_type") == "limit" else None)

    found = bodies(judged(check, usage, writing=True), "PUT", "PATCH")

    assert {"fixed", "limit"} < {known[key].get("billing_type") for key in found}
    for key, sent in found.items():
        item, first = known[key], sent[0]
        assert Decimal(first["unit_price"]) == Decimal(item["unit_price"]) + Decimal("2.125")
        assert first["article_code"] == " new-code "
        assert ("quantity" in first) is (item.get("billing_type") == "limit")
        last = [body for body in sent if body.get("name") == "ignored"]
        assert bool(last) is (item.get("billing_type") != "fixed")
        for body in last:
            assert Decimal(body["quantity"]) == Decimal(item["quantity"]) + Decimal("2.125")


def test_a_price_is_sent_as_a_number_too() -> None:
    sent = bodies(judged(WRITTEN[1], writing=True), "PATCH")

    for first, second, *_ in sent.values():
        assert second["unit_price"] == int(Decimal(first["unit_price"])) + 1


@pytest.mark.parametrize(
    ("price", "tried"), [("100000", False), ("99999", True), ("-5", False), ("0", False), ("1", True)]
)
def test_items_with_an_ordinary_price_are_written_to(price: str, tried: bool) -> None:
    found = said(REFUSED[1], lines(setting(unit_price=price)), writing=True)

    assert found == ("kept" if tried else NONE_FITS)


@pytest.mark.parametrize("check", USAGE)
def test_an_item_by_usage_takes_another_code_alone(check: str) -> None:
    known = items()

    ((key, sent),) = bodies(judged(check, writing=True), "PUT", "PATCH").items()

    assert known[key]["billing_type"] == "usage"
    assert sent == [{"article_code": "new-code"}]
    renamed = rows(ITEM, setting(article_code="new-code"))
    ((_, sent),) = bodies(judged(check, renamed, writing=True), "PUT", "PATCH").items()
    assert sent == [{"article_code": "other-code"}]


@pytest.mark.parametrize("check", USAGE)
def test_an_item_by_usage_needs_a_quantity_on_real_servers(check: str) -> None:
    assert judged(check, writing=True, wire=True, forgives=True)[:2] == ("kept", ("usage-needs-quantity",))
    assert said(check, writing=True, dialect="wire") == "not exercised: servers of this dialect fail here"
    assert said(check, writing=True, dialect="wire", forgives=True) == "kept"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (rows(ITEM, setting(article_code="x")), "the article_code that was sent, trimmed must agree"),
        (rows(ITEM, setting(unit_price="7")), "the unit_price that was sent must agree"),
        (shown(ITEM, setting(article_code="z"), method="PATCH"), "the answer and the item must agree"),
    ],
)
def test_what_is_not_written_is_told(change: Any, what: str) -> None:
    assert said(WRITTEN[1], change, writing=True) == what


def test_fields_that_were_not_to_be_written_stay() -> None:
    first = iter(["before"])
    renamed = rows(ITEM, lambda row: row.update(name=next(first, "after")))

    assert said(WRITTEN[1], renamed, writing=True) == "the name, which was not to be written must agree"


def test_the_line_of_an_invoice_follows_what_was_written_to_its_item() -> None:
    """The invoice shows the price, and another unit price, which together fit another quantity."""

    def halved(line: Any) -> None:
        line["unit_price"] = str(Decimal(line["unit_price"]) / 2)
        line["quantity"] = str(Decimal(line["quantity"]) * 2)

    found = said(WRITTEN[1], lines(halved, INVOICE), writing=True)

    assert found == "the unit_price of the item and of its line must agree"


def test_a_compensation_that_its_invoice_does_not_show_is_told() -> None:
    """The invoice has the line under another identifier."""

    def hidden(line: Any) -> None:
        if line["details"].get("offering_component_name") == "contract check":
            line["uuid"] = "e" * 32

    assert said(COPY, lines(hidden, INVOICE), writing=True) == "the invoice must show the compensation"


@pytest.mark.parametrize(
    ("check", "change", "what"),
    [
        (GONE, answered(ITEM, 404, method="DELETE"), "the status must be 204, not 404"),
        (MOVED, answered(f"{ITEM}migrate_to/", 200, method="POST"), "the status must be 400, not 200"),
    ],
)
def test_a_write_with_another_status_is_told(check: str, change: Any, what: str) -> None:
    assert said(check, change, writing=True) == what


def moves(found: Judged) -> list[Any]:
    """The bodies of all requests to move an item."""
    return [json.loads(one.body) for one in found.sent if one.path.endswith("/migrate_to/")]


def test_wrong_targets_are_refused_and_links_that_might_be_right_are_not_tried_on_a_deployment() -> None:
    here, there = moves(judged(MOVED, writing=True)), moves(judged(MOVED, writing=True, forgives=True))

    assert here[1:3] == [{}, {"invoice": None}]
    assert here[3] == {"invoice": "nowhere"}
    assert len(here) == 7
    assert [body for body in here if body not in there] == here[3:5]


def test_an_item_is_moved_to_no_invoice_that_may_not_be_written_to() -> None:
    asking, _ = context()
    all_of_them = asking.rows("invoices_list")
    own = [str(row["uuid"]) for row in all_of_them if row["customer"] == all_of_them[0]["customer"]]
    keys = {line["uuid"].replace("-", "") for row in all_of_them[:1] for line in row["items"]}

    found = judged(MOVED, writing=Writing(True, {one.replace("-", "") for one in own}, keys), forgives=True)

    assert found.said == "kept"
    assert len(moves(found)) == 4


def test_without_a_second_customer_no_foreign_invoice_is_tried() -> None:
    asking, _ = context()
    customer = asking.rows("invoices_list")[0]["customer"]
    own = {row["url"] for row in asking.rows("invoices_list") if row["customer"] == customer}

    found = judged(
        MOVED,
        shown(INVOICES, lambda value: [row for row in value if row["customer"] == customer]),
        shown(ITEMS, lambda value: [row for row in value if row["invoice"] in own]),
        writing=True,
    )

    assert found.said == "kept"
    assert len(moves(found)) == 6


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lines(setting(uuid="e" * 32), BILLS), "none of the items that may be written to fits"),
        (rows(ITEMS, setting(unit_price="0")), "none of the items that may be written to fits"),
    ],
)
def test_what_cannot_be_moved_is_not_tried(change: Any, what: str) -> None:
    assert said(MOVED, change, writing=True) == f"not exercised: {what}"


def test_a_customer_with_one_invoice_has_no_other_to_move_an_item_to() -> None:
    asking, _ = context()
    newest = {row["url"] for row in asking.rows("invoices_list")[:5]}

    found = said(
        MOVED,
        shown(INVOICES, lambda value: value[:5]),
        shown(ITEMS, lambda value: [row for row in value if row["invoice"] in newest]),
        writing=True,
    )

    assert found == "not exercised: no customer has two invoices that may be written to"


def test_a_deleted_item_that_is_still_listed_is_told() -> None:
    """The list that was read before the item was deleted is shown again afterwards."""
    deleted: list[str] = []

    def remember(request: Any, answer: Any) -> Any:
        if request.method == "DELETE":
            deleted.append(request.path.split("/")[3])
        return answer

    still = shown(ITEMS, lambda value: [*value, *({**value[0], "uuid": key} for key in deleted)])

    assert said(GONE, remember, still, writing=True) == "a deleted item must not be listed"
