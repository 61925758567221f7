"""`Mock` takes a scenario in every form, and its sessions have worlds of their own."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fixtures.test_scenario_files import ISSUE
from waldur_billing_mock.mock_server.scenario_file import ScenarioFileError
from waldur_billing_mock.mock_server.testing import Mock, MockSession

CONTENT: Mapping[str, Any] = yaml.safe_load(ISSUE)
"""With dates as Python has them."""


def prices(session: MockSession, user: str = "anna") -> list[Decimal]:
    with session.client(user) as client:
        return sorted(Decimal(str(row["price"])) for row in client.get("/api/invoices/").json())


EXPECTED = [Decimal("12.5")] * 2 + [Decimal("32.5")] * 3


@pytest.mark.parametrize("form", ["text", "content", "path", "name of a file", "json"])
def test_a_mock_begins_with_a_scenario_in_any_form(form: str, tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(ISSUE, encoding="utf-8")
    scenario: Any = {
        "text": ISSUE,
        "content": CONTENT,
        "path": path,
        "name of a file": str(path),
        "json": '{"now": "2026-03-15", "extends": "empty"}',
    }[form]

    with Mock(scenario=scenario) as mock:
        assert mock.clock.now().date() == date(2026, 3, 15)
        if form != "json":
            assert prices(mock) == EXPECTED


def test_a_clock_takes_the_place_of_that_of_the_scenario() -> None:
    with Mock(scenario=ISSUE, now="2026-04-02") as mock:
        assert len(prices(mock)) == 6


def test_given_is_a_new_beginning_of_one_session() -> None:
    with Mock(scenario="empty") as mock, mock.session() as one, mock.session() as other:
        assert prices(one.given(ISSUE)) == EXPECTED
        one.clock.advance("P1M")
        assert len(prices(one)) == 6
        one.reset()
        assert prices(one) == EXPECTED
        assert "anna" not in {user["username"] for user in other.users()}


def test_sections_are_added_to_what_is_given() -> None:
    with Mock(scenario="empty") as mock:
        mock.given("one-invoice", users=[{"username": "guest"}])
        assert {"guest", "owner"} <= {user["username"] for user in mock.users()}

        mock.given(ISSUE, now=date(2026, 1, 20), invoices=[])
        assert len(prices(mock)) == 3


def test_what_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ScenarioFileError, match=r"line 2, /customers/0/nam: this field is not known"):
        Mock(scenario="customers:\n  - {nam: Acme}\n")


def test_a_live_token_leads_to_the_session() -> None:
    import httpx

    with Mock(scenario="empty") as mock, mock.session("mine") as session:
        session.given(ISSUE)
        headers = {"Authorization": f"Token {session.live_token('anna')}"}
        answer = httpx.get(f"{session.url}/api/invoices/", headers=headers)
        assert len(answer.json()) == 5
        session.journal.verify(operation="invoices_list", user="anna", times=1)
