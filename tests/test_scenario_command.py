"""`waldur-mock scenario`, and the option `--scenario` with a file."""

import json
import time
from pathlib import Path

import pytest

from tests.fixtures.test_scenario_files import ISSUE
from tests.serving import serving
from waldur_billing_mock.fixtures import build
from waldur_billing_mock.mock_server import world_file
from waldur_billing_mock.mock_server.__main__ import main

FAULTY = """\
now: 2026-03-15
customer: []
customers:
  - name: Acme
    owner: {usernam: anna}
    projects:
      - name: web
        resources:
          - {name: archive, unit_prize: 12.50}
          - {unit_price: abc, unit: year}
invoices:
  - {customer: Acme, month: 2026-13, state: payed}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "acme.yaml"
    path.write_text(ISSUE, encoding="utf-8")
    return path


def test_a_file_that_is_right_is_summed_up(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario", "check", str(file)]) == 0

    assert "5 invoices, 8 invoice items, 2 users; clock at 2026-03-15" in capsys.readouterr().out


def test_all_faults_of_a_file_are_told_with_line_path_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(FAULTY, encoding="utf-8")

    with pytest.raises(SystemExit) as ended:
        main(["scenario", "check", str(path)])

    assert ended.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    told = [line.removeprefix(f"waldur-mock: {path}, line ").split(": ", 1) for line in lines]
    assert [place for place, _ in told] == [
        "2, /customer",
        "5, /customers/0/owner",
        "5, /customers/0/owner/usernam",
        "9, /customers/0/projects/0/resources/0",
        "9, /customers/0/projects/0/resources/0/unit_prize",
        "10, /customers/0/projects/0/resources/1/unit",
        "10, /customers/0/projects/0/resources/1/unit_price",
        "12, /invoices/0/month",
        "12, /invoices/0/state",
    ]
    assert [message.partition(",")[0] for _, message in told] == [
        "this field is not known; did you mean customers?",
        "the field username is missing; add it.",
        "this field is not known; did you mean username?",
        "one of the fields offering",
        "this field is not known; did you mean unit_price?",
        'found "year"; use one of month',
        'found "abc"; expected: A decimal number from 0 on',
        'found "2026-13"; expected: A month',
        'found "payed"; use one of pending',
    ]


def test_a_world_file_is_told_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "world.json"
    file.write_text(world_file.dump(build("default")), encoding="utf-8")

    with pytest.raises(SystemExit):
        main(["scenario", "check", str(file)])
    said = capsys.readouterr().err
    assert said.count("world.json, line") == 1
    assert "/format: this is a world file, and no scenario; serve it with --world." in said


def test_the_lines_of_many_faults_are_looked_up_within_a_moment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("customers:\n" + "  - {nam: Acme}\n" * 10_000, encoding="utf-8")

    begun = time.process_time()
    with pytest.raises(SystemExit):
        main(["scenario", "check", str(file)])
    assert time.process_time() - begun < 20
    said = capsys.readouterr().err
    assert said.count("wrong.yaml, line") == 25
    assert "and 19975 more." in said


def test_a_file_that_is_not_there_or_no_yaml_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("customers: [", encoding="utf-8")

    for file, said in ((path, "the file is not YAML"), (tmp_path / "none.yaml", "cannot be read")):
        with pytest.raises(SystemExit):
            main(["export", "--scenario", str(file)])
        assert said in capsys.readouterr().err


def test_a_built_in_scenario_is_shown_as_a_file_of_the_same_world(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("default", "one-invoice"):
        assert main(["scenario", "show", name]) == 0
        path = tmp_path / f"{name}.yaml"
        path.write_text(capsys.readouterr().out, encoding="utf-8")
        main(["export", "--scenario", str(path)])
        exported = capsys.readouterr().out
        main(["export", "--scenario", name])
        assert exported == capsys.readouterr().out


def test_the_schema_is_printed_and_the_scenarios_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "A scenario of the Waldur billing mock"

    assert main(["scenario", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "default",
        "month-end",
        "one-invoice",
        "empty",
    ]


def test_options_take_the_place_of_what_a_file_says(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["export", "--scenario", str(file), "--seed", "5", "--now", "2026-04-01"])

    world = world_file.load(capsys.readouterr().out)
    assert (world.seed, world.now.isoformat(), len(world.invoices)) == (5, "2026-04-01T00:00:00+00:00", 6)


def test_sizes_are_not_for_files(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--scenario", str(file), "--customers", "20"])

    assert "says itself how large its world is" in capsys.readouterr().err


def test_a_served_file_answers_the_same_after_an_export(file: Path, tmp_path: Path) -> None:
    exported = tmp_path / "world.json"
    main(["export", "--scenario", str(file), "--output", str(exported)])

    answers = []
    for option, path in (("--scenario", file), ("--world", exported)):
        with serving(option, str(path), "--quiet") as mock:
            said = [mock.ask("GET", f"/api/{name}/", "YOUR_API_TOKEN").body for name in ("invoices", "invoice-items")]
            answers.append([body.replace(mock.url.encode(), b"") for body in said])

    assert answers[0] == answers[1]
    assert answers[0][0].count(b'"number"') == 5
