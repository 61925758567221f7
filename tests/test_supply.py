"""What is installed is pinned, its files are named by their hashes, and its licences are listed."""

import re
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from tests.serving import ROOT
from tools import licences

REQUIREMENTS: Final = ROOT / "requirements"
LOCKS: Final = sorted(path for path in REQUIREMENTS.rglob("*.txt"))
MAKE_LOCK: Final = "run `make lock` after a change of pyproject.toml or constraints.txt"
# pip comes with Python, and HTTPie only asks for whichever is there.
BUILT_IN: Final = {"pip"}


def project() -> dict[str, Any]:
    document: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return document


def lists() -> dict[str, list[str]]:
    """The requirements of the package and of each extra."""
    declared = project()["project"]
    return {"runtime": declared["dependencies"], **declared["optional-dependencies"]}


def pins(path: Path) -> list[tuple[Requirement, list[str]]]:
    """The requirements in a file, each with the hashes that its files may have."""
    lines = path.read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    found = []
    for line in lines:
        if not line or line.lstrip().startswith("#"):
            continue
        text, *hashes = (part.strip() for part in line.split("--hash="))
        found.append((Requirement(text), hashes))
    return found


def releases(path: Path) -> dict[NormalizedName, str]:
    """The release of each package that a file gives this Python on this system."""
    return {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement, _ in pins(path)
        if requirement.marker is None or requirement.marker.evaluate()
    }


def needed(requirements: Iterable[str]) -> set[str]:
    """The installed distributions that requirements lead to, directly or through others, by canonical name."""
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
    return {name for name, _ in found} - BUILT_IN


@pytest.mark.parametrize(
    ("lock", "named"),
    [
        ("runtime", ["runtime"]),
        ("contracts", ["runtime", "contracts"]),
        ("mcp", ["runtime", "mcp"]),
        ("dev", [*lists()]),
    ],
)
def test_every_release_that_the_set_up_installs_is_pinned(lock: str, named: list[str]) -> None:
    pinned = releases(REQUIREMENTS / f"{lock}.txt")
    installed = {name: metadata.version(name) for extra in named for name in needed(lists()[extra])}

    assert pinned == installed, MAKE_LOCK


def test_the_constraints_and_the_hashed_requirements_name_the_same_releases() -> None:
    constraints = releases(ROOT / "constraints.txt")
    locks = [REQUIREMENTS / f"{name}.txt" for name in ("runtime", "contracts", "mcp", "dev", "clients/dependencies")]
    pinned = {name: release for path in locks for name, release in releases(path).items()}

    assert pinned == constraints, MAKE_LOCK


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.relative_to(REQUIREMENTS).as_posix())
def test_every_installed_file_has_a_known_hash(path: Path) -> None:
    loose = [
        str(requirement)
        for requirement, hashes in pins(path)
        if not re.fullmatch(r"==[^*,]+", str(requirement.specifier))
        or not hashes
        or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", found) for found in hashes)
    ]

    assert pins(path)
    assert loose == []


def test_every_set_up_of_the_makefile_checks_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in makefile.splitlines() if "PIP_INSTALL)" in line or "pip install" in line]

    assert len(installs) >= 5
    assert [line for line in installs if "--require-hashes" not in line and "$(PIP_INSTALL)" not in line] == []
    assert "PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps" in makefile


def test_the_licence_of_every_package_that_is_installed_is_listed() -> None:
    written = (ROOT / "THIRD_PARTY_LICENSES.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([a-z0-9-]+) \|", written, re.MULTILINE)) - {"package"}
    pinned = {name for lock in licences.LOCKS for name in releases(REQUIREMENTS / f"{lock}.txt")}

    assert written == licences.page(), "run: python -m tools.licences > THIRD_PARTY_LICENSES.md"
    assert listed == pinned
