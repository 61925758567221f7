"""The catalogue of deviations can be read as one: each has a name, a sentence, a section and a date."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, Final

import pytest

from tests.asgi import application
from tests.descriptions import description
from waldur_billing_mock.mock_server.billing.lookups import billing_type_of
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.start_world import create_stage
from waldur_billing_mock.openapi.document import Node, read_yaml
from waldur_billing_mock.openapi.operation import operations
from waldur_billing_mock.openapi.overlay import apply
from waldur_billing_mock.openapi.revision import revisions, wire_overlay

CATALOGUE: Final = read_yaml(DESCRIPTION / "overlays" / "wire.yaml")
ACTIONS: Final[list[dict[str, Any]]] = CATALOGUE["actions"]
OBSERVED: Final[list[dict[str, Any]]] = CATALOGUE["x-waldur-observed-only"]
ENTRIES: Final = [*ACTIONS, *OBSERVED]
DAY: Final = r"2\d{3}(-\d\d(-\d\d)?)?"
OF_EVERY_ENTRY = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.get("x-waldur-deviation")))


def test_every_deviation_has_an_identifier_of_its_own() -> None:
    names = [entry["x-waldur-deviation"] for entry in ENTRIES]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


@OF_EVERY_ENTRY
def test_a_deviation_is_told_in_one_sentence(entry: dict[str, Any]) -> None:
    sentence = entry["description"].strip()

    assert sentence[0].isupper() or sentence[0] == "`"
    assert sentence.endswith(".")
    assert not re.search(r"[.!?]\s+[A-Z]", sentence)


@OF_EVERY_ENTRY
def test_a_deviation_names_the_sections_that_it_rests_on(entry: dict[str, Any]) -> None:
    sections = str(entry["x-waldur-behaviour"]).split(", ")

    assert all(re.fullmatch(r"\d+(\.\d+){0,2}", section) for section in sections)


@OF_EVERY_ENTRY
def test_a_deviation_says_since_when_it_holds(entry: dict[str, Any]) -> None:
    assert re.fullmatch(DAY, str(entry["x-waldur-since"]))
    assert re.fullmatch(DAY, str(entry.get("x-waldur-until", "2026")))


def test_the_revisions_that_deviations_name_exist() -> None:
    named = set(chain.from_iterable(entry.get("x-waldur-revisions", ()) for entry in ENTRIES))

    assert {end for limit in named for end in limit.split("..") if end} <= set(revisions(DESCRIPTION))


@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_every_deviation_of_a_revision_changes_its_description(revision: str) -> None:
    document = description(revision)
    overlay = wire_overlay(DESCRIPTION, revision)

    for action in overlay.actions:
        changed = apply(document, replace(overlay, actions=(action,)))
        assert changed != document, action.extensions["x-waldur-deviation"]
        document = changed


@pytest.mark.parametrize("entry", OBSERVED, ids=lambda entry: str(entry["x-waldur-deviation"]))
def test_what_is_only_observed_changes_nothing(entry: dict[str, Any]) -> None:
    assert not {"target", "update", "remove"} & entry.keys()


FAILURES: Final = {"consumptions-fail", "usage-needs-quantity", "deep-json-fails"}
"""Switches of operations that answer 500 to something."""


@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_exactly_what_can_fail_announces_an_html_page_with_status_500(revision: str) -> None:
    document = description(revision, wire=True)

    for operation in operations(document):
        fails = bool(operation.switches & FAILURES)
        fails |= any("x-waldur-server-error" in parameter.extensions for parameter in operation.parameters)
        responses = document["paths"][operation.path][operation.method.lower()]["responses"]
        assert ("500" in responses) is fails, operation.operation_id
    assert not any("500" in node["responses"] for node in nodes(description(revision)))


@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_a_status_of_a_failing_request_is_described(revision: str) -> None:
    api, document = application("default", revision, True), description(revision, wire=True)
    usage = next(item.uuid for item in api.world.invoice_items if billing_type_of(api.world, item) == "usage")
    requests = [
        ("GET", "/api/invoices/growth/", "?customers_count=-1", b""),
        ("HEAD", "/api/invoices/growth/", "?customers_count=-1", b""),
        ("PUT", "/api/invoice-items/{uuid}/", "", b"{}"),
        ("PATCH", "/api/invoice-items/{uuid}/", "", b"{}"),
        ("GET", "/api/invoice-items/{uuid}/consumptions/", "", b""),
        ("POST", "/api/invoice-items/{uuid}/create_compensation/", "", b"[" * 100_000),
    ]

    for method, path, query, content in requests:
        headers = {"Content-Type": "application/json"} if content else {}
        reply = api.send(method, path.replace("{uuid}", usage) + query, "staff", headers, content)
        assert reply.status == 500, path
        assert "500" in document["paths"][path][method.lower()]["responses"]


def nodes(document: Node) -> Iterator[Node]:
    """The operations of a document as they are written in it."""
    for operation in operations(document):
        yield document["paths"][operation.path][operation.method.lower()]


@pytest.mark.parametrize(
    ("revision", "wire", "copied"),
    [("documents", True, False), ("7.9.8", True, False), ("8.0.9", True, True), ("8.0.9", False, False)],
)
def test_what_a_credit_pays_has_the_details_of_the_item_that_it_covers_since_2026(
    revision: str, wire: bool, copied: bool
) -> None:
    world = create_stage(Settings(revision=revision, wire=wire)).world
    paid = [item for item in world.invoice_items if item.credit_uuid and item.unit_price < 0]

    assert paid
    for item in paid:
        covered = world.invoice_items.get(str(item.details.get("compensation_of_item")))
        expected = {**covered.details, "is_compensation": True, "compensation_of_item": covered.uuid} if covered else {}
        assert item.details == expected
        assert bool(covered) is copied
