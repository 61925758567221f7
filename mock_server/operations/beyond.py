"""Operations below the prefixes of the documents that later releases have besides."""

from collections.abc import Sequence
from datetime import UTC, datetime

from waldur_billing_mock.mock_server.billing.faults import InvalidFields
from waldur_billing_mock.mock_server.billing.history import Version, version_at, versions_of
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.usage_import import ImportResult, import_usage
from waldur_billing_mock.mock_server.operations.call import Call, named_invoice
from waldur_billing_mock.mock_server.web.listing import Listing


def invoices_import_usage(call: Call) -> ImportResult:
    """The rows of the body are items of their customers' invoices."""
    fields = call.fields()
    return import_usage(call.world, Month(fields["year"], fields["month"]), fields["items"])


def invoices_history_list(call: Call) -> Listing[Version]:
    """The versions of the invoice, the newest first; of a span of time, where the query names one."""
    invoice = named_invoice(call)
    after, before = (
        _instant(call, name) if call.query.get(name) else None for name in ("created_after", "created_before")
    )
    versions: Sequence[Version] = [
        version
        for version in versions_of(call.world, invoice)
        if (after is None or version.revision_date > after) and (before is None or version.revision_date < before)
    ]
    return Listing(versions)


def invoices_history_at_retrieve(call: Call) -> Version:
    """The invoice as it was at an instant. Raises `NotFound` before its first version."""
    invoice = named_invoice(call)
    return version_at(call.world, invoice, _instant(call, "timestamp"))


def _instant(call: Call, name: str) -> datetime:
    """The instant that a query parameter names, in UTC where it names no zone. Raises `InvalidFields`."""
    try:
        instant = datetime.fromisoformat(call.query[name])
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidFields({name: ["Enter an ISO 8601 timestamp, such as 2025-11-22T09:00:00Z."]}) from None
