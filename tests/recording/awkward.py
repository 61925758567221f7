"""Names that are awkward to read, write, sort and show, for every row of a world that has one."""

from dataclasses import replace
from itertools import cycle
from typing import Final

from tests.peculiarities.worlds import EMOJI, LONG, MARKUP, QUOTES, RIGHT_TO_LEFT
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.world_tables import rows_of

AWKWARD: Final = (
    *(MARKUP, QUOTES, RIGHT_TO_LEFT, EMOJI, LONG),
    "null",
    "2025-11-01",
    "- a: {b}, [c] # d",
    "%s {0} $HOME %00",
    "../../etc/passwd?x=1&y=2",
    "two\tcolumns\nand two lines",
    "e\N{COMBINING ACUTE ACCENT}\N{LATIN SMALL LETTER E WITH ACUTE}\N{LATIN SMALL LETTER SHARP S}",
    "\N{LINE SEPARATOR}\N{RIGHT-TO-LEFT OVERRIDE}\N{ZERO WIDTH NO-BREAK SPACE}x",
    "1e309",
)
TABLES: Final = ("customers", "projects", "offerings", "resources", "plans", "invoice_items")
LONGEST: Final = 150


def with_awkward_names(world: World) -> World:
    """A copy of the world in which each name begins with one of the awkward texts, in turn."""
    made = world.fork()
    texts = cycle(AWKWARD)
    for table in TABLES:
        for row in list(rows_of(made, table)):
            made.put(replace(row, name=_awkward(next(texts), row.name)))
    # Items have copies of the names of their projects, which the oldest releases do not show.
    for item in list(made.invoice_items):
        project = made.projects.get(item.stored_project_uuid) if item.stored_project_name else None
        if project is not None:
            made.put(replace(item, stored_project_name=project.name))
    return made


def _awkward(text: str, name: str) -> str:
    """The end of the name is kept, by which rows of equal beginnings differ."""
    kept = name[-60:]
    return f"{text[: LONGEST - len(kept) - 1]} {kept}"
