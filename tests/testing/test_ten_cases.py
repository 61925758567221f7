"""Ten tests of a client (`billing.py`), each of at most ten lines. They are printed in docs/how-to/write-tests.md."""

from datetime import date
from decimal import Decimal

import httpx
import pytest

from tests.testing.billing import Billing, NotPayable
from waldur_billing_mock.mock_server.testing import MockSession

ACME = """
now: 2026-03-15
customers:
  - name: Acme
    owner: anna
    tax_percent: 20
    projects:
      - {name: web, resources: [{name: vm, offering: VM, unit_price: 100, since: 2026-01-01}]}
invoices:
  - {customer: Acme, month: 2026-01, state: paid}
"""


def test_only_finalized_unpaid_invoices_are_owed(waldur_mock: MockSession) -> None:
    client = Billing(waldur_mock.given(ACME).client("anna"))
    assert client.owed() == Decimal("120")


def test_the_end_of_a_month_adds_its_invoice_to_what_is_owed(waldur_mock: MockSession) -> None:
    client = Billing(waldur_mock.given(ACME).client("anna"))
    waldur_mock.clock.advance(until="month-end")
    assert client.owed() == Decimal("240")


def test_an_invoice_is_overdue_after_thirty_days(waldur_mock: MockSession) -> None:
    client = Billing(waldur_mock.given(ACME).client("anna"))
    assert client.overdue(date(2026, 3, 31)) == []
    assert client.overdue(date(2026, 4, 1)) == [100002]


def test_paying_sends_the_date_once(waldur_mock: MockSession) -> None:
    waldur_mock.given(ACME, customers=[{"name": "Acme", "payment_type": "invoices", "since": "2026-01"}])
    client = Billing(waldur_mock.client("staff"))
    (unpaid,) = client.invoices(state="created")
    client.pay(unpaid["uuid"], date(2026, 3, 10))
    waldur_mock.journal.verify(operation="invoices_paid", status=200, times=1)
    assert client.owed() == 0


def test_a_pending_invoice_cannot_be_paid(waldur_mock: MockSession) -> None:
    client = Billing(waldur_mock.given(ACME).client("staff"))
    (pending,) = client.invoices(state="pending")
    with pytest.raises(NotPayable):
        client.pay(pending["uuid"], date(2026, 3, 15))


@pytest.mark.waldur_faults(operation="invoices_list", status=503, times=2)
def test_a_busy_server_is_asked_again(waldur_mock: MockSession) -> None:
    client = Billing(waldur_mock.given(ACME).client("anna"), attempts=3)
    assert client.owed() == Decimal("120")
    waldur_mock.journal.verify(operation="invoices_list", times=3)


@pytest.mark.waldur_faults(operation="invoices_list", effect="drop")
def test_a_broken_connection_is_not_taken_for_nothing_owed(waldur_mock: MockSession) -> None:
    with pytest.raises(httpx.TransportError):
        Billing(waldur_mock.client()).owed()


def test_all_pages_are_read(waldur_mock: MockSession) -> None:
    waldur_mock.given(customers=[{"name": "Old", "since": "2020-01", "owner": "bo"}], now="2026-03-15")
    numbers = [invoice["number"] for invoice in Billing(waldur_mock.client("bo")).invoices()]
    assert len(set(numbers)) == 75
    waldur_mock.journal.verify(operation="invoices_list", query={"page": 8}, times=1)


def test_reported_usage_shows_in_the_costs_of_the_project(waldur_mock: MockSession) -> None:
    waldur_mock.given(ACME)
    waldur_mock.resources.add(project="web", name="cdn", offering="CDN", usage={"traffic": 200})
    before = Billing(waldur_mock.client("anna")).by_project(2026, 3)["web"]
    waldur_mock.usages.add(resource="cdn", component="traffic", usage=1200)
    assert Billing(waldur_mock.client("anna")).by_project(2026, 3)["web"] - before == Decimal("50")


@pytest.mark.waldur_wire
def test_the_client_reads_what_real_servers_send(waldur_mock: MockSession) -> None:
    client = Billing(waldur_mock.given(ACME).client("anna"))
    assert client.by_project(2026, 2) == {"web": Decimal("100")}
