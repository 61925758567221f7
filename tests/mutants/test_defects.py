"""Every planted defect shows: the answers to the requests of its chapter are not those of the healthy mock."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from time import perf_counter
from typing import Any

import pytest
from starlette.types import ASGIApp

from tests.mutants import apps
from tests.mutants.defects import CHAPTERS, DEFECTS
from tests.mutants.forms import SLOWNESS
from tests.mutants.request_lists import CREATED, REQUESTS, Step
from tests.parity.client import Answer, Client
from tests.wrapping.changes import Defect
from waldur_billing_mock.fixtures import build
from waldur_billing_mock.mock_server.app import create_app, create_default_app
from waldur_billing_mock.mock_server.billing.figures import items_of
from waldur_billing_mock.mock_server.billing.lookups import billing_type_of
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage

Meaning = tuple[int, dict[str, str], Any]
"""Status, headers, and the value of the body."""
WANTED = 60
CASES = [
    pytest.param(chapter, defect, id=defect.identifier) for chapter, defects in CHAPTERS.items() for defect in defects
]
READING = {chapter for chapter, steps in REQUESTS.items() if all(step.method in ("GET", "HEAD") for step in steps)}


@cache
def world() -> World:
    """The default world as it is in the beginning."""
    return build()


@cache
def mock() -> tuple[ASGIApp, Stage]:
    """The healthy mock and the stage with its world."""
    stage = Stage(world())
    return create_app(Settings(), stage), stage


@cache
def objects() -> dict[str, str]:
    """What the requests are about, by name."""
    invoices, items = list(world().invoices), list(world().invoice_items)
    created = world().invoices.one(CREATED.replace("-", ""))
    item = world().invoice_items.one(CREATED.replace("-", ""))
    (owner2,) = world().users.where(username="owner2")
    own = (created.customer_uuid, owner2.roles[0].scope_uuid)
    foreign = next(row for row in invoices if row.customer_uuid not in own and items_of(world(), row))
    foreign_item = next(row for row in items_of(world(), foreign) if row.project_uuid)
    invoice = world().invoices.one(item.invoice_uuid)
    siblings = [row for row in items_of(world(), invoice) if row.uuid != item.uuid and row.price > 0]
    return {
        "created": CREATED,
        "created_digits": created.uuid,
        "item": CREATED,
        "customer": created.customer_uuid,
        "project": str(item.project_uuid),
        "resource": str(item.resource_uuid),
        "pending": invoice.uuid,
        "sibling": siblings[0].uuid,
        "other_customer": own[1],
        "foreign": foreign.uuid,
        "foreign_item": foreign_item.uuid,
        "foreign_project": str(foreign_item.project_uuid),
        "foreign_customer": foreign.customer_uuid,
        "foreign_resource": next(str(row.resource_uuid) for row in items_of(world(), foreign) if row.resource_uuid),
        "paid": next(row for row in invoices if row.state == "paid" and items_of(world(), row)).uuid,
        "canceled": next(row for row in invoices if row.state == "canceled").uuid,
        "usage": next(row for row in items if billing_type_of(world(), row) == "usage").uuid,
        "negative": next(row for row in items if row.unit_price < 0).uuid,
        "credited": next(row for row in items if row.credit_uuid).uuid,
    }


def filled(text: str) -> str:
    """The text with identifiers for the names in braces."""
    return re.sub(r"\{(\w+)\}", lambda found: objects()[found[1]], text)


def meaning(answer: Answer) -> Meaning:
    """What an answer says, however its JSON is written."""
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    try:
        return answer.status, headers, json.loads(answer.body, parse_float=Decimal)
    except ValueError:
        return answer.status, headers, answer.body


def answers_to(requests: tuple[Step, ...], app: ASGIApp) -> Iterator[Meaning]:
    """What an application answers to a list of requests, one after the other."""
    client = Client(app)
    tokens = {user.username: user.token for user in world().users}
    for step in requests:
        body = step.body if isinstance(step.body, str) else filled(json.dumps(step.body or {}))
        known = {"Authorization": f"Token {tokens[step.user]}"} if step.user else {}
        kind = {"Content-Type": "application/json"} if step.method not in ("GET", "HEAD") else {}
        sent = body.encode() if kind else b""
        yield meaning(client.call(step.method, filled(step.target), {**known, **kind, **step.headers}, sent))


@cache
def healthy(chapter: str) -> list[Meaning]:
    """What the healthy mock answers to the requests of a chapter."""
    app, stage = mock()
    stage.reset()
    return list(answers_to(REQUESTS[chapter], app))


@pytest.mark.parametrize(("chapter", "defect"), CASES)
def test_a_planted_defect_changes_an_answer(chapter: str, defect: Defect) -> None:
    expected = healthy(chapter)
    app, stage = mock()
    if chapter not in READING:
        stage.reset()

    answers = zip(answers_to(REQUESTS[chapter], defect.wrap(app)), expected, strict=True)
    differs = any(got != wanted for got, wanted in answers)

    assert differs == (defect.identifier != "slow-answer")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_healthy_mock_answers_the_same_requests_always_alike(chapter: str) -> None:
    app, stage = mock()
    stage.reset()

    again = list(answers_to(REQUESTS[chapter], app))

    assert again == healthy(chapter)


def test_a_slow_answer_is_slow() -> None:
    app, _ = mock()
    started = perf_counter()

    list(answers_to((Step("/api/invoices/growth/"),), DEFECTS["slow-answer"].wrap(app)))

    assert perf_counter() - started > SLOWNESS


def test_there_are_enough_defects_and_each_has_a_name_and_a_sentence_of_its_own() -> None:
    defects = [defect for chapter in CHAPTERS.values() for defect in chapter]

    assert len(DEFECTS) == len(defects) >= WANTED
    assert len({defect.sentence for defect in defects}) == len(defects)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", defect.identifier) for defect in defects)
    assert all(defect.sentence.endswith(".") for defect in defects)


def test_a_defect_can_be_named_as_an_application() -> None:
    app = getattr(apps, "fewer-places")(scenario="one-invoice")

    (answer,) = answers_to((Step("/api/invoice-items/?page_size=1"),), app)
    (whole,) = answers_to((Step("/api/invoice-items/?page_size=1"),), create_default_app(scenario="one-invoice"))

    assert answer[0] == whole[0] == 200
    assert answer[2] != whole[2]


def test_an_unknown_defect_is_no_application() -> None:
    with pytest.raises(AttributeError, match="no-defect"):
        getattr(apps, "no-defect")
