"""The cache of large seeded worlds gives the worlds that were seeded, and nothing else is believed."""

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from tests.asgi import Api
from tests.faults.running import running
from tests.operations.test_forks import questions
from waldur_billing_mock.fixtures import SCENARIOS, Size, build
from waldur_billing_mock.mock_server import start_world, world_cache
from waldur_billing_mock.mock_server.billing.clock import advance
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.world_cache import cached, remove
from waldur_billing_mock.mock_server.world_file import dump

MOST = 10_000_000
NEVER = "the world was to come from the cache"


def make() -> World:
    return build(size=Size(customers=4, months=2)).fork()


def fail() -> World:
    raise AssertionError(NEVER)


@cache
def expected() -> str:
    return dump(make())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def file(folder: Path) -> Path:
    """The file of a world in the cache."""
    assert dump(cached(folder, "world", MOST, make)) == expected()
    (path,) = folder.iterdir()
    return path


def is_used(folder: Path) -> bool:
    """Whether a world comes from the cache. Whether or not, it is the right one."""
    made = []

    def remember() -> World:
        made.append(True)
        return make()

    assert dump(cached(folder, "world", MOST, remember)) == expected()
    return not made


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_world_comes_out_of_the_cache_as_it_was_seeded(folder: Path, scenario: str) -> None:
    seeded = cached(folder, scenario, MOST, lambda: build(scenario))

    read = cached(folder, scenario, MOST, fail)

    assert dump(read) == dump(seeded)
    assert read.size == seeded.size


def test_a_world_of_the_cache_answers_and_is_billed_on_as_one_that_was_seeded(folder: Path) -> None:
    seeded = cached(folder, "default", MOST, build)
    read = cached(folder, "default", MOST, fail)
    both = [Api(Settings(), world) for world in (seeded.fork(), read.fork())]
    asked = questions(seeded)

    assert [both[0].get(path).body for path in asked] == [both[1].get(path).body for path in asked]
    for world in (seeded, read):
        advance(world, datetime(2026, 2, 3, tzinfo=UTC))
    assert dump(read) == dump(seeded)


def test_the_file_is_readable_by_the_user_alone(file: Path) -> None:
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)


def test_a_file_that_is_as_it_was_is_used(file: Path) -> None:
    assert is_used(file.parent)


@pytest.mark.parametrize("kept", [0, 1, 60, 140, 1000, -1])
def test_a_truncated_file_is_not_used_and_is_written_anew(file: Path, kept: int) -> None:
    file.write_bytes(file.read_bytes()[:kept])

    assert not is_used(file.parent)
    assert is_used(file.parent)


@pytest.mark.parametrize("place", [0, 70, 200, 5000, -1])
def test_a_file_with_a_changed_byte_is_not_used(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)

    assert not is_used(file.parent)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]\n",
        b"7\n",
        b'{"head": {}, "tables": []}\n',
        b'{"head": {"now": 1}, "tables": []}\n',
        b"[" * 100_000,
        b"\xff\n",
    ],
)
def test_a_file_with_right_checksums_that_is_no_world_does_not_stop_a_start(file: Path, content: bytes) -> None:
    fingerprint, _, _ = file.read_bytes().partition(b"\n")
    file.write_bytes(fingerprint + b"\n" + sha256(content).hexdigest().encode() + b"\n" + content)

    assert not is_used(file.parent)


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o666])
def test_a_file_that_others_may_open_is_not_used(file: Path, mode: int) -> None:
    file.chmod(mode)

    assert not is_used(file.parent)


def test_a_file_of_another_user_is_not_used(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: file.stat().st_uid + 1)

    assert not is_used(file.parent)


def test_a_link_and_a_pipe_are_not_followed(file: Path, tmp_path: Path) -> None:
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert not is_used(file.parent)
    file.unlink()
    os.mkfifo(file, 0o600)

    assert not is_used(file.parent)


def test_a_world_that_other_code_has_made_is_not_used(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "billing.py"
    changed.write_text("RATE = 2\n", encoding="utf-8")
    sources = [*world_cache._sources(), changed]
    monkeypatch.setattr(world_cache, "_sources", lambda: iter(sources))

    assert not is_used(file.parent)
    assert is_used(file.parent)
    assert list(file.parent.iterdir()) == [file]


def test_the_code_that_makes_worlds_is_looked_at() -> None:
    names = {"/".join(path.parts[-2:]) for path in world_cache._sources()}

    assert names >= {
        "fixtures/history.py",
        "fixtures/drawn.json",
        "scenario/one-invoice.yaml",
        "billing/registration.py",
        "tables/columns.py",
        "mock_server/world_cache.py",
        "mock_server/world_values.py",
    }


def test_another_version_of_the_library_that_draws_names_makes_other_worlds(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world_cache, "version", lambda name: "0.0.1")

    assert not is_used(file.parent)


def test_worlds_of_different_names_are_different_files(file: Path) -> None:
    other = build("empty")
    cached(file.parent, "other", MOST, lambda: other)

    assert dump(cached(file.parent, "other", MOST, fail)) == dump(other)
    assert is_used(file.parent)


def test_a_full_disk_leaves_no_file_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    assert not is_used(folder)
    assert list(folder.iterdir()) == []


def test_a_signal_while_a_world_is_written_leaves_no_file_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stopped)

    with pytest.raises(KeyboardInterrupt):
        cached(folder, "world", MOST, make)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("home", ["/dev/null", "/proc", "/nonexistent/home"])
def test_a_home_that_is_missing_or_cannot_be_written_is_not_needed(home: str) -> None:
    assert not is_used(Path(home) / "cache")


def test_two_that_seed_at_once_leave_one_file(folder: Path) -> None:
    with ThreadPoolExecutor(2) as both:
        worlds = list(both.map(lambda _: cached(folder, "world", MOST, make), range(2)))

    assert [dump(world) for world in worlds] == [expected()] * 2
    assert len(list(folder.iterdir())) == 1
    assert is_used(folder)


def test_the_worlds_that_were_not_used_for_longest_make_room(file: Path) -> None:
    folder, size = file.parent, file.stat().st_size
    os.utime(file, ns=(1, 1))
    cached(folder, "second", MOST, make)
    assert is_used(folder)
    assert file.stat().st_mtime_ns > 1
    (second,) = set(folder.iterdir()) - {file}
    os.utime(second, ns=(1, 1))

    cached(folder, "third", int(2.5 * size), make)

    assert len(list(folder.iterdir())) == 2
    assert is_used(folder)
    assert not second.exists()


def test_a_world_that_is_larger_than_the_limit_is_not_written(file: Path) -> None:
    assert dump(cached(file.parent, "second", 1000, make)) == expected()
    assert list(file.parent.iterdir()) == [file]


def test_all_worlds_are_removed_and_nothing_else(file: Path) -> None:
    other = file.parent / "documents.json"
    other.write_text("{}", encoding="utf-8")
    file.with_suffix(".part").write_bytes(b"")

    remove(file.parent)
    remove(file.parent / "nothing")

    assert list(file.parent.iterdir()) == [other]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Size:
    """The size of a world that counts as large."""
    monkeypatch.setattr(start_world, "_LARGE", 500)
    return Size(customers=6, months=9, items_per_invoice=10)


def test_a_server_stores_large_worlds_and_no_others(folder: Path, large: Size) -> None:
    settings = Settings(cache=folder, size=large)
    seeded = start_world.make_world(settings)
    start_world.make_world(Settings(cache=folder, size=Size(customers=4, months=2)))
    (file,) = folder.glob("world-*")
    os.utime(file, ns=(1, 1))

    assert dump(start_world.make_world(settings)) == dump(seeded)
    assert file.stat().st_mtime_ns > 1
    assert len(list(folder.glob("world-*"))) == 1
    other = start_world.make_world(Settings(cache=folder, size=large, seed=2))
    assert dump(other) != dump(seeded)
    assert len(list(folder.glob("world-*"))) == 2


def test_a_limit_of_nothing_removes_the_worlds_that_are_there(folder: Path, large: Size) -> None:
    start_world.make_world(Settings(cache=folder, size=large))

    start_world.make_world(Settings(cache=folder, scenario="empty", cached_worlds_bytes=0))

    assert list(folder.glob("world-*")) == []


def test_the_option_of_the_command_removes_the_worlds_too(tmp_path: Path) -> None:
    folder = tmp_path / "waldur-billing-mock"
    folder.mkdir(mode=0o700)
    (folder / "world-0.columns").write_bytes(b"")
    with running(
        "--scenario", "empty", "--cached-worlds-mb", "0", environment={"XDG_CACHE_HOME": str(tmp_path)}
    ) as mock:
        assert mock.port
        assert mock.stop().code == 0

    assert list(folder.glob("world-*")) == []


def test_without_a_cache_folder_a_large_world_is_seeded(large: Size) -> None:
    assert start_world.make_world(Settings(cache=None, size=large)).invoice_items
