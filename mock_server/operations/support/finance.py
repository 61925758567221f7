"""Credits, payments and reports of costs."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from waldur_billing_mock.mock_server.billing.figures import sums_of, total_of
from waldur_billing_mock.mock_server.billing.money import total
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.visibility import (
    can_see_customer,
    can_see_project,
    customers_visible_to,
    has_role,
    sees_everything,
)
from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.operations.support.accounts import (
    CustomerCreditConsumption,
    CustomerCreditView,
    PaymentView,
    ProjectCreditView,
    consumptions_of,
)
from waldur_billing_mock.mock_server.operations.support.common import (
    by,
    equals,
    has_text,
    is_among,
    linked_uuid,
    path_uuid,
    shown,
)
from waldur_billing_mock.mock_server.operations.support.organizations import (
    CustomerView,
    PaymentProfileView,
)
from waldur_billing_mock.mock_server.web.listing import Filter, Listing

_CUSTOMER_CREDIT_FILTERS: Final[Mapping[str, Filter[CustomerCreditView]]] = {
    "customer_uuid": equals(lambda credit: credit.row.customer_uuid),
    "customer_name": has_text(lambda credit: credit.customer_name),
    "query": has_text(lambda credit: credit.customer_name),
}
_PROJECT_CREDIT_FILTERS: Final[Mapping[str, Filter[ProjectCreditView]]] = {
    "customer_uuid": equals(lambda credit: credit.customer_uuid),
    "customer_name": has_text(lambda credit: credit.customer_name),
    "project_uuid": equals(lambda credit: credit.row.project_uuid),
    "project_name": has_text(lambda credit: credit.project_name),
    "query": has_text(lambda credit: f"{credit.project_name} {credit.customer_name}"),
}
_REPORT_FILTERS: Final[Mapping[str, Filter[CustomerView]]] = {
    "name": has_text(lambda customer: customer.row.name),
    "name_exact": equals(lambda customer: customer.row.name),
    "query": has_text(lambda customer: customer.row.name),
    "customer_uuid": equals(lambda customer: customer.row.uuid),
    "accounting_is_running": equals(lambda customer: customer.row.accounting_is_running(customer.world.now)),
    "archived": equals(lambda customer: customer.row.archived),
}


def customer_credits_list(call: Call) -> Listing[CustomerCreditView]:
    """The credits of customers on which the caller has a role."""
    rows = [row for row in call.world.customer_credits if has_role(call.user, row.customer_uuid)]
    orders = by("customer_name", "value", "end_date", "minimal_consumption")
    return Listing([CustomerCreditView(call.world, row) for row in rows], _CUSTOMER_CREDIT_FILTERS, orders)


def customer_credits_retrieve(call: Call) -> CustomerCreditView:
    """The credit. Raises `NotFound`."""
    found = call.world.customer_credits.get(path_uuid(call))
    visible = found is not None and has_role(call.user, found.customer_uuid)
    return CustomerCreditView(call.world, shown(found, visible, "CustomerCredit"))


def customer_credits_consumptions_list(call: Call) -> Listing[CustomerCreditConsumption]:
    """What the credit paid month by month. Raises `NotFound`."""
    return Listing(consumptions_of(call.world, customer_credits_retrieve(call).items))


def project_credits_list(call: Call) -> Listing[ProjectCreditView]:
    """The credits of projects that the caller may see."""
    rows = [
        row
        for row in call.world.project_credits
        if can_see_project(call.user, call.world.projects.one(row.project_uuid))
    ]
    orders = by("project_name", "customer_name", "value", "end_date")
    return Listing([ProjectCreditView(call.world, row) for row in rows], _PROJECT_CREDIT_FILTERS, orders)


def project_credits_retrieve(call: Call) -> ProjectCreditView:
    """The credit. Raises `NotFound`."""
    found = call.world.project_credits.get(path_uuid(call))
    visible = found is not None and can_see_project(call.user, call.world.projects.one(found.project_uuid))
    return ProjectCreditView(call.world, shown(found, visible, "ProjectCredit"))


def payment_profiles_list(call: Call) -> Listing[PaymentProfileView]:
    """The profiles of customers on which the caller has a role, by name; only active ones but for staff and support."""
    rows = [
        PaymentProfileView(call.world, row)
        for row in sorted(call.world.payment_profiles, key=lambda row: row.name)
        if has_role(call.user, row.customer_uuid) and (row.is_active or sees_everything(call.user))
    ]
    filters: dict[str, Filter[PaymentProfileView]] = {
        "organization_uuid": equals(lambda profile: profile.row.customer_uuid),
        "is_active": equals(lambda profile: profile.row.is_active),
        "payment_type": is_among(lambda profile: profile.row.payment_type),
    }
    if call.query.get("organization"):
        customer = linked_uuid(call, "organization", "/api/customers/{uuid}/")
        filters["organization"] = lambda profile, _: profile.row.customer_uuid == customer
    return Listing(rows, filters, by("name", "payment_type", "is_active"))


def payment_profiles_retrieve(call: Call) -> PaymentProfileView:
    """The profile, also one that holds no more: payments lead to it. Raises `NotFound`."""
    found = call.world.payment_profiles.get(path_uuid(call))
    visible = found is not None and has_role(call.user, found.customer_uuid)
    return PaymentProfileView(call.world, shown(found, visible, "PaymentProfile"))


def payments_list(call: Call) -> Listing[PaymentView]:
    """The payments of customers on which the caller has a role, in the order in which they were recorded."""
    views = [PaymentView(call.world, row) for row in call.world.payments]
    rows = [view for view in views if has_role(call.user, view.customer_uuid)]
    filters: dict[str, Filter[PaymentView]] = {
        "profile_uuid": equals(lambda payment: payment.row.profile_uuid),
        "date_of_payment": equals(lambda payment: payment.row.date_of_payment),
    }
    if call.query.get("profile"):
        profile = linked_uuid(call, "profile", "/api/payment-profiles/{uuid}/")
        filters["profile"] = lambda payment, _: payment.row.profile_uuid == profile
    return Listing(rows, filters)


def payments_retrieve(call: Call) -> PaymentView:
    """The payment. Raises `NotFound`."""
    found = call.world.payments.get(path_uuid(call))
    visible = found is not None and has_role(call.user, PaymentView(call.world, found).customer_uuid)
    return PaymentView(call.world, shown(found, visible, "Payment"))


def financial_reports_list(call: Call) -> Listing[CustomerView]:
    """The customers that the caller may see, with their costs of the month that the query names."""
    month = _month(call)
    rows = [CustomerView(call.world, row, call.user, month) for row in customers_visible_to(call.world, call.user)]
    orders = {
        **by("name", "created", "accounting_start_date"),
        "total_cost": lambda customer: customer.billing_price_estimate.total,
        "estimated_cost": lambda customer: customer.billing_price_estimate.total,
    }
    return Listing(rows, _REPORT_FILTERS, orders)


def financial_reports_retrieve(call: Call) -> CustomerView:
    """The customer with its costs. Raises `NotFound`."""
    found = call.world.customers.get(path_uuid(call))
    customer = shown(found, found is not None and can_see_customer(call.world, call.user, found), "Customer")
    return CustomerView(call.world, customer, call.user, _month(call))


def billing_total_cost_retrieve(call: Call) -> Mapping[str, Decimal]:
    """What the invoices of the month add up to, of the customers that fit the filters."""
    query, month = call.query, _month(call)
    customers = {
        customer.uuid
        for customer in call.world.customers
        if query.get("name", "").casefold() in customer.name.casefold()
        and query.get("customer_uuid") in (None, customer.uuid)
        and query.get("accounting_is_running") in (None, customer.accounting_is_running(call.world.now))
    }
    rows = [
        row for row in call.world.invoices.where(year=month.year, month=month.month) if row.customer_uuid in customers
    ]
    return {
        "price": total(sums_of(call.world, row).price for row in rows),
        "total": total(total_of(call.world, row) for row in rows),
    }


def _month(call: Call) -> Month:
    """The month that the query names; the current one where it names none, or one to come."""
    now, year, month = Month.of(call.world.now), call.query.get("year"), call.query.get("month")
    if year is None or month is None or not (1 <= month <= 12 and 1 <= year <= now.year):
        return now
    return min(Month(year, month), now)
