"""What a recording has to say about itself: what was inferred and how, what was made up, what was left out."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Notes:
    """Counts by table or field, and by a sentence that says how its values came about."""

    inferred: Counter[tuple[str, str]] = field(default_factory=Counter)
    made_up: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)

    def infer(self, where: str, how: str) -> None:
        """A value that follows from others."""
        self.inferred[where, how] += 1

    def make_up(self, where: str, why: str) -> None:
        """A row or value that nothing tells, but that others need."""
        self.made_up[where, why] += 1

    def leave_out(self, where: str, why: str) -> None:
        """A value that a world file cannot hold."""
        self.left_out[where, why] += 1

    def lines(self) -> list[str]:
        """The notes in words, one a line."""
        return [
            f"{title}: {where} ({count}): {why}"
            for title, counts in (("inferred", self.inferred), ("made up", self.made_up), ("left out", self.left_out))
            for (where, why), count in counts.items()
        ]
