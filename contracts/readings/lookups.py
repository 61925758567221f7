"""What a row means by its links: the invoice, the offering, the project that stand in other answers."""

from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.readings.discovery import BillingData
from waldur_billing_mock.contracts.values import Malformed, Row, identifier, identity_of, optional_identifier


def invoice_of(data: BillingData, row: Row) -> Row:
    """The invoice on which an item stands. Raises `NotExercised` where the role does not see it."""
    if "invoice" in row:
        return data.invoice_of(row)
    line = data.line_by_key.get(identity_of(row))
    if line is not None:
        return line.invoice
    item = data.item_by_key.get(identity_of(row))
    if item is not None:
        return data.invoice_of(item)
    raise NotExercised("the invoice of an item is not visible")


def offering(data: BillingData, row: Row) -> str | None:
    """The offering of an item's resource; None without a resource."""
    if row.get("resource") is None:
        return None
    if "offering_uuid" in row:
        return optional_identifier(row["offering_uuid"])
    return _learned(data, row, "offering_uuid")


def offering_name(data: BillingData, row: Row) -> str | None:
    """The name of the offering of an item's resource; None without a resource."""
    return None if row.get("resource") is None else _learned(data, row, "offering_name")


def _learned(data: BillingData, row: Row, name: str) -> str:
    """What the details of some line of the same resource say. Raises `NotExercised` where none does."""
    known = data.of_resource.get(optional_identifier(row.get("resource")) or "", {})
    value = known.get(name)
    if value is None:
        raise NotExercised(f"no line tells the {name} of a resource")
    if not name.endswith("_uuid"):
        return str(value)
    try:
        return identifier(value)
    except Malformed:
        raise NotExercised(f"no line tells the {name} of a resource") from None
