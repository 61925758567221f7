"""Whether values are in order, whatever a database takes for one."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any


def sorted_by(values: Sequence[Any], *, descending: bool) -> bool:
    """Whether values are in order. Missing ones stand together at either end; text may follow any usual collation."""
    values = list(reversed(values)) if descending else list(values)
    missing = [value for value in values if value is None]
    there = [value for value in values if value is not None]
    if values not in (missing + there, there + missing):
        return False
    if there and isinstance(there[0], str):
        return any(_follows(there, key) for key in (str, _collated))
    return all(one <= other for one, other in pairwise(there))


def _follows(values: Sequence[str], key: Callable[[str], str]) -> bool:
    return all(key(one) <= key(other) for one, other in pairwise(values))


def _collated(text: str) -> str:
    """The text as databases compare it: without accents, signs and spaces, in lower case."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", "", bare)
