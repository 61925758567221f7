"""JSON as a role gets it, in two dialects side by side."""

import re

from tests.asgi import Api, application
from tests.operations.figures import INVOICE
from waldur_billing_mock.mock_server.pages.raw import side_by_side


def test_both_sides_are_what_the_api_answers_in_their_dialects(november: Api) -> None:
    page = november.send("GET", f"/_mock/ui/json?of=invoices/{INVOICE}&left=documents&right=8.0.9-wire", None, {}).text

    wire = application("one-invoice", "8.0.9", True).get(f"/api/invoices/{INVOICE}/").body
    assert f"&#34;uuid&#34;: &#34;{wire['uuid']}&#34;" in page
    assert "8.0.9, wire" in page
    assert page.count('<tr class="changed">') > 5


def test_a_role_sees_what_it_may_see_and_nobody_sees_nothing(november: Api) -> None:
    for username, status in (("owner", "200"), ("owner2", "404"), ("", "401")):
        page = november.send("GET", f"/_mock/ui/json?of=invoices/{INVOICE}&as={username}", None, {}).text
        assert re.findall(r'badge status-\d">(\d+)', page) == [status, status]


def test_what_names_no_row_is_not_found(november: Api) -> None:
    for of in ("", "invoices", "invoices/x", "users/" + "0" * 32):
        assert november.send("GET", f"/_mock/ui/json?of={of}", None, {}).status == 404


def test_equal_lines_are_beside_each_other() -> None:
    lines = side_by_side(["a", "b", "d"], ["a", "c", "c", "d"])

    assert [(line.left, line.right, line.kind) for line in lines] == [
        ("a", "a", "equal"),
        ("b", "c", "changed"),
        (None, "c", "changed"),
        ("d", "d", "equal"),
    ]
