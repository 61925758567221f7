"""Builders as forms: what was made is in the API, on its page, and in a scenario file that makes it again."""

import html
import re

from tests.asgi import Api
from tests.pages.forms import follow, page, send_form
from waldur_billing_mock.mock_server.pages.make import FORMS, entry_of

ACME = {
    "what": "customers",
    "name": "Acme",
    "owner": "anna",
    "projects.name": "web",
    "projects.resources.name": "archive",
    "projects.resources.unit_price": "12.50",
    "projects.resources.since": "-1",
}


def test_a_form_is_an_entry_of_a_scenario_file() -> None:
    assert entry_of(FORMS["customers"], ACME) == {
        "name": "Acme",
        "owner": "anna",
        "projects": [{"name": "web", "resources": [{"name": "archive", "unit_price": "12.50", "since": "-1"}]}],
    }
    assert entry_of(FORMS["resources"], {"project": "web", "limits": "cores=4, ram=8.5"})["limits"] == {
        "cores": 4,
        "ram": "8.5",
    }


def test_a_customer_with_a_resource_is_made_and_billed(november: Api) -> None:
    shown = follow(
        november, send_form(november, "/_mock/ui/make", **{**ACME, "projects.resources.since": "2025-11-01"})
    )

    (customer,) = november.get("/api/customers/", name="Acme").body
    invoices = november.rows("/api/invoices/", customer_uuid=customer["uuid"])
    assert "Customer Acme is made." in shown
    assert {invoice["state"] for invoice in invoices} == {"created", "pending"}
    assert f"/_mock/ui/customers/{customer['uuid'].replace('-', '')}" in shown


def test_what_was_made_is_a_file_that_makes_it_again(november: Api) -> None:
    follow(november, send_form(november, "/_mock/ui/make/clear"))
    follow(november, send_form(november, "/_mock/ui/make", **{**ACME, "projects.resources.since": "2025-11-01"}))
    text = page(november, "/_mock/ui/make")
    found = re.search(r'aria-label="Scenario file"><code>(.*?)</code>', text, re.DOTALL)
    assert found is not None
    content = html.unescape(found[1]).split("extends: default\n")[1]
    november.stage.reset()

    again = follow(november, send_form(november, "/_mock/ui/make/file", file=content))

    assert "The file is added" in again
    assert len(november.get("/api/customers/", name="Acme").body) == 1


def test_what_a_builder_refuses_stands_beside_the_form_with_what_was_typed(november: Api) -> None:
    reply = send_form(november, "/_mock/ui/make", what="resources", project="nowhere", unit_price="much")

    assert reply.status == 400
    assert "unit_price" in reply.text
    assert 'value="nowhere"' in reply.text


def test_a_file_with_a_fault_makes_nothing_and_says_where(november: Api) -> None:
    before = len(november.world.customers)

    reply = send_form(november, "/_mock/ui/make/file", file="customers:\n  - {name: One}\n  - {nam: Two}\n")

    assert reply.status == 400
    assert "customers[1]" in reply.text
    assert len(november.world.customers) == before


def test_every_form_has_a_page(november: Api) -> None:
    for section in FORMS:
        assert f'name="what" value="{section}"' in page(november, f"/_mock/ui/make?what={section}")
