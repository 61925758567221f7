"""What belongs to a session is bounded: each bound is an option of `serve`, and what is more is refused with 503."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.serving import serving
from waldur_billing_mock.mock_server.control.client import MockClient, MockError
from waldur_billing_mock.mock_server.testing import Mock

MORE: Final[dict[str, Callable[[MockClient, int], object]]] = {
    "snapshots": lambda client, number: client.snapshots.take(f"s{number}"),
    "fault-rules": lambda client, number: client.faults.add(operation="invoices_list", status=500 + number),
    "webhooks": lambda client, number: client.webhooks.add(url=f"http://127.0.0.1:9/{number}"),
}
REMEDIES: Final = {
    "snapshots": "Drop one (DELETE /_mock/snapshots/{name})",
    "fault-rules": "Remove some (DELETE /_mock/faults/{id})",
    "webhooks": "Remove one (DELETE /_mock/webhooks/{id})",
}


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    words = [word for name in MORE for word in (f"--max-{name}", "2")]
    with serving("--scenario", "one-invoice", "--quiet", *words) as mock:
        yield mock.url


@pytest.mark.parametrize("name", MORE)
def test_more_than_the_option_allows_is_refused_with_what_to_do(served: str, name: str) -> None:
    client = MockClient(served, session=name)
    for number in range(2):
        MORE[name](client, number)

    with pytest.raises(MockError) as refused:
        MORE[name](client, 3)

    says = f"503: A session has at most 2 {name.replace('-', ' ')}. {REMEDIES[name]}, or start the mock with a larger"
    assert f"{says} --max-{name}." in str(refused.value)


def test_what_is_removed_makes_room(served: str) -> None:
    client = MockClient(served, session="again")
    for number in range(4):
        client.snapshots.take(f"s{number}")
        client.snapshots.drop(f"s{number}")
        (rule,) = client.faults.add(operation="invoices_list", status=500)
        client.faults.remove(rule["id"])
        client.webhooks.remove(client.webhooks.add(url="http://127.0.0.1:9/")["id"])

    assert (client.snapshots.list(), client.faults.list(), client.webhooks.list()) == ([], [], [])


def test_a_snapshot_takes_the_place_of_the_one_of_its_name(served: str) -> None:
    client = MockClient(served, session="same")
    for name in ("one", "two", "one"):
        client.snapshots.take(name)

    assert [snapshot["name"] for snapshot in client.snapshots.list()] == ["two", "one"]


def test_a_profile_that_does_not_fit_as_a_whole_adds_nothing(served: str) -> None:
    client = MockClient(served, session="profile")
    with pytest.raises(MockError, match="at most 2 fault rules"):
        client.faults.add(profile="flaky")
    assert client.faults.list() == []


def test_rules_for_all_sessions_are_bounded_as_well(served: str) -> None:
    client = MockClient(served)
    for _ in range(2):
        client.faults.add(operation="invoices_list", status=500, session="*")
    with pytest.raises(MockError, match="at most 2 fault rules"):
        client.faults.add(operation="invoices_list", status=500, session="*")
    client.faults.clear()


def test_a_bound_of_zero_allows_none() -> None:
    with Mock(max_webhooks=0) as mock, pytest.raises(MockError, match="at most 0 webhooks"):
        mock.session().webhooks.add(url="http://127.0.0.1:9/")
