"""A revision is an overlay on its neighbour; tolerance and the wire dialect are overlays that may be limited."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.descriptions import description
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi import overlay
from waldur_billing_mock.openapi.overlay import OverlayError
from waldur_billing_mock.openapi.revision import (
    BASE,
    choose,
    covers,
    describe,
    describe_all,
    revisions,
    wire_overlay,
)

RELEASES = [
    "7.8.8",
    "7.9.0",
    "7.9.3",
    "7.9.8",
    "8.0.0",
    "8.0.2",
    "8.0.4",
    "8.0.5",
    "8.0.7",
    "8.0.8",
    "8.0.9",
    "8.1.2",
    "8.1.3",
]


def action(mark: str, *limits: str) -> dict[str, Any]:
    """Marks the document; `limits` are the revisions that it holds for, all of them where none is named."""
    limited = {"x-waldur-revisions": [limit for limit in limits if limit]} if limits else {}
    return {"target": "$.info", "description": "Marks.", "update": {mark: True}, **limited}


def write(folder: Path, name: str, *actions: dict[str, Any], extends: str = "") -> None:
    content: dict[str, Any] = {"overlay": "1.0.0", "info": {"title": name, "version": name}, "actions": list(actions)}
    if extends:
        content["extends"] = extends
    (folder / "overlays" / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A description with three releases in a row, tolerance, and a dialect of four actions."""
    (tmp_path / "overlays").mkdir()
    write(tmp_path, "2.9", action("two"), extends="../openapi.yaml")
    write(tmp_path, "2.10", action("ten"), extends="2.9.yaml")
    write(tmp_path, "1.0", action("one"), extends="2.9.yaml")
    write(tmp_path, "tolerant", action("tolerant"))
    write(tmp_path, "wire", action("wire"), action("late", "2.9.."), action("early", BASE, "..2.9"), action("none", ""))
    (tmp_path / "openapi.yaml").write_text("{openapi: 3.1.0, info: {title: Shop}, tags: []}", encoding="utf-8")
    return tmp_path


def test_the_base_comes_first_then_the_releases_by_their_numbers(folder: Path) -> None:
    assert revisions(folder) == (BASE, "1.0", "2.9", "2.10")


@pytest.mark.parametrize(
    ("revision", "wire", "tolerant", "marks"),
    [
        (BASE, False, False, set()),
        ("1.0", False, False, {"two", "one"}),
        ("2.9", False, True, {"two", "tolerant"}),
        ("2.10", False, False, {"two", "ten"}),
        ("latest", False, False, {"two", "ten"}),
        (BASE, True, False, {"wire", "early"}),
        ("1.0", True, False, {"two", "one", "wire", "early"}),
        ("2.9", True, True, {"two", "tolerant", "wire", "early", "late"}),
        ("2.10", True, False, {"two", "ten", "wire", "late"}),
    ],
)
def test_a_revision_has_the_changes_of_its_chain_and_of_what_is_asked_for(
    folder: Path, revision: str, wire: bool, tolerant: bool, marks: set[str]
) -> None:
    document = describe(folder, revision, wire=wire, tolerant=tolerant)

    assert document["info"].keys() - {"title"} == marks


@pytest.mark.parametrize("revision", ["0.9", "2.11", "wire", "tolerant", "", "2.x", "../overlays/1.0"])
def test_an_unknown_revision_is_refused_with_the_known_ones(folder: Path, revision: str) -> None:
    with pytest.raises(OverlayError, match=r"no revision .*; choose one of documents, 1\.0, 2\.9, 2\.10, latest\."):
        describe(folder, revision)


@pytest.mark.parametrize(
    ("asked", "revision", "remark"),
    [
        (BASE, BASE, ""),
        ("2.9", "2.9", ""),
        ("2.9.7", "2.9", "Release 2.9.7 has the contract of 2.9."),
        ("1.5", "1.0", "Release 1.5 has the contract of 1.0."),
        ("latest", "2.10", "The latest release that is described is 2.10."),
    ],
)
def test_a_release_between_two_is_the_one_before_and_says_so(
    folder: Path, asked: str, revision: str, remark: str
) -> None:
    assert choose(folder, asked) == (revision, remark)


def test_an_action_that_is_limited_to_no_revision_holds_for_none(folder: Path) -> None:
    found = [wire_overlay(folder, revision).actions for revision in revisions(folder)]

    assert [len(actions) for actions in found] == [2, 2, 3, 2]


@pytest.mark.parametrize(
    ("limit", "covered"),
    [
        ("8.0.5", {"8.0.5"}),
        ("8.0.8..", {"8.0.8", "8.0.9", "8.1.2", "8.1.3"}),
        ("..7.9.0", {"7.8.8", "7.9.0"}),
        ("7.9.1..7.9.8", {"7.9.3", "7.9.8"}),
        (BASE, {BASE}),
    ],
)
def test_a_span_covers_the_releases_in_it_and_never_the_base(limit: str, covered: set[str]) -> None:
    assert {revision for revision in (BASE, *RELEASES) if covers(limit, revision)} == covered


@pytest.mark.parametrize(
    ("extends", "complaint"),
    [
        ("", r"3\.0\.yaml: `extends` has to be \.\./openapi\.yaml or the file of another revision"),
        ("4.0.yaml", r"3\.0\.yaml: `extends` has to be"),
        ("3.0.yaml", r"3\.0\.yaml: by `extends`, the revision is based on itself"),
    ],
)
def test_a_revision_that_is_not_based_on_the_pages_is_refused(folder: Path, extends: str, complaint: str) -> None:
    write(folder, "3.0", action("three"), extends=extends)

    with pytest.raises(OverlayError, match=complaint):
        describe(folder, "3.0")


def test_every_distinct_contract_is_a_revision() -> None:
    assert revisions(DESCRIPTION) == (BASE, *RELEASES)


@pytest.mark.parametrize("revision", RELEASES)
def test_a_revision_is_an_overlay_on_its_neighbour(revision: str) -> None:
    """Up from 8.0.9, which is the first release after the pages, and down from it."""
    loaded = overlay.load(DESCRIPTION / "overlays" / f"{revision}.yaml")
    position, first = RELEASES.index(revision), RELEASES.index("8.0.9")
    neighbour = RELEASES[position + (1 if position < first else -1)]

    assert loaded.extends == ("../openapi.yaml" if position == first else f"{neighbour}.yaml")
    assert description(revision)["info"]["version"] == revision


@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_a_parameter_and_a_field_of_a_request_have_one_type(revision: str) -> None:
    """What servers take besides is in the tolerant description alone."""
    document = description(revision)
    requests = [schema for name, schema in document["components"]["schemas"].items() if name.endswith("Request")]
    schemas = [parameter["schema"] for parameter in document["components"]["parameters"].values()]
    schemas += [field for request in requests for field in request["properties"].values()]

    tolerant = describe(DESCRIPTION, revision, tolerant=True)

    assert all(isinstance(schema.get("type", ""), str) and "anyOf" not in schema for schema in schemas)
    assert tolerant["components"]["parameters"]["page"]["schema"]["type"] == ["integer", "string"]


def test_all_revisions_together_are_what_each_is_by_itself() -> None:
    together = describe_all(DESCRIPTION, wire=True, tolerant=True)

    assert list(together) == list(revisions(DESCRIPTION))
    assert together == {name: describe(DESCRIPTION, name, wire=True, tolerant=True) for name in together}
