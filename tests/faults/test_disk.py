"""A full disk, a home that is none, a damaged cache, two starts at once: the mock starts, or says what to do."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.faults.running import running, written
from tests.serving import FROM_THE_CHECKOUT, ROOT
from waldur_billing_mock.mock_server.world_file import load_file

# Files of more than 64 KiB cannot be written; Python does not end by the signal for it, but raises an `OSError`.
FULL = "ulimit -f 64"


def finished(*words: str, output: str = os.devnull) -> subprocess.CompletedProcess[bytes]:
    with Path(output).open("wb") as stdout:
        return subprocess.run(
            [*FROM_THE_CHECKOUT, *words], cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, check=False, timeout=120
        )


@pytest.mark.parametrize(
    "words",
    [
        ("export", "--scenario", "one-invoice"),
        ("spec",),
        ("world-format",),
        ("completion", "bash"),
        ("serve", "--scenario", "one-invoice", "--port", "0"),
        ("serve", "--scenario", "one-invoice", "--port", "0", "--log-format", "json"),
    ],
    ids=" ".join,
)
def test_standard_output_on_a_full_disk_is_said_in_a_sentence(words: tuple[str, ...]) -> None:
    """It was a traceback."""
    ended = finished(*words, output="/dev/full")

    said = ended.stderr.decode()
    assert ended.returncode == 2, said
    assert said.startswith("waldur-mock: standard output cannot be written: No space left on device; free some space")
    assert said.count("\n") == 1


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    cache = tmp_path / "waldur-billing-mock"
    with running(environment={"XDG_CACHE_HOME": str(tmp_path)}, before=FULL) as mock:
        assert mock.port
        ended = mock.stop()

    assert ended.code == 0
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("home", ["/dev/null", "/proc", "/nonexistent"])
def test_a_home_that_is_no_folder_or_cannot_be_written_is_not_needed(home: str) -> None:
    with running(environment={"HOME": home, "XDG_CACHE_HOME": ""}) as mock:
        assert mock.port
        assert mock.stop().code == 0


def _nothing(content: bytes) -> bytes:
    return b""


def _another_text(content: bytes) -> bytes:
    return b"x"


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _one_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    with running(environment=environment) as mock:
        assert mock.port
        mock.stop()
    files = sorted((tmp_path / "waldur-billing-mock").iterdir())
    before = [path.read_bytes() for path in files]
    for damage in (_nothing, _another_text, _half, _one_bit):
        for path, content in zip(files, before, strict=True):
            path.write_bytes(damage(content))

        with running(environment=environment) as mock:
            assert mock.port
            assert mock.stop().code == 0

        assert [path.read_bytes() for path in files] == before


def test_a_world_that_has_no_room_leaves_the_file_before_it_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text("what was there\n", encoding="utf-8")
    with running("--save", str(path), before="ulimit -f 4") as mock:
        assert mock.port
        ended = mock.stop()

    assert ended.code == 2
    assert f"waldur-mock: {path}: the file cannot be written: File too large." in ended.said
    assert "Traceback" not in ended.said
    assert written(path) == "what was there\n"
    assert [one.name for one in tmp_path.iterdir()] == ["world.json"]


def test_a_folder_that_is_gone_at_the_end_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with running("--save", str(folder / "world.json")) as mock:
        assert mock.port
        folder.rmdir()
        ended = mock.stop()

    assert ended.code == 2
    assert "the file cannot be written: No such file or directory." in ended.said
    assert "Traceback" not in ended.said


def test_two_servers_that_save_to_one_file_leave_one_whole_world(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    with running("--save", str(path)) as first, running("--save", str(path)) as second:
        assert first.port != second.port
        assert [first.stop().code, second.stop().code] == [0, 0]

    assert [one.name for one in tmp_path.iterdir()] == ["world.json"]
    assert list(load_file(path).invoices)


def test_a_second_start_on_the_same_port_is_told_what_to_do() -> None:
    with running() as first:
        second = finished("serve", "--scenario", "one-invoice", "--port", str(first.port))

    assert second.returncode == 2
    assert "is in use; choose another --port, or 0 for a free one." in second.stderr.decode()
