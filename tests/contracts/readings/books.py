"""Billing data of a few rows, as if they had been read."""

from typing import Any

from tests.contracts.altered import context
from waldur_billing_mock.contracts.readings.discovery import BillingData


def key(number: int) -> str:
    return f"{number:032x}"


def link(number: int) -> str:
    return f"http://mock.invalid/api/of/{key(number)}/"


def data(invoices: list[dict[str, Any]], items: list[dict[str, Any]] | None = None) -> BillingData:
    """The data of these invoices and items."""
    asking, _ = context()
    made = BillingData(asking)
    vars(made).update(invoices=invoices, items=items or [])
    return made
