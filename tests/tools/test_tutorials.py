"""The lessons work: what they print is typed, in their order, in an empty folder."""

import os
import re
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.deploy.commands import installed
from tests.serving import ROOT, serving

LESSONS: Final = sorted((ROOT / "docs" / "tutorial").glob("*.md"))
BLOCK: Final = re.compile(r"^```(\w+)(?: title=\"([\w.]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENDS_WITH: Final = re.compile(r"# exits with (\d)$")
DOCUMENTED: Final = "127.0.0.1:8080"


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_lesson_can_be_followed(lesson: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = os.pathsep.join((str(installed(tmp_path / "bin")), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join((str(ROOT), str(folder)))}
    typed = []
    with ExitStack() as running:
        for kind, title, text in BLOCK.findall(lesson.read_text(encoding="utf-8")):
            if title:
                (folder / title).write_text(text, encoding="utf-8")
            for command in re.findall(r"^\$ (.+)$", text, re.MULTILINE) if kind == "console" else ():
                typed.append(command)
                if command.startswith("waldur-mock serve"):
                    mock = running.enter_context(serving())
                    environment["WALDUR_MOCK_URL"] = mock.url
                    continue
                if command.startswith("pip install"):
                    continue
                here = command.replace(DOCUMENTED, environment.get("WALDUR_MOCK_URL", "").removeprefix("http://"))
                ended = subprocess.run(
                    ["bash", "-c", here], cwd=folder, env=environment, capture_output=True, text=True, check=False
                )
                expected = int(found[1]) if (found := ENDS_WITH.search(command)) else 0
                assert ended.returncode == expected, f"{command}\n{ended.stdout}\n{ended.stderr}"

    assert typed
