"""Lists of rows: cells, filters, and pages of a bounded size."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import compress, islice
from typing import Any, Final, Literal, TypeVar, overload

from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.pages import html
from waldur_billing_mock.mock_server.pages.view import View
from waldur_billing_mock.mock_server.tables import Row

R = TypeVar("R")

PAGE_SIZE: Final = 50
MOST_SEARCHED: Final = 20_000
"""Rows that a search looks at, so that the mock goes on answering whatever the size of the world."""

Kind = Literal["text", "figure", "state", "code", "day"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row: its text, where it leads, and how it is written."""

    text: str
    href: str | None = None
    kind: Kind = "text"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The title of a column, and whether it holds figures."""

    title: str
    is_figure: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """One field above a list; without options it is text. `value` is what was sent."""

    name: str
    title: str
    value: str
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that a link has set: what it narrows to, and the address without it."""

    title: str
    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A table. `count` is the number of all rows, of which `cells` are one page."""

    columns: Sequence[Column]
    cells: Sequence[Sequence[Cell]]
    count: int
    page: int = 1
    pages: int = 1
    cut: bool = False
    """Whether a search has not looked at all rows."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a list shows besides its rows."""

    title: str
    lead: str
    rows: Rows
    filters: Sequence[Filter] = ()
    chips: Sequence[Chip] = field(default_factory=tuple)


def paged(view: View, rows: Sequence[R], columns: Sequence[Column], cells: Callable[[R], Sequence[Cell]]) -> Rows:
    """The page that the parameter `page` asks for; the nearest one for a number that there is not."""
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    text = view.query.get("page", "1")
    number = min(max(int(text), 1), pages) if text.isdecimal() and len(text) < 10 else 1
    shown = rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return Rows(columns, [cells(row) for row in shown], len(rows), number, pages)


def first(rows: Iterable[R], columns: Sequence[Column], cells: Callable[[R], Sequence[Cell]], most: int) -> Rows:
    """The first rows as a table of a page about something else. `count` is what is shown."""
    shown = [cells(row) for row in islice(rows, most)]
    return Rows(columns, shown, len(shown))


class Reversed(Sequence[R]):
    """Rows from the last to the first, read when they are asked for."""

    def __init__(self, rows: Sequence[R]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[R]: ...
    def __getitem__(self, place: int | slice) -> R | Sequence[R]:
        if isinstance(place, slice):
            start, stop, _ = place.indices(len(self))
            return list(self._rows[len(self) - stop : len(self) - start])[::-1]
        return self._rows[len(self) - 1 - place]


class SearchedTexts:
    """The rows of the list that was searched last in a world, and their words in one text each, without case.

    Dropped when a row of any kind changes.
    """

    def __init__(self) -> None:
        self._found: tuple[str, Sequence[Any], Sequence[str]] = ("", (), ())

    def of(
        self, name: str, rows: Sequence[R], words: Callable[[R], Iterable[str]]
    ) -> tuple[Sequence[R], Sequence[str]]:
        """What a search in a list looks at. The list of a name has always the same rows and words."""
        if name != self._found[0]:
            self._found = (name, *_folded(rows, words))
        return self._found[1], self._found[2]

    def changed(self, world: World, before: Row | None, after: Row | None) -> None:
        self.clear()

    def clear(self) -> None:
        self._found = ("", (), ())

    def copy(self) -> "SearchedTexts":
        copied = SearchedTexts()
        copied._found = self._found
        return copied


def _folded(rows: Sequence[R], words: Callable[[R], Iterable[str]]) -> tuple[Sequence[R], Sequence[str]]:
    looked_at = rows[:MOST_SEARCHED]
    return looked_at, ["\n".join(words(row)).casefold() for row in looked_at]


def searched(
    view: View, whole: str, rows: Sequence[R], words: Callable[[R], Iterable[str]]
) -> tuple[Sequence[R], bool]:
    """The rows of whose words one contains the text in the query, and whether some were not looked at.

    `whole` names the list, where these are all of its rows; it is blank where a filter has narrowed them.
    """
    wanted = view.query.get("q", "").strip().casefold()
    if not wanted:
        return rows, False
    looked_at, texts = view.world.listener(SearchedTexts).of(whole, rows, words) if whole else _folded(rows, words)
    return list(compress(looked_at, [wanted in text for text in texts])), len(rows) > MOST_SEARCHED


def money(value: Decimal | None) -> Cell:
    return Cell(html.money(value), kind="figure", note="negative" if value is not None and value < 0 else "")


def number(value: Decimal | int) -> Cell:
    return Cell(html.number(value), kind="figure")


def day(value: date | None) -> Cell:
    return Cell(html.day(value), kind="day")


def state(text: str) -> Cell:
    return Cell(text, kind="state")


def options(names: Iterable[str], every: str) -> list[tuple[str, str]]:
    """The options of a filter, the first of which does not filter."""
    return [("", every), *((name, name) for name in names)]


def counts(names: Mapping[str, int]) -> str:
    """`3 projects, 1 resource`: what there is, in words."""
    return ", ".join(f"{count:,} {name if count != 1 else name.removesuffix('s')}" for name, count in names.items())
