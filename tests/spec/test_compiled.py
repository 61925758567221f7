"""What is kept of a description is what its pages say, and nothing else."""

from pathlib import Path

import pytest

from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.mock_server.spec.compiled import described
from waldur_billing_mock.openapi.revision import describe, revisions


@pytest.mark.parametrize("wire", [False, True])
@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_a_kept_document_is_the_described_one(tmp_path: Path, revision: str, wire: bool) -> None:
    made = described(DESCRIPTION, tmp_path, revision, wire=wire)
    kept = described(DESCRIPTION, tmp_path, revision, wire=wire)

    assert made == kept == describe(DESCRIPTION, revision, wire=wire, tolerant=True)
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
