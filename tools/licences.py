"""Writes THIRD_PARTY_LICENSES.md: the licence of each package that an installation brings.

python -m tools.licences > THIRD_PARTY_LICENSES.md
"""

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
LOCKS: Final = ("runtime", "contracts", "mcp")
_HEAD: Final = """\
# Third-party licences

What an installation brings, with the extras `contracts` and `mcp`; the licence is what each package says of itself.
Nothing of them is copied into this project. Scripts for browsers are, with their licences, in
[`mock_server/pages/static/vendor/`](mock_server/pages/static/vendor/README.md).
`python -m tools.licences > THIRD_PARTY_LICENSES.md` makes this page.

| package | release | licence | for |
|---|---|---|---|
"""
_CLASSIFIER: Final = "License :: "


def page() -> str:
    """The whole file. Raises `LookupError` for a package that names no licence or is not installed."""
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows())


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Name, release, licence and purpose of each package for this system, by name."""
    purposes: dict[str, str] = {}
    for lock in LOCKS:
        for name in _pinned(lock):
            purposes.setdefault(name, "every command" if lock == "runtime" else f"`{lock}`")
    for name, purpose in sorted(purposes.items()):
        yield name, metadata.version(name), licence(name), purpose


def licence(name: str) -> str:
    """What a package says of its licence: the SPDX expression, else the classifiers, else the first line of text."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        raise LookupError(f"{name} is pinned but not installed here; run make lint, which installs it.") from None
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = [
        text.rpartition(" :: ")[2] for text in about.get_all("Classifier") or () if text.startswith(_CLASSIFIER)
    ]
    if classifiers:
        return ", ".join(classifiers)
    if "License" in about and about["License"].strip():
        return about["License"].strip().splitlines()[0]
    raise LookupError(f"{name} says nothing of its licence; look it up and add it to `tools/licences.py`.")


def _pinned(lock: str) -> Iterator[str]:
    lines = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    for line in lines:
        if not line or line.startswith("#"):
            continue
        requirement = Requirement(line.partition(" --hash=")[0].strip())
        if requirement.marker is None or requirement.marker.evaluate():
            yield canonicalize_name(requirement.name)


if __name__ == "__main__":
    sys.stdout.write(page())
