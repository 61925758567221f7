"""The cache of a description holds what its pages say, and nothing else is believed."""

import errno
import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.descriptions import description
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.mock_server.spec.compiled import described
from waldur_billing_mock.openapi.revision import revisions


@pytest.mark.parametrize("wire", [False, True])
@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_a_kept_document_is_the_described_one(tmp_path: Path, revision: str, wire: bool) -> None:
    made = described(DESCRIPTION, tmp_path, revision, wire=wire)
    kept = described(DESCRIPTION, tmp_path, revision, wire=wire)

    assert made == kept == description(revision, wire, tolerant=True)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_page_that_changes_is_read_again(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    root = pages / "openapi.yaml"
    for title in ("One", "Two"):
        root.write_text(f"openapi: 3.1.0\ninfo: {{title: {title}}}\n", encoding="utf-8")

        assert described(pages, tmp_path / "cache", "documents", wire=False)["info"]["title"] == title
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"{}"])
def test_a_file_that_was_spoilt_is_made_again(tmp_path: Path, content: bytes) -> None:
    made = described(DESCRIPTION, tmp_path, "documents", wire=False)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(content)

    assert described(DESCRIPTION, tmp_path, "documents", wire=False) == made


def test_a_folder_that_cannot_be_used_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    assert described(DESCRIPTION, tmp_path / "file", "documents", wire=False)["openapi"]


def forge(path: Path, document: Any) -> None:
    """Put another document into the cache, its checksums made right."""
    fingerprint, _, _ = path.read_bytes().partition(b"\n")
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    path.write_bytes(fingerprint + b"\n" + sha256(content).hexdigest().encode() + b"\n" + content)


def cached(tmp_path: Path) -> tuple[Any, Path]:
    """A document and its file in the cache."""
    cache = tmp_path / "cache"
    made = described(DESCRIPTION, cache, "documents", wire=False)
    (path,) = cache.iterdir()
    return made, path


def test_the_cache_is_readable_by_the_user_alone(tmp_path: Path) -> None:
    _, path = cached(tmp_path)

    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o666])
def test_a_file_that_others_may_open_is_not_believed(tmp_path: Path, mode: int) -> None:
    made, path = cached(tmp_path)
    forge(path, {"openapi": "3.1.0", "paths": {}})
    path.chmod(mode)

    assert described(DESCRIPTION, path.parent, "documents", wire=False) == made


def test_a_link_and_a_pipe_are_not_followed(tmp_path: Path) -> None:
    made, path = cached(tmp_path)
    forge(path, {"openapi": "3.1.0", "paths": {}})
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    by_link = described(DESCRIPTION, path.parent, "documents", wire=False)
    path.unlink()
    os.mkfifo(path, 0o600)
    by_pipe = described(DESCRIPTION, path.parent, "documents", wire=False)

    assert by_link == by_pipe == made


def test_a_changed_document_with_the_old_checksum_is_not_believed(tmp_path: Path) -> None:
    made, path = cached(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"staff"', b'"owner"').replace(b"get", b"put", 1))

    assert described(DESCRIPTION, path.parent, "documents", wire=False) == made


@pytest.mark.parametrize("content", [b"[" * 100_000 + b"]" * 100_000, b"[]", b"7", b"{"])
def test_a_file_with_right_checksums_that_is_no_document_does_not_stop_a_start(tmp_path: Path, content: bytes) -> None:
    made, path = cached(tmp_path)
    forge(path, content)

    assert described(DESCRIPTION, path.parent, "documents", wire=False) == made


def test_a_full_disk_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    assert described(DESCRIPTION, tmp_path / "cache", "documents", wire=False)["openapi"]
    assert list((tmp_path / "cache").iterdir()) == []


def test_of_a_missing_home_no_folder_is_made(tmp_path: Path) -> None:
    described(DESCRIPTION, tmp_path / "home" / ".cache" / "mock", "documents", wire=False)

    assert list(tmp_path.iterdir()) == []


def test_without_a_cache_a_document_is_made(tmp_path: Path) -> None:
    assert described(DESCRIPTION, None, "documents", wire=False)["openapi"]
