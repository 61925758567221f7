"""Every address in any answer leads to what it names, for everybody who saw it."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.asgi import BASE, Api, application
from tests.operations.roles import KNOWN_ROLES
from tests.support.neighbours import BILLING_LISTS, lists
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.revision import revisions

ROLES: Final = [role.username for role in KNOWN_ROLES]
PROVIDERS: Final = ("provider_owner", "provider_manager")
STARTS: Final = [*BILLING_LISTS, *(operation.path for operation in lists())]


def links(node: Any) -> Iterator[str]:
    """Every address of this server below a value."""
    if isinstance(node, dict):
        for child in node.values():
            yield from links(child)
    elif isinstance(node, list):
        for child in node:
            yield from links(child)
    elif isinstance(node, str) and node.startswith(f"{BASE}/api/"):
        yield node


def dead_links(api: Api, username: str | None, starts: list[str]) -> list[str]:
    """Walk from these lists along every address, and say which one does not lead to the object that it names."""
    known: set[str] = set()
    waiting: list[str] = []
    dead: list[str] = []

    def collect(body: Any) -> None:
        new = set(links(body)) - known
        known.update(new)
        waiting.extend(sorted(new))

    for path in starts:
        reply = api.get(path, username)
        if reply.status == 403:
            continue
        collect(api.rows(path, username))
    while waiting:
        address = waiting.pop()
        path = address.removeprefix(BASE)
        reply = api.get(path, username)
        named = path.rstrip("/").rpartition("/")[2]
        if reply.status != 200 or str(reply.body.get("uuid", reply.body.get("pk"))) != named:
            dead.append(f"{reply.status} {path}")
        else:
            collect(reply.body)
        if path.startswith("/api/customers/"):
            collect(api.rows(f"{path}users/", username))
    return dead


def unexpected(dead: list[str], username: str | None) -> list[str]:
    """The dead links that have no reason.

    A provider sees the items of its offerings by their provider's address alone: they carry the address that their
    buyers use, and that answers 404 to providers, as it does on real servers (behaviour 4, 5.2).
    """
    return [found for found in dead if not (username in PROVIDERS and found.startswith("404 /api/invoice-items/"))]


@pytest.mark.parametrize("username", ROLES)
def test_no_link_is_dead_for_anybody_who_sees_it(username: str) -> None:
    """Who sees what is the same in both dialects: identifiers are written without hyphens here."""
    api = application("default", wire=True)

    assert unexpected(dead_links(api, username, STARTS), username) == []


@pytest.mark.parametrize("wire", [False, True], ids=["documented", "wire"])
@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_no_link_is_dead_in_any_revision(revision: str, wire: bool) -> None:
    api = application("one-invoice", revision, wire)

    for username in ("staff", "owner", "provider_owner"):
        assert unexpected(dead_links(api, username, STARTS), username) == []


def test_a_walk_notices_a_dead_link() -> None:
    dead = dead_links(application("one-invoice"), "provider_owner", ["/api/provider-invoice-items/"])

    assert dead
    assert {found.partition("/api/")[0] for found in dead} == {"404 "}
