"""A revision is an overlay on the pages; the wire dialect is one more, limited where it says so."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from waldur_billing_mock.openapi.overlay import OverlayError
from waldur_billing_mock.openapi.revision import BASE, describe, revisions, wire_overlay


def action(mark: str, *limits: str) -> dict[str, Any]:
    """Marks the document; `limits` are the revisions that it holds for, all of them where none is named."""
    limited = {"x-waldur-revisions": [limit for limit in limits if limit]} if limits else {}
    return {"target": "$.info", "description": "Marks.", "update": {mark: True}, **limited}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A description with two revisions, and a dialect of three actions."""
    (tmp_path / "overlays").mkdir()
    overlays = {
        "2.0": [action("two")],
        "1.0": [action("one")],
        "wire": [action("wire"), action("late", "2.0"), action("none", "")],
    }
    for name, actions in overlays.items():
        content = {"overlay": "1.0.0", "info": {"title": name, "version": "1"}, "actions": actions}
        (tmp_path / "overlays" / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    (tmp_path / "openapi.yaml").write_text("{openapi: 3.1.0, info: {title: Shop}, tags: []}", encoding="utf-8")
    return tmp_path


def test_the_base_comes_first_and_the_dialect_is_no_revision(folder: Path) -> None:
    assert revisions(folder) == (BASE, "1.0", "2.0")


@pytest.mark.parametrize(
    ("revision", "wire", "marks"),
    [
        (BASE, False, set()),
        ("1.0", False, {"one"}),
        ("2.0", False, {"two"}),
        (BASE, True, {"wire"}),
        ("1.0", True, {"one", "wire"}),
        ("2.0", True, {"two", "wire", "late"}),
    ],
)
def test_a_revision_in_a_dialect_has_their_changes(folder: Path, revision: str, wire: bool, marks: set[str]) -> None:
    document = describe(folder, revision, wire=wire)

    assert document["info"].keys() - {"title"} == marks


@pytest.mark.parametrize("revision", ["3.0", "wire", "", "../overlays/1.0"])
def test_an_unknown_revision_is_refused_with_the_known_ones(folder: Path, revision: str) -> None:
    with pytest.raises(OverlayError, match=r"There is no revision .*; choose one of documents, 1\.0, 2\.0\."):
        describe(folder, revision)


def test_an_action_that_is_limited_to_no_revision_holds_for_none(folder: Path) -> None:
    found = [wire_overlay(folder, revision).actions for revision in revisions(folder)]

    assert [len(actions) for actions in found] == [1, 1, 2]
