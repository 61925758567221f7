"""Which fields of a world file are private, and of which kind. A field that is in neither table fails a test."""

from collections.abc import Mapping
from typing import Final

from waldur_billing_mock.mock_server.recording.pseudonyms import Kind

PRIVATE: Final[Mapping[str, Mapping[str, Kind]]] = {
    "customers": {
        "name": "organization",
        "address": "address",
        "email": "email",
        "postal": "code",
        "phone_number": "phone",
        "bank_name": "organization",
        "bank_account": "account",
        "vat_code": "vat",
    },
    "projects": {"name": "name"},
    "users": {"username": "login", "token": "token", "full_name": "person", "email": "email"},  # nosec B105 - a kind
    "offerings": {"name": "name", "category_title": "name"},
    "offering_components": {"type": "term", "name": "term", "measured_unit": "term", "article_code": "code"},
    "plans": {"name": "name", "article_code": "code"},
    "resources": {"name": "name"},
    "component_usages": {"component_type": "term"},
    "invoices": {"backend_id": "code", "payment_url": "url", "reference_number": "code"},
    "invoice_items": {
        "name": "text",
        "measured_unit": "term",
        "article_code": "code",
        "stored_project_name": "name",
    },
    "payment_profiles": {"name": "text"},
    "payments": {"proof_name": "file"},
    "notifications": {"recipients": "email", "subject": "text", "text": "text"},
    "invoice_versions": {"comment": "text", "backend_id": "code", "payment_url": "url", "reference_number": "code"},
}
"""Text fields by table. Fields that end in `uuid` or `uuids` are replaced wherever they are."""
DETAILS: Final[Mapping[str, Kind]] = {
    "resource_name": "name",
    "plan_name": "name",
    "offering_name": "name",
    "service_provider_name": "organization",
    "offering_component_type": "term",
    "offering_component_name": "term",
}
"""Known members of the details of items; others that are text are free text."""
ISSUER: Final[Mapping[str, Kind]] = {
    "company": "organization",
    "name": "organization",
    "address": "address",
    "email": "email",
    "postal": "code",
    "national_number": "phone",
    "phone_number": "phone",
    "bank": "organization",
    "bank_name": "organization",
    "account": "account",
    "bank_account": "account",
    "vat_code": "vat",
}
"""Known members of the details of the issuer."""
KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "customers": ("country",),
    "offerings": ("type",),
    "plans": ("unit",),
    "resources": ("state",),
    "invoice_items": ("unit",),
    "customer_cost_policies": ("actions",),
    "project_cost_policies": ("actions",),
}
"""Text fields that tell nothing of anybody: countries, types of offerings, units, states."""
KEPT_MEMBERS: Final = ("country", "country_code", "offering_type", "resource_limit_periods", "plan_component_id")
"""Members of free-form values that tell nothing of anybody."""
NAMES: Final = ("organization", "person", "name", "login")
"""The kinds of texts that stand in other texts, too."""
FREE_FORM: Final = {"invoice_items": "details", "resources": "limits", "users": "roles"}
"""Fields that are no texts, and are gone through member by member."""
