"""What a test needs is made on a running world, as a whole or not at all, and shown as the API shows it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.test_scenario_files import ISSUE
from tests.serving import serving
from waldur_billing_mock.mock_server.control import ctl
from waldur_billing_mock.mock_server.control.client import MockError
from waldur_billing_mock.mock_server.testing.mock import Mock


@pytest.fixture
def mock() -> Iterator[Mock]:
    """Nobody has bought anything; the clock is at March 15th, 2026."""
    with Mock(scenario="empty", now="2026-03-15") as made:
        yield made


def api(mock: Mock, path: str, user: str = "staff") -> Any:
    with mock.client(user) as client:
        return client.get(f"/api/{path}").json()


def acme(mock: Mock) -> dict[str, Any]:
    return mock.customers.add(
        name="Acme",
        owner="anna",
        projects=[
            {"name": "web", "resources": [{"name": "vm", "offering": "VM", "since": -1, "usage": {"traffic": 8}}]}
        ],
    )


def refused(mock: Mock, kind: str, **fields: Any) -> dict[str, list[str]]:
    before = mock.world.export()
    with pytest.raises(MockError) as error:
        getattr(mock, kind).add(**fields)
    assert error.value.status == 400
    assert mock.world.export() == before
    said: dict[str, list[str]] = error.value.said
    return said


def test_a_customer_comes_with_all_that_is_its_own(mock: Mock) -> None:
    made = acme(mock)

    with mock.client() as staff:
        shown = staff.get(f"/api/customers/{made['uuid']}/").json()
    assert {name: made[name] for name in shown} == shown
    assert {name: len(rows) for name, rows in made["made"].items()} == {
        "offerings": 1,
        "projects": 1,
        "users": 1,
        "resources": 1,
        "invoices": 2,
    }
    assert [invoice["state"] for invoice in made["made"]["invoices"]] == ["created", "pending"]
    assert made["made"]["users"][0]["token"] == mock.token("anna")
    assert len(api(mock, "invoices/", "anna")) == 2


def test_each_kind_is_shown_as_the_api_shows_it(mock: Mock) -> None:
    acme(mock)
    for kind, path, fields in (
        ("projects", "projects", {"customer": "Acme", "name": "mobile"}),
        ("resources", "marketplace-resources", {"project": "mobile", "name": "archive", "unit_price": 12.5}),
        ("usages", "marketplace-component-usages", {"resource": "vm", "component": "traffic", "usage": "137.25"}),
        ("invoices", "invoices", {"customer": "Acme", "month": -1, "state": "paid"}),
        ("invoice_items", "invoice-items", {"customer": "Acme", "name": "Advice", "unit_price": 80, "quantity": 1.5}),
        ("credits", "customer-credits", {"customer": "Acme", "value": 100}),
        ("credits", "project-credits", {"customer": "Acme", "project": "mobile", "value": 25}),
    ):
        made = getattr(mock, kind).add(**fields)
        shown = api(mock, f"{path}/{made['uuid']}/")
        assert {name: made[name] for name in shown} == shown, kind

    (pending,) = [invoice for invoice in api(mock, "invoices/", "anna") if invoice["state"] == "pending"]
    # archive, traffic at a price drawn from the seed, and the advice.
    traffic = next(item for item in pending["items"] if item["name"] == "vm / Traffic")
    assert Decimal(pending["price"]) == Decimal("132.5") + Decimal(str(traffic["price"]))


def test_a_user_has_a_token_and_gets_more_roles(mock: Mock) -> None:
    acme(mock)

    bert = mock.users.add(username="bert", roles=[{"role": "member", "project": "web"}])
    again = mock.users.add(username="bert", roles=[{"role": "owner", "customer": "Acme"}])

    assert bert["token"] == again["token"] == mock.token("bert")
    assert len(api(mock, "invoices/", "bert")) == 2


def test_what_is_wrong_is_said_by_field_and_nothing_is_made(mock: Mock) -> None:
    acme(mock)

    assert refused(mock, "customers", nam="X") == {
        "name": ["This field is required."],
        "nam": ["This field is not known."],
    }
    assert refused(mock, "resources", project="webb", offering="VM") == {
        "project": ["There is no project 'webb'; did you mean 'web'?"]
    }
    assert refused(
        mock, "customers", name="B", projects=[{"name": "p", "resources": [{"offering": "VM", "plan": "x"}]}]
    ) == {"projects[0].resources[0].plan": ["'VM' has no plan 'x'; there are 'Standard'."]}
    assert refused(mock, "usages", resource="vm", component="traffic", usage=-1).keys() == {"usage"}


def test_a_whole_file_is_added_and_moves_the_clock(mock: Mock) -> None:
    made = mock.add(ISSUE.replace("now: 2026-03-15", "now: 2026-04-01"))

    assert mock.clock.now().isoformat() == "2026-04-01T00:00:00+00:00"
    assert [invoice["state"] for invoice in made["invoices"]] == [
        "created",
        "created",
        "paid",
        "created",
        "created",
        "pending",
    ]
    assert made["users"][0]["token"] == mock.token("anna")


def test_a_file_with_a_fault_adds_nothing_and_moves_no_clock(mock: Mock) -> None:
    before = mock.world.export()

    for file, place in (
        (ISSUE.replace("customer: Acme", "customer: Acne").replace("03-15", "04-15"), "invoices[0].customer"),
        (ISSUE.replace("2026-03-15", "2026-01-01"), "now"),
        ("extends: default", "extends"),
        ("customers: [", "non_field_errors"),
        ("[]", "non_field_errors"),
        ("customers: [4]", "customers[0]"),
    ):
        with pytest.raises(MockError) as error:
            mock.add(file)
        assert set(error.value.said) == {place}

    assert mock.world.export() == before


def test_a_session_is_built_alone(mock: Mock) -> None:
    one, other = mock.session("one"), mock.session("other")

    one.customers.add(name="Acme", owner="anna")

    assert "anna" in {user["username"] for user in one.users()}
    assert "anna" not in {user["username"] for user in other.users()} | {user["username"] for user in mock.users()}


def test_a_world_can_be_replaced_by_a_scenario_file(mock: Mock) -> None:
    mock.world.replace(ISSUE)

    assert [row["customer_details"]["name"] for row in api(mock, "invoices/")] == ["Acme"] * 5
    with pytest.raises(MockError) as error:
        mock.world.replace("extends: defualt")
    assert "did you mean 'default'?" in error.value.said["non_field_errors"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("name: Acme", "nam: Acme"), "the body, line 4, /customers/0: the field name is missing; add it."),
        (("month: 2026-01", "month: 2026-13"), 'the body, line 12, /invoices/0/month: found "2026-13"'),
    ],
)
def test_a_faulty_scenario_is_not_taken_for_a_world_file(mock: Mock, change: tuple[str, str], message: str) -> None:
    with pytest.raises(MockError) as error:
        mock.world.replace(ISSUE.replace(*change))

    assert error.value.said["non_field_errors"][0].startswith(message)


def test_identifiers_that_are_given_are_kept(mock: Mock) -> None:
    uuid = "11111111-2222-3333-4444-555555555555"

    made = mock.customers.add(name="Acme", uuid=uuid)

    assert made["uuid"] == uuid
    assert api(mock, f"customers/{uuid}/")["name"] == "Acme"
    assert refused(mock, "customers", name="Beta", uuid=uuid).keys() == {"uuid"}


def test_the_commands_build_too(capsys: pytest.CaptureFixture[str]) -> None:
    with serving("--scenario", "empty", "--quiet") as served:
        url = ("--url", served.url)
        assert ctl.main([*url, "customers", "add", "--name", "Acme", "--owner", "anna", "--tax-percent", "20"]) == 0
        assert ctl.main([*url, "projects", "add", "--customer", "Acme", "--name", "web"]) == 0
        assert ctl.main([*url, "resources", "add", "--project", "web", "--unit-price", "12.50", "--since=-1"]) == 0
        assert ctl.main([*url, "invoice-items", "add", "--customer", "Acme", "--name", "x", "--unit-price", "1"]) == 0
        capsys.readouterr()
        assert ctl.main([*url, "users", "list"]) == 0

    assert '"username": "anna"' in capsys.readouterr().out
