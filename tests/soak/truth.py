"""Whether a served mock is right after whatever it was asked: its figures, its indexes, and its journal."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.asgi import Api, Reply
from tests.operations import test_arithmetic as model
from tests.operations.figures import bare
from tests.serving import Mock
from tests.soak.server import SMALL
from waldur_billing_mock.fixtures import build
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.world_file import dump, load

_DIALECT = model.Dialect("documents", wire=False)
_PATIENCE = 300
_WRITING = ("POST", "PATCH", "DELETE")
_LISTS = (
    "/api/invoices/?page_size=300",
    "/api/invoice-items/?page_size=300",
    "/api/invoice-items/?page_size=300&year=2025&month=11",
    "/api/provider-invoice-items/?page_size=300",
    "/api/invoices/growth/?customers_count=3",
    "/api/invoice-items/total_price/",
)


class Served(Api):
    """Asks a served mock, and reads its world from what it exports."""

    def __init__(self, mock: Mock) -> None:
        self.text = mock.ask("GET", "/_mock/world").body.decode()
        super().__init__(Settings(), load(self.text))
        self._url = mock.url

    def fresh(self, path: str) -> str:
        """What a mock answers that has just been given this world."""
        return super().send("GET", path, "staff", {"Host": self._url.partition("//")[2]}).text

    def send(
        self, method: str, target: str, username: str | None, headers: Mapping[str, str], content: bytes = b""
    ) -> Reply:
        token = {} if username is None else {"Authorization": f"Token {self.user(username).token}"}
        request = Request(self._url + target, content or None, {**token, **headers}, method=method)
        try:
            with urlopen(request, timeout=60) as answer:
                return Reply(
                    answer.status, {name.lower(): text for name, text in answer.headers.items()}, answer.read().decode()
                )
        except HTTPError as error:
            return Reply(error.code, {}, error.read().decode())


def check_figures(mock: Mock) -> int:
    """Every figure is what a plain second implementation makes of the listed items; returns their number.

    And each list is what a server answers that has just been given the exported world, without any cache or index of
    before. Raises `AssertionError`.
    """
    api = Served(mock)
    for path in _LISTS:
        found, fresh = api.get(path).text, api.fresh(path)
        assert found == fresh, f"{path}: {found[:300]} instead of {fresh[:300]}"
    lines = model.listed(api)
    items = model.check_invoices(api, lines)
    projects = {uuid: item.get("project_uuid") for uuid, item in items.items()}
    owners = {uuid: bare(project) if project else None for uuid, project in projects.items()}
    model.check_stats(api, lines)
    model.check_growth(api, lines)
    model.check_costs(api, lines, owners)
    model.check_costs_for_periods(api, lines, owners, _DIALECT)
    model.check_total_price(api, lines)
    return len(lines)


def check_journal(mock: Mock) -> int:
    """The writes of the journal, repeated on a fresh world, make the same world; returns their number.

    Raises `AssertionError`.
    """
    exported = mock.ask("GET", "/_mock/world").body.decode()
    # In the order in which they came, which is that in which they were carried out: each came in one piece.
    writes = sorted((one for method in _WRITING for one in _journal(mock, method)), key=lambda entry: entry["id"])
    world = build("default", size=SMALL)
    api = Api(Settings(journal_bytes=0), world)
    for entry in writes:
        body = entry["request"]["body"]
        reply = api.ask(entry["method"], entry["path"], entry["user"], body)
        assert reply.status == entry["status"], (
            f"{entry['id']}: {reply.status} {reply.text} instead of {entry['status']}"
        )
    assert dump(api.world) == exported, "the writes of the journal make another world"
    return len(writes)


def _journal(mock: Mock, method: str) -> list[dict[str, Any]]:
    with urlopen(f"{mock.url}/_mock/requests?method={method}", timeout=_PATIENCE) as answer:
        found: list[dict[str, Any]] = json.loads(answer.read())
    return found
