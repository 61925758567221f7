"""What a row means by its links, from a few rows."""

from typing import Any

import pytest

from tests.contracts.readings.books import data, key, link
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.readings.lookups import invoice_of, offering, offering_name

LINE: dict[str, Any] = {
    "uuid": key(11),
    "resource": link(21),
    "details": {"offering_uuid": key(31), "offering_name": "VM"},
}
BILL: dict[str, Any] = {"uuid": key(1), "items": [LINE]}
OTHER: dict[str, Any] = {"uuid": key(2), "items": []}
KNOWN = data([BILL, OTHER], [{"uuid": key(12), "invoice": link(2)}, {"uuid": key(13), "invoice": link(3)}])


def test_the_invoice_of_an_item_is_that_of_its_link_of_its_line_or_of_the_item_by_itself() -> None:
    assert invoice_of(KNOWN, {"uuid": key(11), "invoice": link(2)}) is OTHER
    assert invoice_of(KNOWN, {"uuid": key(11)}) is BILL
    assert invoice_of(KNOWN, {"uuid": key(12)}) is OTHER
    with pytest.raises(NotExercised, match="not listed"):
        invoice_of(KNOWN, {"uuid": key(13)})
    with pytest.raises(NotExercised, match="not visible"):
        invoice_of(KNOWN, {"uuid": key(14)})


def test_the_offering_of_an_item_is_in_the_row_or_in_the_details_of_another() -> None:
    assert offering(KNOWN, {"resource": None, "offering_uuid": key(32)}) is None
    assert offering(KNOWN, {"resource": link(21), "offering_uuid": key(32)}) == key(32)
    assert offering(KNOWN, {"resource": link(21), "offering_uuid": None}) is None
    assert offering(KNOWN, {"resource": link(21)}) == key(31)


def test_the_name_of_the_offering_is_in_the_details_of_another_row() -> None:
    assert offering_name(KNOWN, {"resource": link(21)}) == "VM"
    assert offering_name(KNOWN, {}) is None


@pytest.mark.parametrize("details", [{"plan": "one"}, {"offering_uuid": "no identifier"}])
def test_what_no_details_tell_is_not_known(details: dict[str, str]) -> None:
    known = data([{**BILL, "items": [{**LINE, "details": details}]}])

    for resource in (link(21), link(22)):
        with pytest.raises(NotExercised, match="no line tells the offering_uuid of a resource"):
            offering(known, {"resource": resource})
