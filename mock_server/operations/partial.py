"""Refuses what a recorded world cannot answer: a list that was not read, a sum over what was not recorded.

The refusal is 501, as no Waldur says so: the same question has an answer on the server that was recorded.
"""

from collections.abc import Mapping
from typing import Final

from waldur_billing_mock.mock_server.billing.period import Month, coded_period, documented_period
from waldur_billing_mock.mock_server.billing.recorded import Recorded
from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.web.problems import detail

_NEEDED: Final[Mapping[str, str]] = {
    "customers_users_": "users",
    "customers_": "customers",
    "projects_list_users_": "users",
    "projects_other_users_": "users",
    "projects_": "projects",
    "users_me_": "",
    "users_": "users",
    "marketplace_resources_": "resources",
    "marketplace_global_categories_": "resources",
    "marketplace_service_providers_": "service_providers",
    "marketplace_provider_offerings_": "offerings",
    "marketplace_public_offerings_": "offerings",
    "marketplace_categories_": "offerings",
    "marketplace_category_groups_": "offerings",
    "marketplace_offering_permissions_": "users",
    "marketplace_component_usages_": "component_usages",
    "customer_credits_": "customer_credits",
    "project_credits_": "project_credits",
    "payment_profiles_": "payment_profiles",
    "payments_": "payments",
    "invoices_history_": "invoice_versions",
}
"""The table that operations list, by the beginning of their names; the first that fits counts."""
_PERIODS: Final = (
    "invoice_items_customer_costs_for_period_retrieve",
    "invoice_items_project_costs_for_period_retrieve",
)
_SUMS: Final = ("invoices_growth_retrieve", "invoice_items_total_price_retrieve", "invoice_items_costs_list", *_PERIODS)
_NARROWING: Final = ("customer_uuid", "project_uuid", "resource_uuid")


def must_be_recorded(operation_id: str, call: Call) -> None:
    """Raises `Problem` 501 where the answer would need what a recorded world lacks."""
    recorded = call.world.settings.recorded
    if recorded is None:
        return
    table = next((needed for start, needed in _NEEDED.items() if operation_id.startswith(start)), "")
    if table in recorded.missing:
        raise detail(
            501,
            f"This world was recorded without {table.replace('_', ' ')} ({recorded.missing[table]}). Record it with a "
            f"token that may read them, or add the table {table} to the file and take it out of recorded.missing.",
        )
    if operation_id in _SUMS and (why := _lacks(operation_id, call, recorded)):
        raise detail(501, f"This world was recorded {why}, so this sum is not known. Record it without that bound.")


def _lacks(operation_id: str, call: Call, recorded: Recorded) -> str:
    """Which bound of the recording keeps a sum from being known; blank where none does."""
    if recorded.part == "sample":
        return "with a sample of its invoices"
    if recorded.part == "customers" and not any(call.query.get(name) for name in _NARROWING):
        return "for some customers"
    if recorded.since is not None and _begins(operation_id, call) < recorded.since:
        return f"from {recorded.since.padded} on"
    return ""


def _begins(operation_id: str, call: Call) -> Month:
    """The first month that a sum is over."""
    query, now = call.query, Month.of(call.world.now)
    if operation_id == "invoices_growth_retrieve":
        return now.plus(-12)
    if operation_id == "invoice_items_costs_list":
        return now  # a row is about one month, and months that were not recorded have none
    if operation_id in _PERIODS:
        coded, sent, today = call.has("coded-periods"), query["period"], now.first_day
        period = coded_period(sent, today, Month(1, 1)) if coded else documented_period(sent, today)
        return Month.of(period.start_date)
    year, month = query.get("year"), query.get("month")
    return Month(year, month or 1) if isinstance(year, int) and year > 0 else Month(1, 1)
