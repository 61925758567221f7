"""A recorded world is the world of the server, as far as the API shows it, and it says what it lacks."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final

import pytest

from tests.descriptions import description
from tests.extent import examples
from tests.peculiarities.catalogue import PECULIARITIES
from tests.recording.awkward import with_awkward_names
from tests.recording.targets import served, target
from tests.wrapping.proxy import Proxy
from waldur_billing_mock.contracts.exchange import Answer, Request
from waldur_billing_mock.contracts.guard import Transport
from waldur_billing_mock.contracts.settings import Unusable
from waldur_billing_mock.contracts.values import Month
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.billing.world import TABLES, World
from waldur_billing_mock.mock_server.recording.gathering import NEVER_SHOWN, Bounds
from waldur_billing_mock.mock_server.recording.reading import ResumeFile
from waldur_billing_mock.mock_server.recording.recorder import Recording, record
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.world_file import dump, load
from waldur_billing_mock.mock_server.world_tables import rows_of
from waldur_billing_mock.openapi.operation import operations
from waldur_billing_mock.openapi.revision import revisions

NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)
NOT_SHOWN: Final = {
    "users": {"token"},
    "plan_components": {"id", "uuid"},
    "component_usages": {"id"},
    "payment_profiles": {"id"},
    "payments": {"id", "proof_name", "proof_size"},
}
"""Fields that no answer tells, and ids of rows whose lists come in another order."""
DIALECTS: Final = [("8.1.3", False), *((revision, True) for revision in revisions(DESCRIPTION)[1:])]


@cache
def world() -> World:
    """A world with names in many scripts, credits, compensations, and lines that cost nothing."""
    return build("default", size=Size(11, 3, None))


def recorded(revision: str = "8.1.3", *, wire: bool = False, bounds: Bounds | None = None) -> Recording:
    return record(served(world(), revision, wire=wire), NOW, bounds)


def shown(one: World, table: str) -> dict[str, dict[str, Any]]:
    """The rows of a table as far as the API shows them, by something that both worlds have."""
    hidden = NOT_SHOWN.get(table, set())
    rows = {}
    for row in rows_of(one, table):
        values = {field.name: getattr(row, field.name) for field in fields(row) if field.name not in hidden}
        key = row.uuid if "uuid" not in hidden else f"{row.plan_uuid} {row.component_uuid}"
        rows[key] = {name: value + 0 if isinstance(value, Decimal) else value for name, value in values.items()}
    return rows


@pytest.mark.parametrize(("revision", "wire"), DIALECTS)
def test_the_recording_of_a_mock_has_its_rows(revision: str, wire: bool) -> None:
    """`make recordings` does the same with ten thousand items, and asks all questions of the 24 operations."""
    there = with_awkward_names(world())

    found = record(served(there, revision, wire=wire), NOW).world()

    assert missing(found, there) == []
    assert found.now == there.now
    assert found.settings.payment_interval == there.settings.payment_interval
    assert missing(load(dump(found)), there) == []


def missing(found: World, there: World) -> list[str]:
    """The tables whose rows differ, as far as the API shows them."""
    return [table for table in TABLES if table not in NEVER_SHOWN and shown(found, table) != shown(there, table)]


@pytest.mark.slow
def test_a_large_world_with_awkward_names_is_recorded_whole() -> None:
    """Two thousand items; ten thousand in `make faults`."""
    large = with_awkward_names(build("default", size=Size(examples(30, 60), examples(8, 14), 12)))

    found = record(served(large, "8.1.3", wire=True), NOW).world()

    assert len(large.invoice_items) > examples(2_000, 9_900)
    assert missing(load(dump(found)), large) == []


@pytest.mark.parametrize("peculiarity", ["ties-per-request", "ties-per-worker", "pages-of-100"])
def test_lists_whose_order_changes_from_page_to_page_are_recorded_whole(peculiarity: str) -> None:
    """Where rows that tie come in any order, pages repeat some rows and leave others out."""
    make = PECULIARITIES[peculiarity].make
    assert make is not None
    whole = build("default")
    app = Proxy(create_app(Settings(revision="8.1.3", wire=True), Stage(whole)), make)
    token = next(user.token for user in whole.users if user.is_staff)

    found = record(target(app, token, whole.now), NOW).world()

    assert len(whole.invoice_items) > 2 * 300
    for table in ("customers", "invoices", "invoice_items", "resources"):
        rows = [_without_id(shown(one, table)) for one in (found, whole)]
        assert rows[0] == rows[1], table


def _without_id(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows without ids, which are inferred from the order of lists."""
    return {key: {name: value for name, value in row.items() if name != "id"} for key, row in rows.items()}


def test_a_recording_says_what_was_inferred_and_what_was_made_up() -> None:
    lines = recorded().notes.lines()

    for words in ("invoices.tax_percent", "invoices.created", "invoice_items.credit_uuid", "users.token"):
        assert any(words in line for line in lines), words


def test_a_recorded_world_is_the_same_when_it_is_loaded_again() -> None:
    text = dump(recorded().world())

    assert dump(load(text)) == text


class Without:
    """A transport to a server that shows some lists to nobody."""

    def __init__(self, transport: Transport, *paths: str) -> None:
        self._transport: Final = transport
        self._paths: Final = paths

    def carry(self, request: Request, token: str) -> Answer:
        if request.path in self._paths:
            return Answer(403, {"content-type": "application/json"}, b'{"detail": "Forbidden."}', 0.0)
        return self._transport.carry(request, token)


NEIGHBOURS: Final = (
    "/api/customers/",
    "/api/projects/",
    "/api/users/",
    "/api/marketplace-service-providers/",
    "/api/marketplace-public-offerings/",
    "/api/marketplace-provider-offerings/",
    "/api/marketplace-resources/",
    "/api/marketplace-component-usages/",
    "/api/customer-credits/",
    "/api/project-credits/",
    "/api/payment-profiles/",
    "/api/payments/",
)


@cache
def billing_alone() -> World:
    """What is recorded of a server that shows nothing but its billing."""
    return record(served(world(), "8.1.3", around=lambda one: Without(one, *NEIGHBOURS)), NOW).world()


def test_a_server_that_shows_billing_alone_is_recorded_with_what_its_items_tell() -> None:
    found = billing_alone()

    assert {row.uuid for row in found.invoices} == {row.uuid for row in world().invoices}
    for table in ("offerings", "plans", "resources"):
        known = {row.uuid: row.name for row in rows_of(world(), table)}
        assert {row.uuid: row.name for row in rows_of(found, table)}.items() <= known.items()
    assert {row.billing_type for row in found.offering_components} <= {"fixed", "usage", "limit", "one", "few"}


def reads(revision: str = "8.1.3") -> Iterator[tuple[str, str]]:
    """Every reading operation of billing and its neighbours: its name and its path."""
    for document in (description(revision), served_support()):
        for operation in operations(document):
            if operation.method == "GET":
                yield operation.operation_id, operation.path


def served_support() -> dict[str, Any]:
    from waldur_billing_mock.openapi.support import describe_support

    return dict(describe_support(DESCRIPTION))


def test_what_a_partial_world_lacks_is_refused_in_words_and_never_by_a_crash() -> None:
    found = billing_alone()
    asked = served(found, "8.1.3")
    invoice, item = next(iter(found.invoices)).uuid, next(iter(found.invoice_items)).uuid
    refused = set()
    for name, path in reads():
        uuid = item if "invoice-items" in path else invoice
        target = path.replace("{uuid}", uuid).replace("{id}", "1") + ("?period=2" if "period" in path else "")
        answer = asked.guard.send(Request("GET", target), asked.main)
        assert answer.status < 500 or answer.status == 501, (name, answer.body)
        if answer.status == 501:
            refused.add(path)
            assert "was recorded without" in answer.json["detail"], name

    assert set(NEIGHBOURS) <= refused
    assert not any(path.startswith("/api/invoice-items/") for path in refused)


def test_sums_over_months_that_were_not_recorded_are_refused() -> None:
    since = Month(world().now.year, world().now.month)
    found = recorded(bounds=Bounds(since=since)).world()
    asked = served(found, "8.1.3")
    this_year = f"year={since.year}&month={since.month}"

    def status(target: str) -> int:
        return asked.guard.send(Request("GET", target), asked.main).status

    assert {row.month for row in found.invoices} == {since.month}
    assert status("/api/invoices/growth/") == 501
    assert status("/api/invoice-items/total_price/") == 501
    assert status(f"/api/invoice-items/total_price/?{this_year}") == 200
    assert status("/api/invoice-items/customer_costs_for_period/?period=4") == 501
    assert status("/api/invoice-items/customer_costs_for_period/?period=2") == 200


def test_a_sample_has_so_many_invoices_with_all_lines_that_they_show() -> None:
    found = recorded(bounds=Bounds(sample=5)).world()

    assert len(found.invoices) == 5
    for row in found.invoices:
        lines = {item.uuid for item in world().invoice_items.where(invoice_uuid=row.uuid) if item.price}
        assert lines <= {item.uuid for item in found.invoice_items.where(invoice_uuid=row.uuid)}
    asked = served(found, "8.1.3")
    assert asked.guard.send(Request("GET", "/api/invoices/growth/"), asked.main).status == 501


def test_a_recording_of_a_customer_has_the_invoices_of_no_other() -> None:
    chosen = next(iter(world().invoices)).customer_uuid
    found = recorded(bounds=Bounds(customers=(chosen,))).world()

    assert {row.customer_uuid for row in found.invoices} == {chosen}
    assert len(found.invoices) == len(world().invoices.where(customer_uuid=chosen))


class Ending:
    """A transport that ends after some requests; it counts them."""

    def __init__(self, transport: Transport, after: int) -> None:
        self._transport: Final = transport
        self.left = after

    def carry(self, request: Request, token: str) -> Answer:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return self._transport.carry(request, token)


def test_a_recording_goes_on_where_it_was_stopped(tmp_path: Any) -> None:
    path, head = tmp_path / "resume", {"target": "the server"}
    whole = record(served(world(), "8.1.3"), NOW)
    counted = Ending(None, 10**6)  # type: ignore[arg-type]

    def ending(after: int) -> Any:
        def around(transport: Transport) -> Transport:
            nonlocal counted
            counted = Ending(transport, after)
            return counted

        return around

    with pytest.raises(KeyboardInterrupt):
        record(served(world(), "8.1.3", around=ending(25)), NOW, resume=ResumeFile(path, head))
    again = record(served(world(), "8.1.3", around=ending(10**6)), NOW, resume=(resume := ResumeFile(path, head)))
    resume.finish()

    assert dump(again.world()) == dump(whole.world())
    assert 10**6 - counted.left < 60
    assert not path.exists()


def test_a_resume_file_is_for_one_recording_and_its_owner(tmp_path: Any) -> None:
    path = tmp_path / "resume"
    ResumeFile(path, {"target": "one"})

    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Unusable, match="of another recording"):
        ResumeFile(path, {"target": "another"})


def test_no_token_of_the_server_is_in_what_is_recorded(tmp_path: Any) -> None:
    resume = ResumeFile(tmp_path / "resume", {})
    text = dump(record(served(world(), "8.1.3"), NOW, resume=resume).world()) + (tmp_path / "resume").read_text()

    assert [user.username for user in world().users if user.token in text] == []


def test_nothing_but_reading_reaches_the_server() -> None:
    asked = []

    class Watching:
        def __init__(self, transport: Transport) -> None:
            self._transport: Final = transport

        def carry(self, request: Request, token: str) -> Answer:
            asked.append(request.method)
            return self._transport.carry(request, token)

    record(served(world(), "8.1.3", around=Watching), NOW, Bounds(sample=3))

    assert set(asked) == {"GET"}
