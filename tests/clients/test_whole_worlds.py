"""The real client, in the release of each revision, parses every answer over whole worlds in the documented dialect."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.clients.fitting import failures
from tests.clients.lazily import LAZILY
from tests.descriptions import description
from tests.extent import WHOLE
from tests.parity.golden_world import golden_world
from tests.parity.recording import HERE, read
from tests.serving import Mock, serving
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.billing.invoicing import active_profile
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.mock_server.world_file import dump
from waldur_billing_mock.openapi.operation import Operation, operations
from waldur_billing_mock.openapi.revision import revisions

WALK: Final = Path(__file__).with_name("walk.py")
RELEASES: Final = {revision: revision for revision in revisions(DESCRIPTION)[1:]}
"""Which release of the client belongs to a revision: each was built from the contract of its own release."""
ALWAYS: Final = {"7.8.8": "7.8.8", "8.0.9": "8.0.9.dev334", "8.1.3": "8.1.3"}
"""The releases that `make test` walks with, the older two without the largest world.

It reads each fourth row by itself. `make clients` leaves out no release, world or row.
"""
NEWEST: Final = RELEASES[list(RELEASES)[-1]]
DEFECTS: Final = {
    "invoices_items_retrieve": "The contract shows one object, so that the client cannot read the list that is sent.",
}
"""What the client cannot do by its own fault. There, its model parses every element of the answer instead."""
RECORDED_PAYMENTS: Final = 6

pytestmark = pytest.mark.slow


class Staged(NamedTuple):
    """A world, and the arguments that serve it."""

    arguments: tuple[str, ...]
    world: World


@cache
def described(revision: str) -> dict[str, Operation]:
    """The operations of the documents in a revision by their names, those of HEAD included."""
    return {found.operation_id: found for found in operations(description(revision)) if not found.beyond}


def model(operation: Operation) -> str | None:
    """The class that the client makes of an answer, or of its rows: named like the schema, a number for HEAD."""
    if operation.method == "HEAD":
        return "int"
    schema = operation.success.schema
    if schema is None:
        return None
    reference: str = schema.get("items", schema)["$ref"]
    return reference.rpartition("/")[2]


def plan(mock: Mock, world: World) -> dict[str, Any]:
    """Where a world is served, and what there is in it for the operations to take: see `walk.py`."""
    created = [invoice for invoice in world.invoices if invoice.state == "created"]
    recordable = [row.uuid for row in created if active_profile(world, row.customer_uuid)][:RECORDED_PAYMENTS]
    return {
        "base_url": mock.url,
        "step": 1 if WHOLE else 4,
        "token": next(user.token for user in world.users if user.username == "staff"),
        "invoices": [row.uuid for row in world.invoices],
        "items": [row.uuid for row in world.invoice_items],
        "customers": [row.uuid for row in world.customers],
        "projects": [row.uuid for row in world.projects],
        "offerings": [row.uuid for row in world.offerings],
        "resources": [row.uuid for row in world.resources],
        "credits": [row.uuid for row in world.customer_credits],
        "payable": [row.uuid for row in created if row.uuid not in recordable],
        "recordable": recordable,
        "resold": [row["id"] for row in json.loads(mock.ask("GET", "/_mock/provider-invoice-items").body)],
    }


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> list[Staged]:
    """The default world, a smaller one from another seed, and the recorded one."""
    file = tmp_path_factory.mktemp("worlds") / "golden.json"
    golden = golden_world(read(HERE).world)
    file.write_text(dump(golden), encoding="utf-8")
    return [
        Staged((), build("default")),
        Staged(
            ("--seed", "7", "--customers", "5", "--months", "5"),
            build("default", seed=7, size=Size(customers=5, months=5)),
        ),
        Staged(("--world", str(file)), golden),
    ]


@pytest.fixture(scope="module")
def walked(stages: Sequence[Staged]) -> Callable[[str, str, bool], dict[str, Any]]:
    """What came of every operation when a client walked through worlds of a revision, which it does once.

    The worlds are all of them, or all but the largest.
    """
    return cache(lambda revision, release, largest: walk(revision, release, stages if largest else stages[1:]))


def walk(revision: str, release: str, stages: Sequence[Staged]) -> dict[str, Any]:
    """Serve all worlds in a revision and let a release of the client walk through them: see `walk.py`."""
    python = Path(sys.prefix, "clients", release, "bin", "python")
    assert python.exists(), f"the client's environment {python.parent.parent} is missing: make clients sets it up"
    each = {name: model(described(revision)[name]) for name in DEFECTS}
    with ExitStack() as stack:
        mocks = [stack.enter_context(serving("--revision", revision, *stage.arguments)) for stage in stages]
        plans = [plan(mock, stage.world) for mock, stage in zip(mocks, stages, strict=True)]
        finished = subprocess.run(
            [python, LAZILY, WALK],
            input=json.dumps({"each": each, "worlds": plans}),
            capture_output=True,
            text=True,
            check=False,
        )
    assert finished.returncode == 0, finished.stderr
    outcome: dict[str, Any] = json.loads(finished.stdout)
    return outcome


def cases() -> Iterator[Any]:
    """Every operation of every revision, with the releases of the client. One worker makes all calls of a release."""
    always = [(revision, release, release == NEWEST, ()) for revision, release in ALWAYS.items()]
    in_all_worlds = [
        (revision, release, True, (pytest.mark.clients,))
        for revision, release in dict.fromkeys([*RELEASES.items(), *ALWAYS.items()])
        if release != NEWEST
    ]
    for revision, release, largest, marks in (*always, *in_all_worlds):
        group = pytest.mark.xdist_group(f"client {release}")
        worlds = "all worlds" if largest else "small worlds"
        for name, operation in described(revision).items():
            id = f"{release}-{name}-{worlds}"
            yield pytest.param(revision, release, largest, operation, marks=(group, *marks), id=id)


@pytest.mark.parametrize(("revision", "release", "largest", "operation"), list(cases()))
def test_the_client_parses_every_answer(
    walked: Callable[[str, str, bool], dict[str, Any]],
    revision: str,
    release: str,
    largest: bool,
    operation: Operation,
) -> None:
    expected = model(operation)

    found = walked(revision, release, largest)[operation.operation_id]

    assert "\n".join(found["failures"][:3]) == ""
    assert found["calls"] > 0
    assert set(found["objects"]) == ({expected} if expected else set())


@pytest.mark.clients
@pytest.mark.parametrize(("server", "client"), [("8.0.9", "8.1.3"), ("8.0.8", "8.0.9")])
def test_a_client_fails_on_another_server_where_the_page_on_clients_says_so(
    walked: Callable[[str, str, bool], dict[str, Any]], server: str, client: str
) -> None:
    names = {f"{found.method} {found.path}": name for name, found in described(client).items()}
    expected = {names[operation] for operation in failures(client, server)}

    outcome = walked(server, client, True)

    failed = {name for name, found in outcome.items() if found["failures"] and not name.endswith("_count")}
    assert failed == expected
