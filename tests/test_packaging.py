"""The wheel is the whole product: what it installs serves without the checkout."""

import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest

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


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and with another distribution that has a package `fixtures`."""
    environment = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(environment)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    for file in metadata.files("fixtures") or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            (packages / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), packages / file)
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip("--python", str(environment / "bin" / "python"), "install", "--no-deps", "--no-index", str(wheel))
    return environment


def finished(*words: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a user who has a folder `fixtures` of his own."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "__init__.py").write_text(
        "raise RuntimeError('these are not the ones')\n", encoding="utf-8"
    )
    return tmp_path


@pytest.mark.slow
def test_an_installed_wheel_serves_outside_the_checkout(installed: Path, folder: Path) -> None:
    with serving(program=[str(installed / "bin" / "waldur-mock")], folder=folder) as mock:
        answer = mock.ask("GET", "/api/invoices/", mock.token())
        page = mock.ask("GET", "/_mock/")

    where = finished(
        installed / "bin" / "python",
        "-c",
        "from waldur_billing_mock import mock_server; print(mock_server.__file__)",
        folder=folder,
    )
    assert (answer.status, page.status) == (200, 200)
    assert Path(where.stdout).is_relative_to(installed)


def test_the_wheel_and_another_package_fixtures_share_no_file(installed: Path, tmp_path: Path) -> None:
    script = (
        "import fixtures, waldur_billing_mock.fixtures as ours\n"
        "from importlib.metadata import files\n"
        "print(fixtures.Fixture.__module__, ours.__name__)\n"
        "print({str(file) for file in files('fixtures')} & {str(file) for file in files('waldur-billing-mock')})\n"
    )

    lines = finished(installed / "bin" / "python", "-c", script, folder=tmp_path).stdout.splitlines()

    assert lines == ["fixtures.fixture waldur_billing_mock.fixtures", "set()"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("waldur-mock", "--version"),
        ("waldur-mock", "world-format"),
        ("waldur-mock", "export", "--scenario", "one-invoice"),
        ("waldur-contracts", "--help"),
        ("python", "-m", "waldur_billing_mock.mock_server", "--version"),
        ("python", "-m", "waldur_billing_mock.contracts", "--help"),
    ],
)
def test_both_commands_run_in_a_folder_that_has_a_folder_fixtures(
    installed: Path, folder: Path, words: tuple[str, ...]
) -> None:
    ended = finished(installed / "bin" / words[0], *words[1:], folder=folder)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout


@pytest.mark.parametrize("package", ["mock_server", "contracts"])
def test_in_a_checkout_the_folders_run_as_modules(package: str) -> None:
    ended = finished(sys.executable, "-m", package, "--help", folder=ROOT)

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.slow
def test_a_caller_is_type_checked_against_the_installed_package(installed: Path, tmp_path: Path) -> None:
    """Without `py.typed`, mypy takes everything for `Any`, and finds no fault."""
    caller = tmp_path / "caller.py"
    caller.write_text(
        "from waldur_billing_mock.mock_server.settings import Settings\n\n"
        "settings = Settings(port=8080)\n"
        "wrong: str = settings.port\n",
        encoding="utf-8",
    )
    python = installed / "bin" / "python"

    ended = finished(sys.executable, "-m", "mypy", "--strict", "--python-executable", python, caller, folder=tmp_path)

    (complaint, _) = ended.stdout.splitlines()
    assert complaint.startswith("caller.py:4: error: Incompatible types in assignment")


def test_a_wheel_holds_every_file_of_the_packages_and_no_tests(wheel: Path) -> None:
    kinds = {".py", ".yaml", ".json", ".html", ".css", ".js", ".svg", ".toml"}
    sources = {
        f"waldur_billing_mock/{path.relative_to(ROOT).as_posix()}"
        for folder in ("contracts", "fixtures", "mock_server", "openapi")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in kinds
    }
    # The licences of what others wrote lie beside it.
    static = (ROOT / "mock_server/pages/static").rglob("*")
    sources |= {f"waldur_billing_mock/{path.relative_to(ROOT).as_posix()}" for path in static if path.is_file()}
    sources |= {
        "waldur_billing_mock/__init__.py",
        "waldur_billing_mock/config_file.py",
        "waldur_billing_mock/mock_server/WORLD_FORMAT.md",
        "waldur_billing_mock/py.typed",
    }

    packed = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert packed == sources
