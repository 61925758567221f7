"""The revision of a server that does not tell its version is found by what it shows."""

import json
from typing import Any, Final

import pytest

from tests.contracts.scripted import Site, answer, target_of
from tests.descriptions import description
from waldur_billing_mock.contracts import revision
from waldur_billing_mock.contracts.description import REVISIONS
from waldur_billing_mock.contracts.exchange import Answer
from waldur_billing_mock.contracts.revision import Revision, find_revision, place_in_history
from waldur_billing_mock.contracts.settings import Settings
from waldur_billing_mock.contracts.target import Target, open_target

STATE: Final = "/api/invoices/?state=pending_finalization&page_size=1"


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


def saying(value: Any, status: int = 200) -> Answer:
    """An answer with a body of JSON."""
    return answer(status, {}, json.dumps(value).encode())


def of(site: Site) -> Revision:
    return find_revision(target_of(site))


@pytest.mark.parametrize(
    ("reported", "name", "outdated"),
    [
        ("8.1.3", "8.1.3", ""),
        ("8.1.9", "8.1.3", ""),
        ("8.2.0", "8.1.3", "newer than 8.1.3"),
        ("10.0", "8.1.3", "newer than 8.1.3"),
        ("8.0.6-rc.1+4", "8.0.5", ""),
        ("8.0.5-rc.1", "8.0.5", ""),
        ("8.0.10", "8.0.9", ""),
        ("7.9", "7.8.8", ""),
        ("7.8.7", "7.8.8", "older than 7.8.8"),
        ("6.0.0", "7.8.8", "older than 7.8.8"),
    ],
)
def test_a_server_is_judged_by_the_newest_revision_that_is_not_newer_than_it(
    reported: str, name: str, outdated: str
) -> None:
    found = of(Site(saying({"version": reported})))

    assert (found.name, found.reported, found.outdated) == (name, reported, outdated)
    assert found.how == f"/api/version/ reports {reported}"


@pytest.mark.parametrize(
    "version",
    [
        saying({"version": "8.1.3"}, 403),
        saying({}),
        saying({"version": ""}),
        saying([]),
        answer(200, body=b"<html>"),
    ],
)
def test_a_server_that_tells_no_version_and_shows_nothing_is_judged_by_the_documents(version: Answer) -> None:
    site = Site(saying([]))
    site.answers["/api/version/"] = version

    assert of(site) == Revision("documents", "the server shows nothing that tells revisions apart")


def test_a_version_that_is_no_number_is_reported_and_shortened() -> None:
    site = Site(saying({}))
    site.answers["/api/version/"] = saying({"version": "x" * 100})

    assert of(site).reported == "x" * 60


@pytest.mark.parametrize(
    ("name", "outdated", "lacking", "sentence"),
    [
        ("8.1.3", "", [], ""),
        ("8.1.3", "newer than 8.1.3", [], "newer than 8.1.3; judged by 8.1.3"),
        ("8.0.4", "", ["a", "b"], "lacks 2 of 24 operations: judged by 8.0.4, the nearest revision"),
        ("7.8.8", "", ["a"], "lacks 1 of 24 operations: older than 7.8.8; judged by 7.8.8, the nearest revision"),
    ],
)
def test_a_report_says_how_a_server_relates_to_the_described_revisions(
    name: str, outdated: str, lacking: list[str], sentence: str
) -> None:
    assert place_in_history(Revision(name, "as asked for", outdated=outdated), lacking, 24) == sentence


def fields_of(name: str, schema: str) -> dict[str, object]:
    """An object with all fields that a revision describes."""
    return dict.fromkeys(description(name)["components"]["schemas"][schema]["properties"])


def site_with(**lists: Any) -> Site:
    """A server that tells no version and has these lists: invoices, items, costs; all others are empty."""
    site = Site(saying([]))
    site.answers["/api/version/"] = saying({})
    paths = {"invoices": "/api/invoices/?page_size=3", "items": "/api/invoice-items/?page_size=3"}
    for name, rows in lists.items():
        site.answers[paths.get(name, f"/api/invoice-items/costs/?project_uuid={name}")] = saying(rows)
    return site


def test_each_revision_is_among_those_that_its_fields_are_found_to_fit() -> None:
    """Whether a server takes a state, and how it answers consumptions, is asked where several fit."""
    for name in REVISIONS:
        line = {**fields_of(name, "InvoiceItem"), "project_uuid": "p"}
        invoice = {**fields_of(name, "Invoice"), "items": [line]}
        site = site_with(
            invoices=[invoice], items=[fields_of(name, "InvoiceItemDetail")], p=[fields_of(name, "InvoiceCost")]
        )
        shown = {
            "Invoice": frozenset(invoice),
            "InvoiceItem": frozenset(line),
            "InvoiceItemDetail": frozenset(fields_of(name, "InvoiceItemDetail")),
            "InvoiceCost": frozenset(fields_of(name, "InvoiceCost")),
        }
        assert revision._shown(target_of(site)) == shown
        assert revision._distance(description(name), shown) == 0, name


@pytest.mark.parametrize(
    ("name", "taken", "found", "span", "asks"),
    [
        ("7.8.8", False, "7.8.8", "7.8.8", False),
        ("7.9.0", False, "7.9.3", "between 7.9.0 and 7.9.3", True),
        ("8.0.0", False, "8.0.0", "8.0.0", True),
        ("8.0.0", True, "8.0.4", "between 8.0.2 and 8.0.4", True),
        ("8.0.5", True, "8.0.9", "between 8.0.5 and 8.0.9", True),
        ("8.0.5", False, "documents", "documents", True),
    ],
)
def test_where_several_revisions_fit_the_server_is_asked_for_a_state_and_else_for_nothing_more(
    name: str, taken: bool, found: str, span: str, asks: bool
) -> None:
    invoice = {**fields_of(name, "Invoice"), "items": [{**fields_of(name, "InvoiceItem"), "project_uuid": "p"}]}
    site = site_with(
        invoices=[invoice], items=[fields_of(name, "InvoiceItemDetail")], p=[fields_of(name, "InvoiceCost")]
    )
    site.answers[STATE] = saying([], 200 if taken else 400)

    judged = of(site)

    assert (judged.name, judged.how) == (found, f"by the fields that it shows: {span}")
    assert (STATE in site.targets) == asks


def test_the_documents_are_named_beside_the_releases_that_fit_as_well() -> None:
    site = site_with(invoices=[{"uuid": "1"}])
    site.answers[STATE] = saying([], 400)

    assert of(site).how.startswith("by the fields that it shows: one of ")
    assert of(site).how.endswith(", documents")


def test_costs_are_asked_of_three_projects_and_rows_that_are_none_count_for_nothing() -> None:
    lines = [{"project_uuid": name} for name in ("a", "b", "a", "", None, "c", "d")]
    site = site_with(invoices=[{"items": [*lines, "no line"]}, {"items": None}, 7, {"uuid": "x"}], a=[{"price": 1}])

    of(site)

    asked = [target.partition("project_uuid=")[2] for target in site.targets if "costs" in target]
    assert asked == ["a", "b", "c"]
