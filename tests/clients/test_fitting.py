"""The page on clients says what the descriptions say of each client and server, and the real clients agree."""

from pathlib import Path
from typing import Final

import pytest

from tests.clients import fitting
from tests.clients.fitting import RELEASES, failures

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "clients.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == fitting.page(), (
        "run: python -m tests.clients.fitting > docs/reference/clients.md"
    )


@pytest.mark.parametrize("release", RELEASES)
def test_a_client_reads_all_of_its_own_server(release: str) -> None:
    assert failures(release, release) == {}


@pytest.mark.parametrize(
    ("client", "server", "expected"),
    [
        ("8.1.3", "8.0.9", {"GET /api/invoice-items/costs/": "`compensation` is missing; `incurred` is missing"}),
        ("8.0.0", "8.0.2", {"GET /api/invoices/{uuid}/": "`state` may be `pending_finalization`"}),
        ("7.9.3", "7.9.8", {"GET /api/invoices/{uuid}/items/": "`project_uuid` may be null"}),
        ("8.0.8", "8.0.9", {"POST /api/invoices/{uuid}/paid/": "the answer is empty instead of an object"}),
        ("8.0.9", "8.1.3", {}),
    ],
)
def test_what_a_contract_adds_or_takes_keeps_other_clients_from_reading_it(
    client: str, server: str, expected: dict[str, str]
) -> None:
    found = failures(client, server)

    assert expected.items() <= found.items()
    assert bool(found) is bool(expected)
