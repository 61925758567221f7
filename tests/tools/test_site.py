"""The documentation site builds without a warning, loads nothing from elsewhere, and says what the programs say."""

import re
from pathlib import Path
from typing import Final

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from tests.serving import ROOT
from tools import reference, site
from waldur_billing_mock.contracts import __main__ as suite
from waldur_billing_mock.contracts.checks import checks
from waldur_billing_mock.contracts.description import describe
from waldur_billing_mock.contracts.roles import table
from waldur_billing_mock.contracts.settings import PROFILES
from waldur_billing_mock.mock_server.control import description
from waldur_billing_mock.openapi.overlay import load

LOADED: Final = re.compile(r"<(?:script|link|img|iframe)[^>]+?(?:src|href)=\"?(https?://[^\" >]+)")

pytestmark = pytest.mark.xdist_group("site")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference.pages()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site. In strict mode a warning ends the build: a missing page, a dead link, a missing anchor."""
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder


def test_the_site_builds_without_a_warning_and_holds_every_page(built: Path) -> None:
    written = {path.relative_to(site.DOCS).with_suffix(".html") for path in site.DOCS.rglob("*.md")}
    expected = {path.as_posix() for path in written} - {"README.html"}
    expected |= {path.removesuffix(".md") + ".html" for path in site.added()}

    assert {path.relative_to(built).as_posix() for path in built.rglob("*.html")} == {*expected, "404.html"}


def test_the_site_loads_nothing_from_other_hosts(built: Path) -> None:
    loaded = [
        (path.name, address)
        for path in built.rglob("*.html")
        for address in LOADED.findall(path.read_text(encoding="utf-8"))
    ]

    assert loaded == []


def test_the_reference_has_the_help_of_every_command(pages: dict[str, str]) -> None:
    commands = [text.splitlines()[0] for text in re.findall(r"```text\n(.*?)```", "\n".join(pages.values()), re.DOTALL)]
    printed = {" ".join(line.removeprefix("usage: ").partition(" [")[0].split()) for line in commands}

    assert {"waldur-mock serve", "waldur-mock spec", "waldur-mock export"} <= printed
    assert {f"waldur-contracts {name}" for name in suite.COMMANDS} <= printed
    assert len([name for name in printed if name.startswith("waldur-mock ctl ")]) == len(description.operations())


def test_the_reference_has_every_operation_of_the_control_plane(pages: dict[str, str]) -> None:
    listed = re.findall(r"^### (\w+)$", pages["reference/control-plane.md"], re.MULTILINE)

    assert sorted(listed) == sorted(description.operations())


def test_the_reference_has_the_requirement_of_every_check(pages: dict[str, str]) -> None:
    made = checks(describe("documents"), tuple(table()["sees"]), PROFILES["night"])
    page = pages["reference/checks.md"]

    assert [check.id for check in made if check.requirement.replace("|", "\\|") not in page] == []


def test_the_reference_has_every_known_deviation(pages: dict[str, str]) -> None:
    overlay = load(ROOT / "openapi" / "overlays" / "wire.yaml")
    known = {action.extensions["x-waldur-deviation"] for action in overlay.actions}

    assert {name for name in known if f"`{name}`" not in pages["reference/deviations.md"]} == set()


def test_links_to_files_of_the_repository_lead_to_pages_of_the_site() -> None:
    text = "See [the guide](../../contracts/GUIDE.md#read-the-report), [one](../index.md) and [code](../../Makefile)."

    made = site.with_links(text, "tutorial/first-report.md")

    assert made == (
        "See [the guide](../how-to/contract-suite.md#read-the-report), [one](../index.md) and code (`Makefile`)."
    )
