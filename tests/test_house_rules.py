"""Rules that no tool checks: who may import whom, where time and chance come from, what no file may name."""

import ast
import gzip
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.serving import ROOT
from waldur_billing_mock.mock_server.billing.world import TABLES

PACKAGES = ("contracts", "fixtures", "mock_server", "openapi")
INSTALLED_AS = "waldur_billing_mock."
NOT_OURS = {"__pycache__", "build", "dist", "node_modules", "waldur_billing_mock.egg-info"}
COMPOSITION_ROOT = {
    "mock_server/__main__.py",
    "mock_server/app.py",
    "mock_server/serve.py",
    "mock_server/serve_proxy.py",
    "mock_server/settings.py",
}


class Layer(NamedTuple):
    """What a folder may import: everything but `never`, or nothing but `only`."""

    folder: str
    never: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None

    def forbids(self, imported: str) -> bool:
        """Whether an import crosses the layer's border."""
        if self.only is not None:
            return not is_below(imported, self.only)
        return is_below(imported, self.never)


STANDARD = tuple(sys.stdlib_module_names)
LAYERS = (
    Layer("mock_server/tables", only=(*STANDARD, "immutables", "mock_server.tables")),
    Layer("mock_server/billing", only=(*STANDARD, "pycountry", "mock_server.billing", "mock_server.tables")),
    Layer(
        "mock_server/spec",
        never=(
            "mock_server.billing",
            "mock_server.web",
            "mock_server.operations",
            "fixtures",
            "starlette",
            "uvicorn",
        ),
    ),
    Layer(
        "mock_server/web", never=("mock_server.billing", "mock_server.operations", "mock_server.control", "fixtures")
    ),
    Layer("mock_server/operations", never=("mock_server.control", "fixtures", "starlette", "uvicorn")),
    Layer("mock_server/control", never=("mock_server.testing", "mock_server.pages")),
    Layer(
        "mock_server/recording",
        never=("mock_server.web", "mock_server.operations", "mock_server.control", "mock_server.pages", "starlette"),
    ),
    Layer(
        "mock_server/traffic",
        never=("mock_server.web", "mock_server.operations", "mock_server.control", "mock_server.pages"),
    ),
    Layer("mock_server/proxy", never=("mock_server.operations", "mock_server.pages", "fixtures", "uvicorn")),
    Layer("fixtures", only=(*STANDARD, "faker", "yaml", "fixtures", "mock_server.billing")),
    Layer("contracts", never=("mock_server", "fixtures")),
    Layer("waldur_billing_mock", only=(*STANDARD, "yaml")),
    Layer("openapi", only=(*STANDARD, "jsonpath_rfc9535", "jsonschema_rs", "yaml", "openapi")),
)
CLOCKS = {"datetime.now", "datetime.today", "datetime.utcnow", "date.today", "time.time", "time.time_ns"}
CHANCE = {"os.urandom", "uuid.uuid1", "uuid.uuid4"}

# Joined here, so that this file does not name what no file may name.
REGISTRIES = ["pypi." + "org", "python" + "hosted", "registry." + "npmjs", "arti" + "factory"]
REGISTRY_OPTIONS = ["index" + "-url", "find" + "-links", "trusted" + "-host"]
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(work|root|home|Users)/")
LOCATED_ERROR = "{path}:{line} {what}"


def files() -> Iterator[Path]:
    """Every text that belongs to the repository, by the rules of `.gitignore` and without needing git."""
    for top in sorted(ROOT.iterdir()):
        if top.name.startswith(".") and top.name not in {
            ".ci",
            ".gitignore",
            ".dockerignore",
            ".pre-commit-hooks.yaml",
        }:
            continue
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and path.suffix != ".png" and not NOT_OURS.intersection(path.relative_to(ROOT).parts):
                yield path


def text_of(path: Path) -> str:
    """The text of a file, unpacked where it is packed."""
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()


def modules(folder: str) -> Iterator[tuple[str, ast.Module]]:
    """The Python modules below a folder: path from the root, and syntax tree."""
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".py" and name.startswith(f"{folder}/"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def imports(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What a module imports, by the folder that it lies in: `from a.b import c` is `a.b.c`, as c may be a module."""
    package = Path(name).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.removeprefix(INSTALLED_AS)) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{source}.{alias.name}".removeprefix(INSTALLED_AS)) for alias in node.names)


def is_below(imported: str, allowed: tuple[str, ...]) -> bool:
    """Whether an import names one of the given packages or something in it."""
    return any(imported == name or imported.startswith(f"{name}.") for name in allowed)


def dotted(node: ast.expr) -> str:
    """`a.b.c` for an expression of that form, else an empty text."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, name):
            return f"{dotted(value)}.{name}"
        case _:
            return ""


def readings(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a module reads the clock or takes chance from the process, or imports a function that does."""
    imported = list(imports(name, tree))
    attributes = [(node.lineno, dotted(node)) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    if not any(what == "random" for _, what in imported):
        attributes = [(line, what) for line, what in attributes if not what.startswith("random.")]
    for line, what in imported + attributes:
        of_the_process = what.startswith(("random.", "secrets.")) and what != "random.Random"
        if of_the_process or ".".join(what.split(".")[-2:]) in CLOCKS | CHANCE:
            yield line, what


def test_packages_are_imported_by_the_name_under_which_they_are_installed() -> None:
    """A top-level `fixtures` or `contracts` may be somebody else's."""
    short = [
        LOCATED_ERROR.format(path=name, line=node.lineno, what=imported)
        for folder in (*PACKAGES, "benchmarks", "tests")
        for name, tree in modules(folder)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for imported in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        if imported and is_below(imported, PACKAGES)
    ]

    assert short == []


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.folder)
def test_the_arrows_between_the_layers_point_one_way(layer: Layer) -> None:
    crossing = [
        LOCATED_ERROR.format(path=name, line=line, what=imported)
        for name, tree in modules(layer.folder)
        for line, imported in imports(name, tree)
        if layer.forbids(imported)
    ]

    assert crossing == []


def test_only_the_composition_root_knows_the_application_and_its_pages() -> None:
    crossing = [
        LOCATED_ERROR.format(path=name, line=line, what=imported)
        for folder in PACKAGES
        for name, tree in modules(folder)
        if name not in COMPOSITION_ROOT and not name.startswith("mock_server/testing/")
        for line, imported in imports(name, tree)
        if is_below(imported, ("mock_server.app", "mock_server.__main__"))
        or (is_below(imported, ("mock_server.pages",)) and not name.startswith("mock_server/pages/"))
    ]

    assert crossing == []


def test_time_and_chance_enter_at_the_composition_root_only() -> None:
    found = [
        LOCATED_ERROR.format(path=name, line=line, what=what)
        for folder in ("fixtures", "mock_server")
        for name, tree in modules(folder)
        if name not in COMPOSITION_ROOT
        for line, what in readings(name, tree)
    ]

    assert found == []


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    findings = [
        LOCATED_ERROR.format(path=path.relative_to(ROOT), line=number, what=line.strip()[:80])
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if MACHINE_PATH.search(line) or any(word in line for word in REGISTRIES + REGISTRY_OPTIONS)
    ]

    assert findings == []


def test_every_top_level_folder_explains_itself() -> None:
    unexplained = [
        folder.name
        for folder in ROOT.iterdir()
        if folder.is_dir()
        and not folder.name.startswith(".")
        and folder.name not in NOT_OURS
        and not (folder / "README.md").is_file()
    ]

    assert unexplained == []


def graph(folder: str) -> dict[str, set[str]]:
    """Which modules of a folder a module imports, type-only imports included."""
    names = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name, _ in modules(folder)}
    return {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): {
            found
            for _, imported in imports(name, tree)
            for found in (imported, imported.rpartition(".")[0])
            if found in names
        }
        for name, tree in modules(folder)
    }


def test_worlds_are_values_that_nothing_points_back_to() -> None:
    """No module of the mock imports itself by a detour, no row knows its world, the suite knows nothing of the mock."""
    list(TopologicalSorter(graph("mock_server")).static_order())

    knowing = [kind.__name__ for kind in TABLES.values() for field in fields(kind) if field.name == "world"]
    contracts = [what for name, tree in modules("contracts") for _, what in imports(name, tree)]

    assert knowing == []
    assert [what for what in contracts if is_below(what, ("mock_server",))] == []
