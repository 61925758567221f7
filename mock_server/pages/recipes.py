"""What was made by forms, as the sections of a scenario file."""

from dataclasses import dataclass, field
from typing import Any, Final

MOST_ENTRIES: Final = 200
"""Entries that are listed as a scenario file, in each session."""


@dataclass(frozen=True, slots=True)
class Recipes:
    """What was made by forms, by session: entries with their sections, in their order."""

    entries: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)

    def add(self, session: str, section: str, entry: Any) -> None:
        kept = self.entries.setdefault(session, [])
        kept.append((section, entry))
        del kept[:-MOST_ENTRIES]

    def content(self, session: str) -> dict[str, Any]:
        """The sections of a scenario file."""
        content: dict[str, list[Any]] = {}
        for section, entry in self.entries.get(session, ()):
            content.setdefault(section, []).append(entry)
        return content

    def clear(self, session: str) -> None:
        self.entries.pop(session, None)
