"""The pages that the navigation leads to."""

from collections.abc import Sequence
from typing import Final, NamedTuple


class Entry(NamedTuple):
    """The address of a page below `/_mock/ui/`, its title, and its icon."""

    path: str
    title: str
    icon: str


NAVIGATION: Final[Sequence[tuple[str, Sequence[Entry]]]] = (("", (Entry("", "Start", "home"),)),)
"""Groups of pages with their titles."""
