"""One invoice as a customer gets it, printable on a sheet, and what can be done to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from starlette.responses import Response

from waldur_billing_mock.mock_server.billing.history import versions_of
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.money import total
from waldur_billing_mock.mock_server.billing.views import InvoiceView, ItemView
from waldur_billing_mock.mock_server.pages.calls import Answer, as_staff
from waldur_billing_mock.mock_server.pages.months import month_name
from waldur_billing_mock.mock_server.pages.view import View
from waldur_billing_mock.mock_server.spec.render import hyphenated

MOST_ITEMS = 400
"""Items that the page of an invoice shows; the list of items shows all."""


@dataclass(frozen=True, slots=True)
class Group:
    """The items of one project, and what they add up to without tax."""

    project: str
    uuid: str | None
    items: Sequence[ItemView]

    @property
    def price(self) -> Decimal:
        return total(item.row.price for item in self.items)


def invoice(view: View) -> Response:
    """The invoice; 404 where there is none."""
    row = _invoice(view)
    if row is None:
        return view.missing("invoice")
    world = view.world
    shown = InvoiceView(world, row)
    items = shown.items
    billed = [item for item in items[:MOST_ITEMS] if item.row.unit_price >= 0]
    return view.page(
        "invoice.html",
        invoice=row,
        shown=shown,
        issuer=shown.issuer_details,
        customer=shown.customer,
        month=month_name(row.billed_month),
        groups=_groups(view, billed),
        compensations=[item for item in items[:MOST_ITEMS] if item.row.unit_price < 0],
        left_out=max(0, len(items) - MOST_ITEMS),
        payments=world.payments.where(invoice_uuid=row.uuid),
        profiles={profile.uuid: profile for profile in world.payment_profiles.where(customer_uuid=row.customer_uuid)},
        notifications=world.notifications.where(invoice_uuid=row.uuid),
        versions=versions_of(world, row)[:20],
    )


async def pay(view: View) -> Response:
    """`invoices_paid`: with a date, the payment is recorded too."""
    day = view.form.get("date", "").strip()
    return await _act(view, "paid", {"date": day} if day else {}, "The invoice is paid.")


async def notify(view: View) -> Response:
    """`invoices_send_notification`."""
    return await _act(view, "send_notification", None, "The owners were notified; see the outbox.")


async def refer(view: View) -> Response:
    """`invoices_set_reference_number`."""
    body = {"reference_number": view.form.get("reference_number", "")}
    return await _act(view, "set_reference_number", body, "The reference is written down.")


async def _act(view: View, action: str, body: object, done: str) -> Response:
    row = _invoice(view)
    if row is None:
        return view.missing("invoice")
    answer: Answer = await as_staff(view, f"/api/invoices/{hyphenated(row.uuid)}/{action}/", body=body)
    said = done if answer.status < 300 else f"The API refused it with {answer.status}: {answer.reason}"
    return view.redirect(f"invoices/{row.uuid}", said, failed=answer.status >= 300)


def _invoice(view: View) -> Invoice | None:
    return view.world.invoices.get(view.request.path_params["uuid"])


def _groups(view: View, items: Sequence[ItemView]) -> list[Group]:
    by_name: dict[str, list[ItemView]] = {}
    for item in items:
        by_name.setdefault(item.project_name, []).append(item)
    found = []
    for name, members in by_name.items():
        uuid = members[0].row.project_uuid
        found.append(Group(name, uuid if view.world.projects.get(uuid) else None, members))
    return found
