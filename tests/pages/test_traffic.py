"""The journal, fault rules, the outbox and webhooks, by pages and forms."""

import json

from tests.asgi import Api
from tests.operations.figures import INVOICE, invoice_path
from tests.pages.forms import follow, page, send_form


def newest(api: Api) -> int:
    """The id of the newest request."""
    listed = api.send("GET", "/_mock/requests", None, {}).body
    return int(listed[-1]["id"])


def test_the_journal_shows_the_newest_first_and_can_be_filtered(november: Api) -> None:
    november.get("/api/invoices/", "owner")
    november.get("/api/invoices/nothing/", "owner")

    text = page(november, "/_mock/ui/traffic")
    refused = page(november, "/_mock/ui/traffic?status=4xx&user=owner&path=nothing")

    assert text.index("/api/invoices/nothing/") < text.index('<code class="path">/api/invoices/</code>')
    assert "/api/invoices/nothing/" in refused
    assert '<code class="path">/api/invoices/</code>' not in refused


def test_a_request_is_shown_with_bodies_without_its_token_and_with_the_reason_of_its_refusal(november: Api) -> None:
    november.post(invoice_path(INVOICE, "paid/"), {"date": "yesterday"})

    text = page(november, f"/_mock/ui/traffic/{newest(november)}")

    assert "yesterday" in text
    assert "Date has wrong format" in text
    assert "Why it was refused" in text
    assert "#/" in text
    assert "YOUR_API_TOKEN" not in text
    assert "curl -X POST" in text


def test_a_request_is_sent_again(november: Api) -> None:
    november.get("/api/invoices/", "owner")
    before = newest(november)

    text = follow(november, send_form(november, f"/_mock/ui/traffic/{before}/replay"))

    assert "The request was sent again" in text
    assert newest(november) == before + 1


def test_a_cleared_journal_is_empty(november: Api) -> None:
    november.get("/api/invoices/")

    assert "Nobody has called yet" in follow(november, send_form(november, "/_mock/ui/traffic/clear"))


def test_a_request_that_is_not_there_is_not_found(november: Api) -> None:
    for id in ("999999999", "x", "9" * 30):
        assert november.send("GET", f"/_mock/ui/traffic/{id}", None, {}).status == 404


def test_a_check_of_what_was_asked_shows_the_nearest_request(november: Api) -> None:
    send_form(november, "/_mock/ui/traffic/clear")
    november.get("/api/invoices/", "owner")

    yes = page(november, "/_mock/ui/verify?operation=invoices_list&times=1")
    no = page(november, "/_mock/ui/verify?operation=invoices_list&user=staff")

    assert "Yes: 1 found, exactly 1 expected" in yes
    assert "No: 0 found" in no
    assert "expected <code>staff</code>, got <code>owner</code>" in no


def test_a_fault_rule_is_turned_on_and_off(november: Api) -> None:
    on = follow(november, send_form(november, "/_mock/ui/faults", operation="invoices_list", status="503"))

    assert november.get("/api/invoices/").status == 503
    id = on.split('name="id" value="')[1].split('"')[0]
    off = follow(november, send_form(november, "/_mock/ui/faults/off", id=id))

    assert "No call fails." in off
    assert november.get("/api/invoices/").status == 200


def test_a_profile_is_turned_on_and_all_rules_off(november: Api) -> None:
    follow(november, send_form(november, "/_mock/ui/faults", profile="maintenance"))
    assert november.get("/api/invoices/").status == 503

    follow(november, send_form(november, "/_mock/ui/faults/off"))

    assert november.get("/api/invoices/").status == 200


def test_a_rule_that_cannot_be_is_refused_beside_its_form(november: Api) -> None:
    reply = send_form(november, "/_mock/ui/faults", times="often", role='"><script>')

    assert reply.status == 400
    assert "times" in reply.text
    assert "<script>" not in reply.text
    assert november.get("/api/invoices/").status == 200


def test_what_was_mailed_is_in_the_outbox(november: Api) -> None:
    follow(november, send_form(november, f"/_mock/ui/invoices/{INVOICE}/notify"))

    text = page(november, "/_mock/ui/outbox")

    assert "owner@example.org" in text
    assert "invoice 100042 for 2025-11" in text


def test_a_webhook_is_added_and_removed(november: Api) -> None:
    added = follow(
        november, send_form(november, "/_mock/ui/webhooks", url="http://127.0.0.1:9/x", event="invoice_paid")
    )
    (hook,) = json.loads(november.send("GET", "/_mock/webhooks", None, {}).text)

    removed = follow(november, send_form(november, "/_mock/ui/webhooks/remove", id=str(hook["id"])))

    assert "http://127.0.0.1:9/x" in added
    assert "Nobody is called." in removed


def test_an_address_that_is_none_is_refused(november: Api) -> None:
    assert send_form(november, "/_mock/ui/webhooks", url="nowhere").status == 400


def test_an_invoice_is_paid_and_refused_in_the_words_of_the_api(november: Api) -> None:
    paid = follow(november, send_form(november, f"/_mock/ui/invoices/{INVOICE}/paid", date="2025-12-04"))
    again = follow(november, send_form(november, f"/_mock/ui/invoices/{INVOICE}/paid", date="2025-12-04"))
    referred = follow(november, send_form(november, f"/_mock/ui/invoices/{INVOICE}/reference", reference_number="<b>7"))

    assert "The invoice is paid." in paid
    assert "Paid on 4 Dec 2025" in paid
    assert "refused it with 409" in again
    assert "&lt;b&gt;7" in referred
