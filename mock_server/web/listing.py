"""What every list does: filters, order, pages (behaviour 1.7). Which of them, the operation's parameters say."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Generic, NamedTuple, Protocol, Self, TypeVar, overload
from urllib.parse import urlencode

from waldur_billing_mock.mock_server.web import problems

DEFAULT_PAGE_SIZE: Final = 10
LARGEST_PAGE_SIZE: Final = 300

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)
Filter = Callable[[Row, Any], bool]
"""Whether a row fits the value of a query parameter; as a `KeyFilter`, an index can do without asking."""
Key = Callable[[Row], Any]
"""What rows are ordered by; None comes before every value."""


class Indexed(Protocol[Row_co]):
    """Rows that are found by an index."""

    def __iter__(self) -> Iterator[Row_co]: ...

    def narrowed(self, wanted: Mapping[str, Any]) -> tuple[Self, Collection[str]]:
        """The fewest rows for some of the wanted values of keys, and the keys whose values all of them have."""

    def picked(self, rows: Sequence[Any]) -> Self:
        """Some of these rows."""

    def sorted_by(
        self, keys: tuple[tuple[Callable[[Any], Any], bool], ...], value: Callable[[Callable[[Any], Any], Any], Any]
    ) -> Self | None:
        """These rows by some keys, each with whether it is descending; None where they must be sorted anew.

        `value` takes a key and a row, and returns what is compared.
        """


class KeyFilter(Protocol):
    """A filter that compares the value of a key, by which `Indexed` rows can be found."""

    @property
    def key(self) -> str: ...

    def __call__(self, row: Any, value: Any, /) -> bool: ...


Found = TypeVar("Found", bound=Indexed[Any])


@dataclass(slots=True)
class Listing(Generic[Row]):
    """The rows that a caller may see, in their stable default order, and the filters and orders that they have."""

    rows: Sequence[Row]
    filters: Mapping[str, Filter[Row]] = field(default_factory=dict)
    orders: Mapping[str, Key[Row]] = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """One page of rows, the number of rows on all pages, and the `Link` header that leads to the others."""

    rows: Sequence[object]
    count: int
    link: str


class OtherPages(NamedTuple):
    """The query of the first page, which has no number, and what stands before and after the number of another one."""

    first: str
    start: str
    end: str


@overload
def select(rows: Found, filters: Mapping[str, Filter[Any]], query: Mapping[str, Any]) -> Found: ...
@overload
def select(rows: Sequence[Row], filters: Mapping[str, Filter[Row]], query: Mapping[str, Any]) -> Sequence[Row]: ...
def select(rows: Any, filters: Mapping[str, Filter[Any]], query: Mapping[str, Any]) -> Any:
    """The rows that fit every filter that was sent. What an index finds by all of them is not looked at one by one."""
    active = [(filters[name], value) for name, value in query.items() if name in filters and value is not None]
    if not active:
        return rows
    # By name, as `isinstance` of a protocol takes longer than the rest of a list.
    if not hasattr(rows, "narrowed"):
        return [row for row in rows if all(fits(row, value) for fits, value in active)]
    # One choice of several is as good as a single value; of more than one, no index knows.
    ones = {_key_of(fits): value for fits, value in active if _one(value)}
    keys = {key: value[0] if isinstance(value, list) else value for key, value in ones.items() if key is not None}
    rows, satisfied = rows.narrowed(keys)
    left = [(fits, value) for fits, value in active if _key_of(fits) not in satisfied]
    return rows.picked([row for row in rows if all(fits(row, value) for fits, value in left)]) if left else rows


def _key_of(fits: Filter[Any] | KeyFilter) -> str | None:
    """The key of a `KeyFilter`, None of another filter."""
    return getattr(fits, "key", None)


def _one(value: Any) -> bool:
    return not isinstance(value, list) or len(value) == 1


def arrange(rows: Sequence[Row], orders: Mapping[str, Key[Row]], names: Sequence[str]) -> Sequence[Row]:
    """The rows by the named keys (`-` turns one around); ties and unknown names leave the order as it was."""
    keys = tuple((orders[known], name.startswith("-")) for name in names if (known := name.removeprefix("-")) in orders)
    if not keys:
        return rows
    if hasattr(rows, "sorted_by"):
        found: Sequence[Row] | None = rows.sorted_by(keys, _missing_first)
        if found is not None:
            return found
    for key, descending in reversed(keys):
        rows = sorted(rows, key=partial(_missing_first, key), reverse=descending)
        # `reverse` keeps equal rows in their order, so that ties stay broken by id in both directions.
    return rows


def _missing_first(key: Key[Row], row: Row) -> tuple[bool, Any]:
    value = key(row)
    return value is not None, "" if value is None else value


def paginate(rows: Sequence[object], query: Mapping[str, Any], address: str, others: OtherPages) -> Page:
    """The page that the query asks for. Raises `Problem` 404 for one too many.

    `address` is the URL without its query.
    """
    size = _page_size(query.get("page_size"))
    count = len(rows)
    last = max(1, -(-count // size))
    number = _page_number(query.get("page"), last)
    first, start, end = f"{address}{others.first}", f"{address}{others.start}", others.end
    before = f', <{first if number == 2 else f"{start}{number - 1}{end}"}>; rel="prev"' if number > 1 else ""
    after = f', <{start}{number + 1}{end}>; rel="next"' if number < last else ""
    last_one = f"{start}{last}{end}" if last > 1 else first
    link = f'<{first}>; rel="first"{before}{after}, <{last_one}>; rel="last"'
    return Page(rows[(number - 1) * size : number * size], count, link)


def _page_size(asked: str | None) -> int:
    """The size asked for, cut at the largest; the default for anything that is no positive integer."""
    size = _integer(asked)
    return min(size, LARGEST_PAGE_SIZE) if size and size > 0 else DEFAULT_PAGE_SIZE


def _page_number(asked: str | None, last: int) -> int:
    if asked in (None, ""):
        return 1
    number = last if asked == "last" else _integer(asked)
    if number is None or not 1 <= number <= last:
        raise problems.not_found("Invalid page.")
    return number


def _integer(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def other_pages(sent: Mapping[str, Sequence[str]]) -> OtherPages:
    """The queries by which other pages are asked for, after one that was sent."""
    # Parameters are sorted by name, and so there are some before `page` and some after it.
    before, after = (
        urlencode(sorted((name, values) for name, values in sent.items() if fits(name)), doseq=True)
        for fits in ("page".__gt__, "page".__lt__)
    )
    rest = "&".join(part for part in (before, after) if part)
    start = f"?{before}&page=" if before else "?page="
    return OtherPages(f"?{rest}" if rest else "", start, f"&{after}" if after else "")
