"""The named differences between the recording and the mock, each with its reason. Every other difference is a defect.

Most come from the age of the recording, some from what the mock does not copy on purpose. An entry has to be narrow, so
that it hides nothing else, and one that explains nothing fails the run.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.parity.compare import ABSENT, Difference
from tests.parity.recording import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """One reason. In every pattern `*` stands for any text; nothing else is special.

    `places` are where the difference may be: `status`, `header:Allow`, `body:items[].credit`. `request` is matched with
    the method and the target (`GET /api/invoices/?page=2`), `recorded` and `answered` with both values as they are
    compared (an answered status has the body behind it). Without `roles` it is anybody who asks. `section` is that of
    behaviour.md.
    """

    identifier: str
    reason: str
    section: str
    operations: tuple[str, ...]
    places: tuple[str, ...]
    roles: tuple[str, ...] = ()
    request: str = "*"
    recorded: str = "*"
    answered: str = "*"

    def explains(self, exchange: Exchange, difference: Difference) -> bool:
        """Whether this is why the answer differs."""
        place = f"{difference.part}:{difference.where}".removesuffix(":")
        return (
            exchange.op in self.operations
            and any(_fits(place, pattern) for pattern in self.places)
            and (not self.roles or exchange.role in self.roles)
            and _fits(f"{exchange.method} {exchange.target}", self.request)
            and _fits(difference.recorded, self.recorded)
            and _fits(difference.answered, self.answered)
        )


def _fits(text: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


_SHOW_INVOICES: Final = ("invoices_list", "invoices_retrieve")
_SHOW_BILLED_ITEMS: Final = (*_SHOW_INVOICES, "provider_invoice_items_list", "provider_invoice_items_retrieve")
_SHOW_ITEMS: Final = ("invoice_items_list", "invoice_items_retrieve", "invoice_items_partial_update")
_READ_BODIES: Final = (
    "invoices_set_backend_id",
    "invoice_items_partial_update",
    "invoice_items_create_compensation",
    "invoices_paid",
)
_DETAILS: Final = ("invoices_retrieve", "invoice_items_retrieve")
_LISTS: Final = ("invoices_list", "invoice_items_list")
_LATER: Final = (
    "invoices_items_retrieve",
    "invoice_items_total_price_retrieve",
    "invoice_items_customer_costs_for_period_retrieve",
    "invoice_items_project_costs_for_period_retrieve",
    "invoice_items_consumptions_list",
)
_COUNT: Final = ("header:X-Result-Count", "header:Link")

AGE: Final[Sequence[Age]] = (
    Age(
        identifier="later-operations",
        reason="The operation did not exist in 2024; its path led to an item that does not exist, or nowhere.",
        section="8",
        operations=_LATER,
        places=("status",),
        recorded="404",
        answered="200 *",
    ),
    Age(
        identifier="later-operations-tokens",
        reason="The operation did not exist in 2024; where its path led nowhere, nobody asked for a token.",
        section="8",
        operations=_LATER,
        places=("status",),
        roles=("anonymous", "badtoken"),
        recorded="404",
        answered="401 *",
    ),
    Age(
        identifier="later-operations-arguments",
        reason="The operation did not exist in 2024; now it misses its argument.",
        section="8",
        operations=_LATER,
        places=("status",),
        recorded="404",
        answered='400 {"*_uuid":["This field is required."]}',
    ),
    Age(
        identifier="later-operations-failing",
        reason="The consumptions did not exist in 2024, and have failed ever since they do.",
        section="8",
        operations=("invoice_items_consumptions_list",),
        places=("status",),
        recorded="404",
        answered="500 *Server Error (500)*",
    ),
    Age(
        identifier="later-operations-methods",
        reason="The path of the later operation was that of an item, with the methods of an item.",
        section="8",
        operations=_LATER,
        places=("header:Allow",),
        recorded="GET, PUT, PATCH, DELETE, HEAD, OPTIONS",
        answered="GET, HEAD, OPTIONS",
    ),
    Age(
        identifier="sums-of-credit",
        reason="Invoices tell compensations and incurred_costs since 2025.",
        section="8",
        operations=_SHOW_INVOICES,
        places=("body:compensations", "body:incurred_costs", "body:[].compensations", "body:[].incurred_costs"),
        recorded=ABSENT,
    ),
    Age(
        identifier="credit-flag",
        reason="Billed items tell whether a credit paid them since 2025.",
        section="8",
        operations=_SHOW_BILLED_ITEMS,
        places=("body:credit", "body:[].credit", "body:items[].credit", "body:[].items[].credit"),
        recorded=ABSENT,
    ),
    Age(
        identifier="vat-code",
        reason="The details of the customer hold the vat_code since 2025.",
        section="8",
        operations=_SHOW_INVOICES,
        places=("body:customer_details.vat_code", "body:[].customer_details.vat_code"),
        recorded=ABSENT,
    ),
    Age(
        identifier="fields-of-items",
        reason="Items tell price, offering, component type, project and customer since the end of 2025.",
        section="8",
        operations=_SHOW_ITEMS,
        places=tuple(
            f"body:{row}{name}"
            for row in ("", "[].")
            for name in (
                "price",
                "offering_uuid",
                "offering_name",
                "offering_component_type",
                "project_uuid",
                "project_name",
                "customer_uuid",
                "customer_name",
            )
        ),
        recorded=ABSENT,
    ),
    Age(
        identifier="growth-for-all",
        reason="Growth was for staff and support only; since 2025 everybody sees that of the own customers.",
        section="8",
        operations=("invoices_growth_retrieve",),
        places=("status",),
        recorded="403",
        answered="200 *",
    ),
    Age(
        identifier="unit-price-writable",
        reason="The unit price is writable, and in the answer of an update, since May 2025.",
        section="8",
        operations=("invoice_items_partial_update",),
        places=("body:unit_price",),
        request="PATCH *",
        recorded=ABSENT,
    ),
    Age(
        identifier="unit-price-checked",
        reason="A unit price that was ignored in 2024 is checked since it is writable.",
        section="8",
        operations=("invoice_items_partial_update",),
        places=("status",),
        recorded="200",
        answered='400 {"unit_price":*',
    ),
    Age(
        identifier="unit-price-kept",
        reason="A unit price that was ignored in 2024 has taken effect, and is read back.",
        section="8",
        operations=("invoice_items_partial_update",),
        places=("body:unit_price",),
        request="GET *",
        answered="5",
    ),
    Age(
        identifier="filters-on-updates",
        reason="List filters acted on updates in 2024.",
        section="8",
        operations=("invoice_items_partial_update",),
        places=("status",),
        request="PATCH *?year=*",
        recorded="40*",
        answered="200 *",
    ),
    Age(
        identifier="filters-on-actions",
        reason="List filters acted on the actions of one object in 2024.",
        section="8",
        operations=("invoices_stats_list",),
        places=("status",),
        request="GET *?state=*",
        recorded="404",
        answered="200 *",
    ),
    Age(
        identifier="stats-of-a-provider",
        reason="The statistics are filtered by provider since 2025.",
        section="8",
        operations=("invoices_stats_list",),
        places=(*_COUNT, "body:[]"),
        request="GET *?provider_uuid=bad",
    ),
    Age(
        identifier="later-filters",
        reason="Items are filtered by offering and by the month of their start since 2025.",
        section="6.2",
        operations=("invoice_items_list",),
        places=(*_COUNT, "body:[]*"),
        request="GET *?*offering_uuid=*",
    ),
    Age(
        identifier="later-filters-by-start",
        reason="Items are filtered by the month of their start since 2025.",
        section="6.2",
        operations=("invoice_items_list",),
        places=(*_COUNT, "body:[]*"),
        request="GET *?*start_year=*",
    ),
    Age(
        identifier="filters-by-sum",
        reason="Invoices were filtered by min_sum and max_sum until July 2025.",
        section="8",
        operations=("invoices_list",),
        places=("status", *_COUNT, "body:[]*"),
        request="GET *?*_sum=*",
    ),
    Age(
        identifier="costs-for-all",
        reason="Anybody could read the costs of any project until 2026; the mock shows the own ones.",
        section="6.8",
        operations=("invoice_items_costs_list",),
        places=_COUNT,
        roles=(
            "owner2",
            "provider_owner",
            "provider_manager",
            "provider2_owner",
            "project_manager",
            "project_admin",
            "project_member",
            "nobody",
        ),
        request="HEAD *?project_uuid=*",
    ),
    Age(
        identifier="costs-validated",
        reason="Costs take only a uuid since 2025.",
        section="8",
        operations=("invoice_items_costs_list",),
        places=("status",),
        request="GET *?project_uuid=bad",
        recorded="200",
        answered="400 *",
    ),
    Age(
        identifier="costs-without-project",
        reason="Costs without project_uuid were those of items without a project.",
        section="6.8",
        operations=("invoice_items_costs_list",),
        places=("status", *_COUNT, "body:[]*"),
        request="GET /api/invoice-items/costs/?page_size=1",
    ),
    Age(
        identifier="items-of-costs",
        reason="The costs of the current month list their items since February 2026.",
        section="8",
        operations=("invoice_items_costs_list",),
        places=("body:[].items",),
        recorded=ABSENT,
    ),
    Age(
        identifier="parts-of-costs",
        reason="Costs tell compensation and incurred since 2025 or 2026.",
        section="8",
        operations=("invoice_items_costs_list",),
        places=("body:[].compensation", "body:[].incurred"),
        recorded=ABSENT,
    ),
    Age(
        identifier="bearer",
        reason="Servers since 2025 know bearer tokens, and refuse a wrong one in other words.",
        section="1.2",
        operations=_LISTS,
        places=("body:detail",),
        recorded='"Authentication credentials were not provided."',
        answered='"Invalid JWT token."',
    ),
    Age(
        identifier="json-parser",
        reason="What a JSON parser says behind the prefix is its own; the server has had another one since 2025.",
        section="1.4",
        operations=_READ_BODIES,
        places=("body:detail",),
        recorded='"JSON parse error - *',
        answered='"JSON parse error - *',
    ),
    Age(
        identifier="not-copied-bounds",
        reason="The server takes a quantity whose sums it then cannot show; the mock refuses it.",
        section="5.2",
        operations=("invoice_items_partial_update",),
        places=("status",),
        recorded="200",
        answered='409 {"detail":"The quantity of the invoice item would have more than *',
    ),
    Age(
        identifier="not-copied-null-byte",
        reason="A NUL in the project_uuid makes the server fail; the mock refuses it.",
        section="12",
        operations=("invoice_items_costs_list",),
        places=("status",),
        request="GET *?project_uuid=%00",
        recorded="500",
        answered="400 *",
    ),
    Age(
        identifier="not-copied-letter-case",
        reason="The server finds the project of a cost by lower-case digits only; the mock takes every form of a uuid.",
        section="6.8",
        operations=("invoice_items_costs_list",),
        places=(*_COUNT, "body:[]"),
        request="GET *?project_uuid=A4A1AF1AE4C44EBC9D387F81B2866B95",
    ),
    Age(
        identifier="not-copied-languages",
        reason="The server translates messages by Accept-Language; the mock speaks English.",
        section="1.1",
        operations=_LISTS,
        places=("body:detail",),
        request="GET *?page=999999",
        answered='"Invalid page."',
    ),
    Age(
        identifier="not-copied-request-line",
        reason="The web server in front refuses a long request line; the mock has no such limit.",
        section="12",
        operations=("invoices_list",),
        places=("status",),
        request="GET *?a=xxxxxxxxxxxx*",
        recorded="400",
        answered="200 *",
    ),
    Age(
        identifier="not-copied-suffix",
        reason="The server takes a format as the suffix of a path; the mock has the documented paths only.",
        section="12",
        operations=("invoices_list",),
        places=("status",),
        request="GET /api/invoices.json",
        recorded="401",
        answered="404 *",
    ),
    Age(
        identifier="not-copied-form-metadata",
        reason="OPTIONS describes the forms of writable views; the mock describes them in its OpenAPI document only.",
        section="1.8",
        operations=(
            *_LISTS,
            "invoices_retrieve",
            "invoice_items_retrieve",
            "provider_invoice_items_list",
            *_READ_BODIES,
        ),
        places=("body:actions",),
        request="OPTIONS *",
        answered=ABSENT,
    ),
)
