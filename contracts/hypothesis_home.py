"""The folder in which Hypothesis, which Schemathesis works with, keeps files while it runs."""

import gzip
import json
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hypothesis.configuration import set_hypothesis_home_dir

_OF_UTF_8: Final = "codec-v2-utf-8.json.gz"


@contextmanager
def temporary_home() -> Iterator[None]:
    """Hypothesis writes what it knows of the code to `.hypothesis/` in the caller's folder, unless it has another."""
    with TemporaryDirectory() as folder:
        write_table_of_utf_8(Path(folder))
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def write_table_of_utf_8(folder: Path) -> None:
    """Writes which characters UTF-8 can encode to where Hypothesis looks it up: all but the surrogates.

    Where it has no such table, Hypothesis encodes all of Unicode to find out, which takes 2 s in each new folder. Its
    second list are the characters that do not come back from UTF-8, of which there are none.
    """
    tables = folder / "unicode_data" / unicodedata.unidata_version
    tables.mkdir(parents=True)
    content = json.dumps([[[0, 0xD7FF], [0xE000, sys.maxunicode]], []])
    (tables / _OF_UTF_8).write_bytes(gzip.compress(content.encode()))
