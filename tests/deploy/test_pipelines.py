"""The snippets for pipelines are valid by the vendors' schemas, ask for few rights, and their commands run."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import jsonschema_rs
import pytest
import yaml

from tests.deploy.commands import installed
from tests.serving import ROOT, Mock
from waldur_billing_mock.contracts import options

ACTION: Final = ROOT / "action.yml"
WORKFLOW: Final = ROOT / "deploy" / "github-workflow.yml"
COMPONENT: Final = ROOT / "templates" / "waldur-contracts.yml"
JENKINSFILE: Final = ROOT / "deploy" / "Jenkinsfile"
HOOKS: Final = ROOT / ".pre-commit-hooks.yaml"
HOWTO: Final = ROOT / "docs" / "how-to" / "pipelines.md"
COMMIT: Final = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}\Z")


def vendor_schema(name: str) -> dict[str, Any]:
    path = files("check_jsonschema") / "builtin_schemas" / "vendor" / f"{name}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def faults(schema: dict[str, Any], instance: Any) -> list[str]:
    return [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(instance)]


def plain(path: Path) -> Any:
    """The content of a YAML file; GitHub's `on` is a word there, not a truth value."""
    return json.loads(json.dumps(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)))


def component(**inputs: str) -> dict[str, Any]:
    """The job of the component as GitLab makes it of inputs."""
    header, job = COMPONENT.read_text(encoding="utf-8").split("\n---\n")
    declared = yaml.safe_load(header)["spec"]["inputs"]
    values = {name: inputs.get(name, one.get("default", "")) for name, one in declared.items()}
    made: dict[str, Any] = yaml.safe_load(re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda name: values[name[1]], job))
    return made


def jenkins_commands() -> list[str]:
    return re.findall(r"sh '(.*)'$", JENKINSFILE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("schema", "path"), [("github-actions", ACTION), ("github-workflows", WORKFLOW)])
def test_the_files_for_github_fit_its_schemas(schema: str, path: Path) -> None:
    assert faults(vendor_schema(schema), yaml.safe_load(path.read_text().replace("\non:", '\n"on":'))) == []


def test_a_wrong_action_does_not_fit_the_schema() -> None:
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    del action["runs"]["steps"][0]["shell"]

    assert faults(vendor_schema("github-actions"), action)


def test_the_component_fits_the_schema_of_gitlab() -> None:
    header = yaml.safe_load(COMPONENT.read_text(encoding="utf-8").split("\n---\n")[0])

    assert faults(vendor_schema("gitlab-ci"), header) == []
    assert faults(vendor_schema("gitlab-ci"), component()) == []
    assert faults(vendor_schema("gitlab-ci"), {"job": {"script": 5}})


def test_inputs_of_the_component_reach_the_shell_as_variables_alone() -> None:
    made = component(target="https://waldur.example.org")["waldur-contract"]

    assert made["variables"]["TARGET"] == "https://waldur.example.org"
    assert "[[" not in COMPONENT.read_text(encoding="utf-8").split("script:")[1]


def test_the_workflow_has_the_least_rights_and_pins_what_it_uses() -> None:
    workflow = plain(WORKFLOW)
    (job,) = workflow["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]

    assert workflow["permissions"] == {}
    assert job["permissions"] == {"contents": "read", "security-events": "write"}
    assert [name for name in used if not COMMIT.match(name)] == ["OWNER/NAME@RELEASE"]


def test_no_script_of_the_action_holds_an_expression() -> None:
    """An expression in a script would let an input run commands."""
    steps = plain(ACTION)["runs"]["steps"]

    assert [step["name"] for step in steps if "${{" in step["run"]] == []


def test_the_action_has_the_inputs_that_are_documented() -> None:
    listed = re.findall(r"^\| `([\w-]+)` \|", HOWTO.read_text(encoding="utf-8"), re.MULTILINE)

    assert listed == list(plain(ACTION)["inputs"])


def test_jenkins_shows_both_reports_and_reads_the_token_in_the_shell_alone() -> None:
    text = JENKINSFILE.read_text(encoding="utf-8")

    assert text.count("{") == text.count("}")
    assert "junit 'waldur-reports/contract.xml'" in text
    assert "sarif(pattern: 'waldur-reports/contract.sarif')" in text
    assert '"""' not in text
    assert not re.search(r'sh "', text)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What the commands of a pipeline find: the installed commands, and the token of a mock."""
    path = os.pathsep.join((str(installed(tmp_path / "bin")), os.environ["PATH"]))
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


def run(script: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def reports(folder: Path) -> Iterator[str]:
    """The two reports that pipelines show, which must be what their readers expect."""
    assert ElementTree.parse(folder / "contract.xml").getroot().tag in {"testsuites", "testsuite"}
    sarif = json.loads((folder / "contract.sarif").read_text(encoding="utf-8"))
    assert sarif["version"] == "2.1.0"
    yield from (found.name for found in folder.iterdir())


@pytest.mark.slow
def test_the_action_judges_a_server_and_writes_its_reports(
    tmp_path: Path, environment: dict[str, str], mock: Mock
) -> None:
    step = plain(ACTION)["runs"]["steps"][1]
    bin = tmp_path / "runner" / "waldur-contracts" / "bin"
    bin.parent.mkdir(parents=True)
    (tmp_path / "bin").rename(bin)
    given = {"TARGET": mock.url, "TOKEN_ENV": "WALDUR_TOKEN", "PROFILE": "quick", "BASELINE": "", "REPORTS": "out"}
    variables = {
        **environment,
        **given,
        "WALDUR_TOKEN": mock.token(),
        "ARGUMENTS": "--only conventions/pages_partition_the_whole --read-only",
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }

    ended = run(step["run"], tmp_path, variables)

    assert set(step["env"]) == {*given, "ARGUMENTS"}
    assert (ended.returncode, ended.stderr.count("Traceback")) == (0, 0), ended.stdout + ended.stderr
    assert {"contract.xml", "contract.sarif", "contract.html", "contract.md"} == set(reports(tmp_path / "out"))
    assert (tmp_path / "summary.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_component_judges_a_server_and_writes_its_reports(
    tmp_path: Path, environment: dict[str, str], mock: Mock
) -> None:
    job = component(target=mock.url)["waldur-contract"]
    script = "\n".join(job["script"]).replace(
        '--profile "$PROFILE"', '--profile "$PROFILE" --only conventions/pages_partition_the_whole'
    )

    ended = run(script, tmp_path, {**environment, **job["variables"]})

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {"contract.xml", "contract.sarif", "contract.html"} == set(reports(tmp_path / "waldur-reports"))
    assert job["artifacts"]["reports"]["junit"] == "waldur-reports/contract.xml"


def test_the_command_of_jenkins_is_understood() -> None:
    (command,) = [line for line in jenkins_commands() if "waldur-contracts --" in line]
    words = command.replace('"$TARGET"', "https://waldur.example.org").replace('"$PROFILE"', "full").split()[1:]

    assert options.parser().parse_args(words).target == "https://waldur.example.org"
    assert '"waldur-billing-mock[contracts]"' in jenkins_commands()[1]


HOOK_KEYS: Final = {"id", "name", "description", "entry", "language", "types", "types_or", "files"}


def test_the_hooks_have_what_pre_commit_needs() -> None:
    hooks = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))

    assert [hook["id"] for hook in hooks] == ["waldur-world", "waldur-scenario"]
    assert [hook for hook in hooks if not {"id", "name", "entry", "language"} <= set(hook) <= HOOK_KEYS] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hook", "name", "good"),
    [
        ("waldur-world", "worlds/acme.json", '{"customers": []}'),
        ("waldur-scenario", "acme.scenario.yaml", "customers: [{name: Acme}]\n"),
    ],
)
def test_a_hook_takes_what_can_be_served_and_refuses_what_cannot(
    hook: str, name: str, good: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    (found,) = [one for one in yaml.safe_load(HOOKS.read_text(encoding="utf-8")) if one["id"] == hook]
    file = tmp_path / Path(name).name
    file.write_text(good, encoding="utf-8")
    taken = run(f"{found['entry']} {file}", tmp_path, environment)
    file.write_text('{"customers": 5}', encoding="utf-8")
    refused = run(f"{found['entry']} {file}", tmp_path, environment)

    assert re.search(found["files"], name)
    assert (taken.returncode, taken.stderr) == (0, "")
    assert refused.returncode == 2
    assert file.name in refused.stderr
    assert sys.executable not in refused.stderr
