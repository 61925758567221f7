"""How much the most expensive tests try: a part in `make test`, all of it in `make faults` and `make clients`."""

import os
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_FEW: Final = 60
WHOLE: Final = bool(os.environ.get("WALDUR_TESTS_WHOLE"))


def some_of(things: Sequence[T], step: int) -> Sequence[T]:
    """Each `step`-th of the things; all of them where they are few."""
    return things if WHOLE or len(things) < _FEW else things[::step]


def examples(few: int, many: int) -> int:
    """A number of examples."""
    return many if WHOLE else few
