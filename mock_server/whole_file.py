"""Files that are written as a whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO


@contextmanager
def replacing(path: Path, prefix: str) -> Iterator[BinaryIO]:
    """A new file beside the path, which takes its place when the block ends without an exception; else it is removed.

    Its name begins with `prefix` and ends in `.part`, and only its owner may read it. Raises `OSError`.
    """
    with NamedTemporaryFile(dir=path.parent, prefix=prefix, suffix=".part", delete=False) as file:
        unfinished = Path(file.name)
        try:
            yield file  # type: ignore[misc]  # It wraps a binary file, and has all its methods.
            file.close()
            unfinished.replace(path)
        except BaseException:  # Ctrl-C leaves no file behind either; it is raised again.
            unfinished.unlink(missing_ok=True)
            raise
