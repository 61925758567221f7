"""The wheel is the whole product: what it installs serves without the checkout."""

import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.serving import ROOT, serving

NOT_SOURCE = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "node_modules", "tests")

pytestmark = pytest.mark.xdist_group("packaging")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the repository, built from a copy so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", symlinks=True, ignore=NOT_SOURCE)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(folder / "source"))
    (built,) = folder.glob("*.whl")
    return built


def pip(*arguments: str) -> None:
    """Run pip; what it says on failure is the failure's message."""
    finished = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def needed(requirements: Iterable[str]) -> set[str]:
    """The installed distributions that requirements lead to, directly or through others, by canonical name.

    pip is left out: it comes with Python, and HTTPie only asks for whichever is there.
    """
    found: set[tuple[str, str]] = set()
    open_ends = [(Requirement(line), "") for line in requirements]
    while open_ends:
        requirement, extra = open_ends.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras} - {extra for known, extra in found if known == name}:
            found.add((name, wanted))
            open_ends.extend((Requirement(line), wanted) for line in metadata.requires(name) or ())
    return {name for name, _ in found} - {"pip"}


def test_every_release_that_the_set_up_installs_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    releases = {canonicalize_name(name): release for name, release in pinned.items()}

    installed = {name: metadata.version(name) for requirements in lists for name in needed(requirements)}

    assert {name: releases.get(canonicalize_name(name)) for name in installed} == installed


@pytest.mark.slow
def test_an_installed_wheel_serves_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    venv.create(environment)
    packages = sysconfig.get_path("purelib", vars={"base": str(environment)})
    Path(packages, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    python = environment / "bin" / "python"
    pip("--python", str(python), "install", "--no-deps", "--no-index", str(wheel))

    with serving(program=[str(environment / "bin" / "waldur-mock")], folder=tmp_path) as mock:
        answer = mock.ask("GET", "/api/invoices/", mock.token())

    where = subprocess.run(
        [python, "-c", "from waldur_billing_mock import mock_server; print(mock_server.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.status == 200
    assert Path(where.stdout).is_relative_to(environment)


def test_a_wheel_holds_every_file_of_the_packages_and_no_tests(wheel: Path) -> None:
    kinds = {".py", ".yaml", ".json", ".html", ".css", ".js", ".svg", ".toml"}
    sources = {
        f"waldur_billing_mock/{path.relative_to(ROOT).as_posix()}"
        for folder in ("contracts", "fixtures", "mock_server", "openapi")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in kinds
    }
    sources |= {
        "waldur_billing_mock/__init__.py",
        "waldur_billing_mock/mock_server/WORLD_FORMAT.md",
        "waldur_billing_mock/py.typed",
    }

    packed = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert packed == sources
