"""The revision of a server that does not tell its version is found by what it shows."""

import pytest

from waldur_billing_mock.contracts import revision
from waldur_billing_mock.contracts.revision import find_revision
from waldur_billing_mock.contracts.settings import Settings
from waldur_billing_mock.contracts.target import Target, open_target


def found(name: str, wire: bool) -> revision.Revision:
    target: Target = open_target(Settings(wire=wire), name)
    try:
        return find_revision(target)
    finally:
        target.close()


@pytest.fixture
def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision, "_reported", lambda target: "")


@pytest.mark.usefixtures("_silent")
@pytest.mark.parametrize(
    ("name", "wire", "span"),
    [
        ("7.9.0", True, "between 7.9.0 and 7.9.3"),
        ("8.0.2", False, "between 8.0.2 and 8.0.4"),
        ("8.0.5", False, "between 8.0.5 and 8.0.8"),
        ("8.0.9", True, "between 8.0.5 and 8.1.3"),
        ("8.1.3", False, "between 8.0.9 and 8.1.3"),
    ],
)
def test_a_server_is_placed_as_far_as_its_answers_tell(name: str, wire: bool, span: str) -> None:
    assert found(name, wire).how == f"by the fields that it shows: {span}"


@pytest.mark.parametrize("name", ["8.0.8"])
def test_the_version_that_a_server_tells_comes_first(name: str) -> None:
    assert (found(name, True).name, found(name, True).how) == (name, f"/api/version/ reports {name}")
