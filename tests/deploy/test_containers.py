"""The container files are valid, give no more rights than needed, and the proxy keeps a session on one mock."""

import re
from typing import Any, Final

import jsonschema_rs
import yaml

from tests.deploy.test_pipelines import vendor_schema
from tests.serving import ROOT
from waldur_billing_mock.contracts import options
from waldur_billing_mock.mock_server.arguments import parser

DEPLOY: Final = ROOT / "deploy"
HARDENED: Final = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return content


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile: word and arguments."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines if line.strip()]


def test_compose_fits_its_schema() -> None:
    validator = jsonschema_rs.validator_for(vendor_schema("compose-spec"))

    assert [error.message for error in validator.iter_errors(compose())] == []
    assert [*validator.iter_errors({"services": {"mock": {"image": 5}}})]


def test_every_container_is_read_only_and_without_capabilities() -> None:
    services = compose()["services"]

    assert [name for name, one in services.items() if {key: one.get(key) for key in HARDENED} != HARDENED] == []


def test_ports_are_published_on_this_machine_alone() -> None:
    published = [port for one in compose()["services"].values() for port in one.get("ports", ())]

    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_the_commands_of_compose_are_understood() -> None:
    services = compose()["services"]
    contract = options.parser().parse_args(services["contract"]["command"])
    mocks = [one["command"] for name, one in services.items() if name.startswith("mock")]

    assert contract.target == "http://mock:8080"
    assert [parser().parse_args(words).command for words in mocks] == ["serve"] * 5


def test_the_proxy_knows_every_mock_and_keeps_a_session_on_one() -> None:
    config = (DEPLOY / "compose-haproxy.cfg").read_text(encoding="utf-8")
    cluster = {name for name in compose()["services"] if name.startswith("mock-")}

    assert set(re.findall(r"^ +server (\S+) \1:8080$", config, re.MULTILINE)) == cluster
    assert len(cluster) == 4
    assert "balance hash var(txn.session)" in config
    waited_for = compose()["services"]["proxy"]["depends_on"]
    assert {name for name, how in waited_for.items() if how == {"condition": "service_healthy"}} == cluster


def test_the_image_runs_as_a_numbered_user_and_tells_its_health() -> None:
    found = instructions()
    last_stage = found[max(number for number, (word, _) in enumerate(found) if word == "FROM") :]
    words = dict(last_stage)

    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", words["USER"])
    assert "waldur-mock" in words["HEALTHCHECK"]
    assert parser().parse_args(yaml.safe_load(words["CMD"])).command == "serve"
    assert [arguments for word, arguments in last_stage if word == "RUN"] == []


def test_each_mock_of_compose_tells_its_health_whatever_the_format_of_the_image() -> None:
    """An image of the OCI format, which podman builds unless told otherwise, holds no health check."""
    services = compose()["services"]
    words = dict(instructions())["HEALTHCHECK"].partition("CMD ")[2]

    checks = [one["healthcheck"]["test"] for name, one in services.items() if name.startswith("mock")]
    assert checks == [["CMD", *yaml.safe_load(words)]] * 5
    waited_for = {name for one in services.values() for name in one.get("depends_on", ())}
    assert waited_for == {name for name in services if name.startswith("mock")}


def test_images_are_built_with_their_health_check() -> None:
    builds = [
        line
        for file in ("deploy/Containerfile", "docs/how-to/containers.md")
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines()
        if "podman build --" in line
    ]

    assert len(builds) == 2
    assert all("--format docker" in line for line in builds)


def test_the_image_holds_only_files_that_are_checked_by_their_hash_or_built_here() -> None:
    installs = [
        part
        for word, arguments in instructions()
        if word == "RUN"
        for part in arguments.split("&&")
        if "pip install" in part
    ]

    assert len(installs) == 3
    assert [part for part in installs if "--require-hashes" not in part and "--no-index" not in part] == []
    copied = re.findall(r"--requirement (\S+)", " ".join(installs))
    assert [name for name in copied if not (ROOT / name).is_file()] == []
