"""What the actions of the page `invoices` do shows in every later read; what they refuse changes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from tests.asgi import FORM_TYPE, Api, Reply, pristine
from tests.operations.figures import CREDIT, INVOICE, INVOICES, SERVER, UNKNOWN, bare, dashed, invoice_path, sums, uuids
from waldur_billing_mock.mock_server.billing.invoice import State
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.world_file import dump

BOUNDARY: Final = "multipart/form-data; boundary=edge"
NO_FILE: Final = "The submitted data was not a file. Check the encoding type on the form."
WRONG_DATE: Final = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
TEXTS: Final = (("backend_id", 255), ("payment_url", 200), ("reference_number", 300))


def multipart(*parts: tuple[str, str]) -> bytes:
    """A body of parts: the disposition after `form-data; `, and the content."""
    lines = [f"--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n" for head, content in parts]
    return "".join([*lines, "--edge--\r\n"]).encode()


def pay(api: Api, content: bytes, content_type: str) -> Reply:
    return api.send("POST", invoice_path(INVOICE, "paid/"), "staff", {"Content-Type": content_type}, content)


def put_in_state(api: Api, state: State) -> None:
    with api.stage.transaction() as world:
        world.put(replace(world.invoices.one(INVOICE), state=state))


@pytest.mark.parametrize("wire", [False, True], ids=["documented", "wire"])
def test_lines_come_by_the_shown_project_or_on_the_wire_by_the_stored_one(wire: bool) -> None:
    api = Api(Settings(wire=wire), pristine("default"))
    without = 0
    for invoice in api.rows(INVOICES, page_size=300):
        rows = [api.world.invoice_items.one(bare(line["uuid"])) for line in invoice["items"]]
        shown = [line["project_name"] for line in invoice["items"]]
        keys = [(row.stored_project_name if wire else name, row.name) for row, name in zip(rows, shown, strict=True)]
        assert keys == sorted(keys)
        without += sum(not row.stored_project_name for row in rows)

    assert without, "no credit has paid"


# Payment.


def test_a_paid_invoice_is_paid_in_every_read(november: Api) -> None:
    before, figures = november.get(invoice_path(INVOICE)).body, sums(november)

    reply = november.post(invoice_path(INVOICE, "paid/"))

    paid = {**before, "state": "paid"}
    assert (reply.status, reply.body) == (200, paid)
    assert november.get(invoice_path(INVOICE)).body == paid
    assert november.rows(INVOICES) == november.rows(INVOICES, state="paid") == [paid]
    assert november.rows(INVOICES, state="created") == []
    assert sums(november) == figures
    assert november.get("/_mock/payments").body == []


def test_a_paid_invoice_cannot_be_paid_again(november: Api) -> None:
    november.post(invoice_path(INVOICE, "paid/"))
    before = dump(november.world)

    reply = november.post(invoice_path(INVOICE, "paid/"), {"date": "2025-12-10"})

    assert (reply.status, reply.body) == (409, {"detail": "Valid states for operation: Created."})
    assert dump(november.world) == before


@pytest.mark.parametrize("state", ["pending", "paid", "canceled"])
@pytest.mark.parametrize("body", [None, {}, {"date": "nonsense"}, [1]])
def test_a_wrong_state_is_told_before_a_wrong_body(november: Api, state: State, body: object) -> None:
    put_in_state(november, state)

    reply = november.post(invoice_path(INVOICE, "paid/"), body)

    assert (reply.status, reply.body) == (409, {"detail": "Valid states for operation: Created."})


@pytest.mark.parametrize("body", [{}, [], None, 0, False, ""])
def test_a_body_that_says_nothing_records_no_payment(november: Api, body: object) -> None:
    content = b"null" if body is None else None

    reply = (
        pay(november, content, "application/json") if content else november.post(invoice_path(INVOICE, "paid/"), body)
    )

    assert (reply.status, reply.body["state"]) == (200, "paid")
    assert november.get("/_mock/payments").body == []


PROOF: Final = ('name="proof"; filename="receipt.txt"', "paid, thanks")


@pytest.mark.parametrize(
    ("content", "content_type", "proof"),
    [
        (b'{"date": "2025-11-10"}', "application/json; charset=utf-8", None),
        (b"date=2025-11-10", FORM_TYPE, None),
        (multipart(('name="date"', "2025-11-10")), BOUNDARY, None),
        (multipart(('name="date"', "2025-11-10"), PROOF), BOUNDARY, "receipt.txt"),
        (multipart(PROOF, ('name="date"', "2025-11-10")), BOUNDARY, "receipt.txt"),
    ],
    ids=["json", "form", "multipart", "proof", "proof first"],
)
def test_a_payment_is_recorded_with_its_date_and_proof(
    november: Api, content: bytes, content_type: str, proof: str | None
) -> None:
    """The sum is what has become due until now: days count as they pass, whatever the quantity (behaviour 3.2)."""
    reply = pay(november, content, content_type)

    assert (reply.status, reply.body["state"]) == (200, "paid")
    assert november.get("/_mock/payments").body == [
        {
            "invoice_uuid": dashed(INVOICE),
            "sum": "147.32",
            "date_of_payment": "2025-11-10",
            "proof": proof,
            "proof_size": len(PROOF[1]) if proof else 0,
        }
    ]


@pytest.mark.parametrize(
    ("content", "content_type", "status", "answer"),
    [
        (b'{"other": 1}', "application/json", 400, {"date": ["This field is required."]}),
        (b'{"date": null}', "application/json", 400, {"date": ["This field may not be null."]}),
        (b'{"date": ""}', "application/json", 400, {"date": [WRONG_DATE]}),
        (b'{"date": 20251110}', "application/json", 400, {"date": [WRONG_DATE]}),
        (b'{"date": "2025-11-10T00:00:00Z"}', "application/json", 400, {"date": [WRONG_DATE]}),
        (b'{"date": "2025-02-30"}', "application/json", 400, {"date": [WRONG_DATE]}),
        (b'{"date": "2025-11-10", "proof": "x"}', "application/json", 400, {"proof": [NO_FILE]}),
        (b'{"date": "x", "proof": 1}', "application/json", 400, {"date": [WRONG_DATE], "proof": [NO_FILE]}),
        (b"date=2025-11-10&proof=x", FORM_TYPE, 400, {"proof": [NO_FILE]}),
        (multipart(PROOF), BOUNDARY, 400, {"date": ["This field is required."]}),
        (
            multipart(('name="date"', "2025-11-10"), ('name="proof"; filename="a"', "")),
            BOUNDARY,
            400,
            {"proof": ["The submitted file is empty."]},
        ),
        (
            b"[1]",
            "application/json",
            400,
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]},
        ),
        (b"date", "text/plain", 415, {"detail": 'Unsupported media type "text/plain" in request.'}),
    ],
)
def test_a_payment_with_a_fault_leaves_no_trace(
    november: Api, content: bytes, content_type: str, status: int, answer: dict[str, Any]
) -> None:
    before = dump(november.world)

    reply = pay(november, content, content_type)

    assert (reply.status, reply.body) == (status, answer)
    assert dump(november.world) == before


def test_a_payment_needs_an_active_profile(november: Api) -> None:
    with november.stage.transaction() as world:
        for profile in world.payment_profiles:
            world.put(replace(profile, is_active=False))
    before = dump(november.world)

    reply = november.post(invoice_path(INVOICE, "paid/"), {"date": "2025-11-10"})

    assert (reply.status, reply.body) == (400, ["The active profile for this customer does not exist."])
    assert dump(november.world) == before


# Notifications.


def test_a_notification_goes_to_the_owners(november: Api) -> None:
    before = november.get(invoice_path(INVOICE)).body

    replies = [november.post(invoice_path(INVOICE, "send_notification/"), body) for body in (None, {"to": "x"})]

    sent = november.get("/_mock/notifications").body
    assert [(reply.status, reply.text) for reply in replies] == [(200, "")] * 2
    assert [(row["invoice_uuid"], row["to"]) for row in sent] == [(dashed(INVOICE), ["owner@example.org"])] * 2
    assert november.get(invoice_path(INVOICE)).body == before


@pytest.mark.parametrize("state", ["pending", "paid", "canceled"])
def test_only_a_created_invoice_is_announced(november: Api, state: State) -> None:
    put_in_state(november, state)

    reply = november.post(invoice_path(INVOICE, "send_notification/"))

    assert (reply.status, reply.body) == (400, ["Notification only for the created invoice can be sent."])
    assert november.get("/_mock/notifications").body == []


# Texts from other systems.

VALUES: Final = {
    "backend_id": " SAP/7 ü ",
    "payment_url": "https://pay.example.com/?a=1&b=ü",
    "reference_number": "RF18 0000",
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("state", ["pending", "created", "paid", "canceled"])
def test_a_text_can_be_set_in_any_state(november: Api, name: str, state: State) -> None:
    put_in_state(november, state)
    before = november.get(invoice_path(INVOICE)).body

    reply = november.post(invoice_path(INVOICE, f"set_{name}/"), {name: VALUES[name], "state": "paid"})

    after = {**before, name: VALUES[name].strip()}
    assert (reply.status, reply.text) == (200, "")
    assert november.get(invoice_path(INVOICE)).body == after
    assert november.rows(INVOICES) == [after]


@pytest.mark.parametrize("name", VALUES)
def test_the_old_text_stays_without_the_field(november: Api, name: str) -> None:
    before = dump(november.world)

    replies = [november.post(invoice_path(INVOICE, f"set_{name}/"), body) for body in (None, {}, {"other": 1})]

    assert [(reply.status, reply.text) for reply in replies] == [(200, "")] * 3
    assert dump(november.world) == before


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("blank", ["", "  \t"])
def test_blank_text_clears_the_field(november: Api, name: str, blank: str) -> None:
    reply = november.post(invoice_path(INVOICE, f"set_{name}/"), {name: blank})

    assert reply.status == 200
    assert november.get(invoice_path(INVOICE)).body.get(name, "left out") in ("", "left out")


@pytest.mark.parametrize("name", ["backend_id", "reference_number"])
@pytest.mark.parametrize(("sent", "stored"), [(7, "7"), (-1.5, "-1.5"), ("0" * 255, "0" * 255)])
def test_numbers_become_text(november: Api, name: str, sent: object, stored: str) -> None:
    reply = november.post(invoice_path(INVOICE, f"set_{name}/"), {name: sent})

    assert reply.status == 200
    assert november.get(invoice_path(INVOICE)).body[name] == stored


def faulty_texts() -> Iterator[tuple[str, object, list[str]]]:
    for name, longest in TEXTS:
        yield name, None, ["This field may not be null."]
        for value in (True, ["x"], {"x": 1}):
            yield name, value, ["Enter a valid URL." if name == "payment_url" else "Not a valid string."]
        too_long = "https://a.example/" + "x" * (longest - 17)
        yield name, too_long, [f"Ensure this field has no more than {longest} characters."]
    for address in ("nonsense", "//a.example", "gopher://a.example", "http://", "http://a b.example", "javascript:x"):
        yield "payment_url", address, ["Enter a valid URL."]


@pytest.mark.parametrize(("name", "value", "messages"), list(faulty_texts()))
def test_a_faulty_text_changes_nothing(november: Api, name: str, value: object, messages: list[str]) -> None:
    before = dump(november.world)

    reply = november.post(invoice_path(INVOICE, f"set_{name}/"), {name: value})

    assert (reply.status, reply.body) == (400, {name: messages})
    assert dump(november.world) == before


# What holds for all actions.


@pytest.mark.parametrize("action", ["paid/", "send_notification/", *(f"set_{name}/" for name in VALUES)])
@pytest.mark.parametrize("content", [b"{", b"\xff", b"date"])
def test_an_unknown_invoice_is_told_before_a_body_that_cannot_be_read(
    november: Api, action: str, content: bytes
) -> None:
    headers = {"Content-Type": "application/json"}

    reply = november.send("POST", invoice_path(UNKNOWN, action), "staff", headers, content)

    assert (reply.status, reply.body) == (404, {"detail": "No Invoice matches the given query."})


@pytest.mark.parametrize("action", ["paid/", *(f"set_{name}/" for name in VALUES)])
@pytest.mark.parametrize("content", [b"{", b"\xff", b"date", b'{"a": NaN}', b"[1,]"])
def test_a_body_that_cannot_be_read_changes_nothing(november: Api, action: str, content: bytes) -> None:
    before = dump(november.world)

    reply = november.send("POST", invoice_path(INVOICE, action), "staff", {"Content-Type": "application/json"}, content)

    assert reply.status == 400
    assert reply.body["detail"].startswith("JSON parse error - ")
    assert dump(november.world) == before


def test_a_notification_does_not_read_its_body(november: Api) -> None:
    headers = {"Content-Type": "text/plain"}

    reply = november.send("POST", invoice_path(INVOICE, "send_notification/"), "staff", headers, b"{")

    assert reply.status == 200


def test_an_invoice_names_its_items_as_the_list_of_items_does(november: Api) -> None:
    invoice = november.get(invoice_path(INVOICE)).body

    assert {SERVER, CREDIT} < set(uuids(invoice["items"]))
    assert sorted(uuids(invoice["items"])) == sorted(uuids(november.rows("/api/invoice-items/")))
