"""Generates clients from what `waldur-mock spec` prints, builds them, and lets each list invoices of a mock.

    python -m tests.generators.run --work build/generators --only go typescript --revision 8.1.3 documents

The Go client needs Go, the Java client Java and Maven, the TypeScript client npm; `make generators` sets up the others.
Exits with 1 where one could not be generated, built or run.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.generators import programs
from tests.serving import Mock, serving
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.document import to_json
from waldur_billing_mock.openapi.presentation import present
from waldur_billing_mock.openapi.revision import describe, revisions

TOOLS: Final = Path(sys.prefix, "generators", "bin")
"""Where openapi-generator and openapi-python-client are."""


class Failed(Exception):
    """A step did not end with 0, or the client printed something else than the invoices."""


def step(*command: str | Path, folder: Path) -> str:
    """What a command prints. Raises `Failed` with the end of its output."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=900)
    except FileNotFoundError:
        raise Failed(f"{command[0]} is not installed") from None
    if done.returncode:
        raise Failed(f"{command[0]}: {(done.stdout + done.stderr).strip()[-1500:]}")
    return done.stdout


def openapi_generator(language: str, document: Path, target: Path, *options: str) -> None:
    generator = TOOLS / "openapi-generator-cli"
    step(generator, "generate", "-g", language, "-i", document, "-o", target, *options, folder=document.parent)


Command = Sequence[str | Path]


def go(document: Path, target: Path) -> Command:
    # By itself the generator takes text of the format `decimal` for numbers: OpenAPITools/openapi-generator#10836.
    names = ("--package-name", "waldur", "--git-host", "example.com", "--git-user-id", "", "--git-repo-id", "waldur")
    openapi_generator("go", document, target, "--type-mappings", "decimal=string", *names)
    module = target / "go.mod"
    module.write_text("module example.com/waldur\n\ngo 1.18\n", encoding="utf-8")
    program = target / "list"
    program.mkdir()
    (program / "main.go").write_text(programs.GO, encoding="utf-8")
    step("go", "vet", "./list", folder=target)
    step("go", "build", "-o", target / "invoices", "./list", folder=target)
    return [target / "invoices"]


def java(document: Path, target: Path) -> Command:
    openapi_generator("java", document, target, "--library", "native")
    (target / "src/main/java/Main.java").write_text(programs.JAVA, encoding="utf-8")
    step("mvn", "-q", "-B", "package", "-DskipTests", "-Dmaven.javadoc.skip=true", folder=target)
    step("mvn", "-q", "-B", "dependency:copy-dependencies", folder=target)
    jars = [*(target / "target").glob("*.jar"), *(target / "target/dependency").glob("*.jar")]
    return ["java", "-cp", ":".join(map(str, jars)), "Main"]


def python(document: Path, target: Path) -> Command:
    openapi_generator("python", document, target, "--package-name", "waldur_generated")
    program = target / "invoices.py"
    program.write_text(programs.PYTHON, encoding="utf-8")
    return [TOOLS / "python", program]


def openapi_python_client(document: Path, target: Path) -> Command:
    # Nothing is formatted afterwards, which would need a formatter.
    settings = document.parent / "openapi-python-client.yaml"
    settings.write_text("post_hooks: []\n", encoding="utf-8")
    step(
        *(TOOLS / "openapi-python-client", "generate", "--meta", "none", "--fail-on-warning"),
        *("--path", document, "--config", settings, "--output-path", target / "waldur_generated"),
        folder=document.parent,
    )
    program = target / "invoices.py"
    program.write_text(programs.OPENAPI_PYTHON_CLIENT, encoding="utf-8")
    return [TOOLS / "python", program]


def typescript(document: Path, target: Path) -> Command:
    names = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@22")
    (target / "package.json").write_text(json.dumps({"private": True, "type": "module"}), encoding="utf-8")
    step("npm", "install", "--silent", "--no-audit", "--no-fund", *names, folder=target)
    step("npx", "openapi-typescript", document, "-o", "schema.d.ts", folder=target)
    (target / "invoices.ts").write_text(programs.TYPESCRIPT, encoding="utf-8")
    settings = (
        "--strict",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--types",
        "node",
        "--noUncheckedIndexedAccess",
    )
    step("npx", "tsc", *settings, "invoices.ts", folder=target)
    return ["node", target / "invoices.js"]


GENERATORS: Final[Mapping[str, Callable[[Path, Path], Command]]] = {
    "go": go,
    "java": java,
    "python": python,
    "openapi-python-client": openapi_python_client,
    "typescript": typescript,
}


def must_list_invoices(mock: Mock, command: Command, folder: Path) -> None:
    """The client prints what the mock answers. Raises `Failed`."""
    token = mock.token()
    rows = json.loads(mock.ask("GET", "/api/invoices/?page_size=3", token).body)
    expected = "".join(f"{row['number']} {row['total']}\n" for row in rows)
    printed = step(*command, mock.url, token, folder=folder)
    if printed != expected:
        raise Failed(f"it printed {printed!r} instead of {expected!r}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every generator on every revision that is asked for; tell each outcome on a line."""
    parser = argparse.ArgumentParser(prog="python -m tests.generators.run", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/generators"), help="a folder that may be emptied")
    parser.add_argument("--only", nargs="+", choices=GENERATORS, default=[*GENERATORS], metavar="GENERATOR")
    parser.add_argument("--revision", nargs="+", choices=revisions(DESCRIPTION), default=[*revisions(DESCRIPTION)])
    options = parser.parse_args(arguments)
    failed = 0
    for revision in options.revision:
        folder = (options.work / revision).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        document = folder / "openapi.json"
        document.write_text(to_json(present(describe(DESCRIPTION, revision))), encoding="utf-8")
        with serving("--revision", revision) as mock:
            for name in options.only:
                outcome = attempt(name, document, mock)
                failed += outcome != "lists invoices"
                print(f"{revision:10} {name:22} {outcome}", flush=True)
    return 1 if failed else 0


def attempt(name: str, document: Path, mock: Mock) -> str:
    """What came of one generator, in words."""
    target = document.parent / name
    step("rm", "-rf", target, folder=document.parent)
    target.mkdir()
    try:
        must_list_invoices(mock, GENERATORS[name](document, target), target)
    except Failed as failure:
        return f"FAILED: {failure}"
    return "lists invoices"


if __name__ == "__main__":
    sys.exit(main())
