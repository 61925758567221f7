"""Puts a world file together from what a server has shown, and says what is inferred.

What billing does not show comes from the neighbours of its operations; where these were not to be read, a row is made
up for each reference, with what the items tell of it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from waldur_billing_mock.contracts.values import Malformed, Row, day, decimal, identifier
from waldur_billing_mock.mock_server.recording.gathering import Gathered
from waldur_billing_mock.mock_server.recording.items import Items, order_of_items
from waldur_billing_mock.mock_server.recording.market import Market
from waldur_billing_mock.mock_server.recording.notes import Notes
from waldur_billing_mock.mock_server.recording.people import put_users
from waldur_billing_mock.mock_server.recording.rows import Rows, text_of, uuid_of
from waldur_billing_mock.mock_server.recording.taxes import Taxes

_FIRST_NUMBER: Final = 100000
_OF_CUSTOMERS: Final = (
    "name",
    "address",
    "country",
    "email",
    "postal",
    "phone_number",
    "bank_name",
    "bank_account",
    "vat_code",
)
_OF_ISSUERS: Final = {"name": "company", "bank_name": "bank", "bank_account": "account", "country": "country_code"}
"""The fields of a customer under which the documents show an issuer, and those that an operator configures."""


def assemble(found: Gathered, notes: Notes) -> dict[str, Any]:
    """The content of a world file, as JSON has it. Raises `Malformed` for answers that are no billing."""
    rows = Rows(notes)
    taxes = Taxes(notes, found)
    _put_customers(rows, found, taxes)
    market = Market(rows, found)
    market.put_neighbours()
    _put_invoices(rows, found, taxes)
    Items(rows, found, market).put(order_of_items(found))
    _put_payments(rows, found)
    put_users(rows, found)
    return {
        "format": 1,
        "now": found.now.isoformat().replace("+00:00", "Z"),
        "payment_interval_days": _payment_interval(found.invoices, notes),
        "issuer_details": _issuer(found.invoices, notes),
        "recorded": _recorded(found),
        **rows.content(),
    }


def _recorded(found: Gathered) -> dict[str, Any]:
    """What is missing from the world, for whoever serves it."""
    bounds = found.bounds
    part = "sample" if bounds.sample is not None else "customers" if bounds.customers else ""
    made: dict[str, Any] = {"part": part, "missing": dict(found.missing)}
    if bounds.since is not None:
        made["since"] = str(bounds.since)
    return made


def _put_customers(rows: Rows, found: Gathered, taxes: Taxes) -> None:
    """Customers as their own list shows them, then those that invoices alone show."""
    wanted = set(found.bounds.customers)
    bounded = bool(wanted) or found.bounds.sample is not None
    shown = {identifier(row["customer"]): row for row in found.invoices}
    for row in found.neighbours.get("customers", ()):
        uuid = identifier(row["uuid"])
        sells = row.get("is_service_provider") is True or row.get("service_provider") is not None
        if bounded and uuid not in wanted and uuid not in shown and not sells:
            continue
        rows.put(
            "customers",
            {
                "uuid": uuid,
                **{name: text_of(row, name) for name in _OF_CUSTOMERS},
                "created": row.get("created"),
                "default_tax_percent": taxes.written(row.get("default_tax_percent")),
                "accounting_start_date": row.get("accounting_start_date"),
                "archived": bool(row.get("archived")),
            },
        )
    for invoice in found.invoices:
        uuid = identifier(invoice["customer"])
        details = invoice.get("customer_details")
        details = details if isinstance(details, dict) else {}
        if (customer := rows.get("customers", uuid)) is None:
            rows.notes.infer("customers", "from the details on their invoices, with the tax of their newest invoice")
            first = min((one["year"], one["month"]) for one in found.invoices if identifier(one["customer"]) == uuid)
            customer = rows.put(
                "customers",
                {
                    "uuid": uuid,
                    "name": "",
                    "created": f"{first[0]:04}-{first[1]:02}-01T00:00:00Z",
                    "default_tax_percent": taxes.usual(uuid),
                },
            )
        for name in _OF_CUSTOMERS:
            if not customer.get(name) and text_of(details, name):
                rows.put("customers", {**customer, name: text_of(details, name)})
                customer = rows.tables["customers"][uuid]


def _put_invoices(rows: Rows, found: Gathered, taxes: Taxes) -> None:
    for row in sorted(found.invoices, key=lambda one: int(one["number"])):
        uuid = identifier(row["uuid"])
        if (made := found.created.get(uuid)) is None:
            rows.notes.infer("invoices.created", "the first day of the month, as no filter finds the date")
            made = date(row["year"], row["month"], 1)
        else:
            rows.notes.infer("invoices.created", "by the filters created, start_date and end_date")
        rows.put(
            "invoices",
            {
                "id": int(row["number"]) - _FIRST_NUMBER,
                "uuid": uuid,
                "customer_uuid": identifier(row["customer"]),
                "year": row["year"],
                "month": row["month"],
                "created": made.isoformat(),
                "state": row["state"],
                "tax_percent": taxes.of_invoice(row),
                "invoice_date": row.get("invoice_date"),
                "backend_id": text_of(row, "backend_id"),
                "payment_url": text_of(row, "payment_url"),
                "reference_number": text_of(row, "reference_number"),
            },
        )


def _put_payments(rows: Rows, found: Gathered) -> None:
    """Profiles of recorded customers, and payments of recorded invoices."""
    for row in found.neighbours.get("payment_profiles", ()):
        customer = uuid_of(row, "organization_uuid") or uuid_of(row, "organization")
        if rows.get("customers", customer) is not None:
            rows.put(
                "payment_profiles",
                {
                    "uuid": identifier(row["uuid"]),
                    "customer_uuid": customer,
                    "name": text_of(row, "name"),
                    "payment_type": row.get("payment_type"),
                    "is_active": row.get("is_active") is not False,
                },
            )
    for row in found.neighbours.get("payments", ()):
        profile, invoice = uuid_of(row, "profile"), uuid_of(row, "invoice_uuid") or uuid_of(row, "invoice")
        if rows.get("payment_profiles", profile) is None or rows.get("invoices", invoice) is None:
            rows.notes.leave_out("payments", "their invoice or their profile is not recorded")
            continue
        proof = row.get("proof")
        rows.put(
            "payments",
            {
                "uuid": identifier(row["uuid"]),
                "profile_uuid": profile,
                "invoice_uuid": invoice,
                "sum": format(decimal(row.get("sum", "0")), "f"),
                "date_of_payment": row.get("date_of_payment"),
                "proof_name": proof.rstrip("/").rpartition("/")[2] if isinstance(proof, str) and proof else None,
            },
        )


def _payment_interval(invoices: Sequence[Row], notes: Notes) -> int:
    """How many days lie between the date of an invoice and the day on which it is due, as a rule."""
    counts: Counter[int] = Counter()
    for row in invoices:
        try:
            if row.get("due_date") and row.get("invoice_date"):
                counts[(day(row["due_date"]) - day(row["invoice_date"])).days] += 1
        except Malformed:
            continue
    found = [days for days, _ in counts.most_common() if 0 <= days <= 1000]
    if not found:
        notes.make_up("payment_interval_days", "no invoice shows when it is due, so it is 30")
        return 30
    if len(counts) > 1:
        notes.leave_out("invoices.due_date", f"a world has one interval; most invoices are due after {found[0]} days")
    notes.infer("payment_interval_days", "from invoice_date and due_date")
    return found[0]


def _issuer(invoices: Sequence[Row], notes: Notes) -> dict[str, Any]:
    """The issuer as an operator configures it, from either form in which invoices show it."""
    shown = invoices[0].get("issuer_details") if invoices else None
    if not isinstance(shown, dict):
        return {}
    if "phone_number" not in shown and "bank_account" not in shown:
        return {name: _plain(value) for name, value in shown.items() if value is not None}
    made: dict[str, Any] = {
        _OF_ISSUERS.get(str(name), str(name)): value
        for name, value in shown.items()
        if value is not None and name != "country_name"
    }
    number = made.pop("phone_number", "")
    code, _, rest = str(number).removeprefix("+").partition(" ")
    if str(number).startswith("+") and rest:
        made["phone"] = {"country_code": code, "national_number": rest}
    elif number:
        notes.leave_out("issuer_details.phone", "the number has no country code before a blank")
    return made


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
