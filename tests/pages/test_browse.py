"""Lists and pages of what the world holds: links, filters, pages, and what the rows are called."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.asgi import Api, Reply
from tests.operations.figures import INVOICE
from waldur_billing_mock.mock_server.pages.listing import PAGE_SIZE
from waldur_billing_mock.mock_server.tables import Table

TRAP = "</td><script>alert('x')</script>&\" \u202egnp.exe \U0001f4a5"
KINDS = ("customers", "projects", "resources", "invoices", "items", "payments", "credits", "money", "month-end")


def get(api: Api, target: str) -> Reply:
    return api.send("GET", target, None, {"Accept": "text/html"})


def links(text: str) -> set[str]:
    return {link.replace("&amp;", "&") for link in re.findall(r'href="(/_mock/[^"#]*)"', text)}


@pytest.mark.parametrize("kind", KINDS[:6])
def test_a_list_has_pages_of_a_bounded_size_and_its_links_lead_somewhere(readable: Api, kind: str) -> None:
    text = get(readable, f"/_mock/ui/{kind}").text

    assert 1 <= text.count("<tr>") - 1 <= PAGE_SIZE
    for link in sorted(links(text))[:40]:
        assert get(readable, link).status == 200, link


@pytest.mark.parametrize("kind", ["customers", "projects", "resources", "invoices", "items"])
def test_the_links_of_a_row_lead_somewhere(readable: Api, kind: str) -> None:
    first = re.search(rf"/_mock/ui/{kind}/[0-9a-f]{{32}}", get(readable, f"/_mock/ui/{kind}").text)
    assert first is not None

    text = get(readable, first[0]).text

    for link in sorted(links(text) - {"/_mock/logout"}):
        assert get(readable, link).status == 200, link


def test_pages_of_a_list_show_every_row_once(readable: Api) -> None:
    shown: list[str] = []
    for page in range(1, 20):
        text = get(readable, f"/_mock/ui/items?page={page}").text
        shown += re.findall(r'<th scope="row"><a href="/_mock/ui/items/([0-9a-f]+)"', text)
        if 'rel="next"' not in text:
            break

    assert len(shown) == len(set(shown)) == len(readable.world.invoice_items)


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "x", ""])
def test_a_page_that_there_is_not_shows_the_nearest(readable: Api, page: str) -> None:
    assert get(readable, f"/_mock/ui/invoices?page={page}").status == 200


def test_filters_narrow_a_list(readable: Api) -> None:
    customer = next(iter(readable.world.customers))
    text = get(readable, f"/_mock/ui/invoices?state=paid&customer={customer.uuid}").text

    assert "state-pending" not in text
    assert text.count('class="badge state-paid"') == sum(
        one.state == "paid" for one in readable.world.invoices.where(customer_uuid=customer.uuid)
    )


def test_a_search_finds_by_a_part_of_a_word_in_any_case(readable: Api) -> None:
    text = get(readable, "/_mock/ui/customers?q=BALTIC").text

    assert "Baltic Sea Observatory" in text
    assert "1 row" in text


def test_a_search_finds_what_was_renamed_since_the_last_one_and_keeps_to_the_filters(november: Api) -> None:
    item = next(iter(november.world.invoice_items))
    before = get(november, "/_mock/ui/items?q=ANOTHER").text
    with november.stage.transaction() as world:
        world.put(replace(item, name="Another name"))

    after = get(november, "/_mock/ui/items?q=ANOTHER").text
    elsewhere = get(november, "/_mock/ui/items?q=ANOTHER&month=2024-01").text

    assert [f"/items/{item.uuid}" in text for text in (before, after, elsewhere)] == [False, True, False]


@pytest.mark.parametrize("kind", ["customers", "projects", "resources", "invoices", "items"])
def test_what_is_not_there_is_not_found(readable: Api, kind: str) -> None:
    assert get(readable, f"/_mock/ui/{kind}/{'0' * 32}").status == 404
    assert get(readable, f"/_mock/ui/{kind}/nothing").status == 404


def test_names_cannot_write_into_any_page(november: Api) -> None:
    with november.stage.transaction() as world:
        tables: list[Table[Any]] = [
            world.customers,
            world.projects,
            world.resources,
            world.offerings,
            world.invoice_items,
        ]
        for table in tables:
            for row in list(table):
                world.put(replace(row, name=TRAP))
        for item in list(world.invoice_items):
            world.put(replace(item, stored_project_name=TRAP, article_code=TRAP[:20], details={"name": TRAP}))
        world.put(replace(world.invoices.one(INVOICE), reference_number=TRAP))
    targets = [f"/_mock/ui/{kind}" for kind in KINDS]
    for target in list(targets):
        targets += sorted(link for link in links(get(november, target).text) if re.search("/[0-9a-f]{32}$", link))[:3]

    for target in targets:
        text = get(november, target).text
        assert "<script>" not in text, target
        shown = re.sub(r"(?s)<title>.*?</title>|<pre.*?</pre>|<bdi>[^<]*</bdi>|<[^>]*>", "", text)
        assert "gnp.exe" not in shown, target
