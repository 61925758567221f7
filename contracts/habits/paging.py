"""Lists come in pages: what the pages hold, what the headers tell, what happens to numbers that make no sense."""

import re
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from waldur_billing_mock.contracts.exchange import Exchange
from waldur_billing_mock.contracts.subjects import Subject, identity_of, subject
from waldur_billing_mock.contracts.trial import Trial, need

_SIZES: Final = (7, 3, 1)
_LARGEST: Final = 300
_LINK: Final = re.compile(r'<([^>]*)>; rel="(\w+)"')
_WALK: Final = 20


def pages_partition_the_whole(trial: Trial, operation_id: str) -> None:
    """All pages together hold every row once, in one order, and each tells the number of all rows."""
    about = subject(trial, operation_id)
    whole = need(trial.rows(operation_id, query=about.query, of=about.of), "row")
    size = next((size for size in _SIZES if len(whole) > size), 1)
    if len(whole) > _WALK * size:
        size = min(_LARGEST, len(whole) // _WALK + 1)
    found = []
    for number in range(1, -(-len(whole) // size) + 1):
        exchange = _page(trial, operation_id, about, page=number, page_size=size)
        rows = exchange.must.show_rows()
        count = exchange.must.have_header("X-Result-Count")
        exchange.must.agree("X-Result-Count and the number of all rows", count, str(len(whole)))
        full = size if number * size <= len(whole) else len(whole) % size
        exchange.must.hold(len(rows) == full, "a page must be full unless it is the last", len(rows))
        found += rows
    names = [identity_of(row) for row in found]
    exchange = _page(trial, operation_id, about, page=1, page_size=size)
    exchange.must.hold(len(set(names)) == len(names), "no row may stand on two pages", len(names) - len(set(names)))
    exchange.must.agree("the rows of all pages and the whole", names, [identity_of(row) for row in whole])


def the_last_page_has_a_name(trial: Trial, operation_id: str) -> None:
    """`page=last` is the page with the highest number."""
    about = subject(trial, operation_id)
    size = 3
    count = int(_page(trial, operation_id, about, page_size=size).must.have_header("X-Result-Count"))
    named = _page(trial, operation_id, about, page="last", page_size=size)
    numbered = _page(trial, operation_id, about, page=max(1, -(-count // size)), page_size=size)
    named.must.agree("the rows of the last page by name and by number", named.json, numbered.json)


def links_lead_to_the_pages_around(trial: Trial, operation_id: str) -> None:
    """`Link` leads to the first, previous, next and last page, where there are such, and keeps the other parameters."""
    about = subject(trial, operation_id)
    count = int(_page(trial, operation_id, about, page_size=2).must.have_header("X-Result-Count"))
    last = max(1, -(-count // 2))
    for number in sorted({1, min(2, last), max(1, last - 1), last}):
        exchange = _page(trial, operation_id, about, page=number, page_size=2)
        links = {rel: url for url, rel in _LINK.findall(exchange.must.have_header("Link"))}
        expected = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
        expected = {rel: page for rel, page in expected.items() if 1 <= page <= last}
        if number == 1:
            expected.pop("prev", None)
        exchange.must.agree("the relations of Link, in their order", list(links), list(expected))
        for rel, page in expected.items():
            address = urlsplit(links[rel])
            query = parse_qs(address.query)
            exchange.must.agree(f"the path of the {rel} link", address.path, exchange.request.path)
            exchange.must.agree(f"the page of the {rel} link", query.get("page", ["1"]), [str(page)])
            exchange.must.agree(f"the page size of the {rel} link", query.get("page_size"), ["2"])
            for name, value in about.query.items():
                exchange.must.agree(f"the {name} of the {rel} link", query.get(name), [str(value)])
        exchange.must.hold(
            "page" not in parse_qs(urlsplit(links["first"]).query), "the first page must be written without a number"
        )


def page_sizes_are_bounded(trial: Trial, operation_id: str) -> None:
    """Without a size there are ten rows; sizes that make no sense count as ten, and more than 300 are never given."""
    about = subject(trial, operation_id)
    ten = _page(trial, operation_id, about)
    count = int(ten.must.have_header("X-Result-Count"))
    ten.must.hold(len(ten.must.show_rows()) == min(10, count), "there must be ten rows on a page", len(ten.json))
    for size in (0, -1, "abc", ""):
        exchange = _page(trial, operation_id, about, page_size=size)
        exchange.must.agree("the rows for a size that makes no sense and without one", exchange.json, ten.json)
    small = _page(trial, operation_id, about, page_size=2)
    small.must.hold(len(small.must.show_rows()) == min(2, count), "page_size must be kept", len(small.json))
    if count <= 1000 or trial.target.in_process:
        large = _page(trial, operation_id, about, page_size=1000)
        got = len(large.must.show_rows())
        large.must.hold(got == min(_LARGEST, count), "a page must hold all rows up to 300", got)


def pages_that_are_not_there(trial: Trial, operation_id: str) -> None:
    """A page number below one, beyond the last, or that is no number answers 404."""
    about = subject(trial, operation_id)
    count = int(_page(trial, operation_id, about).must.have_header("X-Result-Count"))
    for number in (0, -1, count + 2, "first"):
        exchange = trial.ask(operation_id, of=about.of, query={**about.query, "page": number})
        exchange.must.have_status(404)
        exchange.must.agree("the sentence", exchange.must.show_row().get("detail"), "Invalid page.")


def _page(trial: Trial, operation_id: str, about: Subject, **query: Any) -> Exchange:
    exchange = trial.ask(operation_id, of=about.of, query={**about.query, **query})
    exchange.must.have_status(200)
    return exchange
