"""The catalogue of deviations can be read as one: each has a name, a sentence, a section and a date."""

import re
from dataclasses import replace
from itertools import chain
from typing import Any, Final

import pytest

from tests.descriptions import description
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.document import read_yaml
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

    assert named <= set(revisions(DESCRIPTION))


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
