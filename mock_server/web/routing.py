"""From a path to the operations on it. The table is made from the description and looked up, never searched."""

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import quote, unquote, urlsplit

from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import Operation

Entry = TypeVar("Entry")

MATCH: Final = "waldur.match"
"""Where the scope holds the route of a request, once it was looked up."""

_METHOD_ORDER: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


_PATH: Final = "/:@&+$,-_.!~*'()"
_QUERY: Final = "%/:?@&=+$,;-_.!~*'()[]"
"""Characters that need no encoding in a header; all others are percent-encoded."""


@dataclass(frozen=True, slots=True)
class Route:
    """A path template with its operations by method, their ids, and the name of its view. HEAD is answered as GET is.

    `allow` is the header that names the methods, and where a route `is_public`, no token is needed.
    """

    view: str
    operations: Mapping[str, Operation]
    operation_ids: Mapping[str, str]
    allow: tuple[bytes, bytes]
    is_public: bool


class Match(NamedTuple):
    """A route, the text of its path parameters by name, and the format that a suffix of the path asked for."""

    route: Route
    arguments: Mapping[str, str]
    format: str = "json"


class Routes:
    """All routes of a document."""

    def __init__(self, document: Node, operations: Iterable[Operation]) -> None:
        self._table: Final = _Table[Route]()
        operations = tuple(operations)
        self.operation_ids: Final = frozenset(one.operation_id for one in operations if one.method != "HEAD")
        """HEAD is answered by the operation of GET."""
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        for path, found in by_path.items():
            described = {method for method in found if method != "HEAD"}
            methods = described | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
            item = document["paths"][path]
            listed = item.get("x-waldur-allow", methods)
            allow = ", ".join(method for method in _METHOD_ORDER if method in listed)
            operations_by_method = {method: found[method] for method in described}
            self._table.add(
                path,
                Route(
                    view=item.get("x-waldur-view", path),
                    operations=operations_by_method,
                    operation_ids={method: one.operation_id for method, one in operations_by_method.items()},
                    allow=(b"allow", allow.encode()),
                    is_public=all(operation.permission == "public" for operation in operations_by_method.values()),
                ),
            )

    def resolve(self, scope: MutableMapping[str, Any]) -> Match:
        """The route of a request, looked up once and cached in its scope. Raises `Problem` as `match` does."""
        found: Match | None = scope.get(MATCH)
        if found is None:
            found = scope[MATCH] = self.match(scope["path"], scope["query_string"])
        return found

    def match(self, path: str, query_string: bytes) -> Match:
        """The route of a path. Raises `Problem`: 301 where only the last slash is missing, 404 for an unknown path."""
        if found := self._table.find(path):
            route, arguments = found
            return Match(route, arguments)
        if not path.endswith("/") and self._table.find(f"{path}/"):
            query = f"?{quote(query_string, safe=_QUERY)}" if query_string else ""
            raise problems.Problem(301, "", {"Location": f"{percent_encoded(path)}/{query}"}, html=True)
        # A suffix asks for a format, as in /api/invoices.json.
        stem, _, suffix = path.rstrip("/").rpartition(".")
        if suffix.isalnum() and (found := self._table.find(f"{stem}/")):
            route, arguments = found
            return Match(route, arguments, suffix)
        # An identifier with a dot names no object; before an action, it makes a page that is missing (behaviour 12).
        if suffix and "/" not in suffix and (found := self._table.find(path, dots=True)):
            route, arguments = found
            return Match(route, arguments)
        raise problems.page_not_found()


def answered_by(scope: Mapping[str, Any]) -> str | None:
    """The operationId that a request has been answered by; None where no route was found, or none has the method."""
    match: Match | None = scope.get(MATCH)
    return None if match is None else match.route.operation_ids.get(scope["method"])


def percent_encoded(path: str) -> str:
    """A path as it is written in a header: text of any script, but never a line break."""
    return quote(path, safe=_PATH)


class Links:
    """Resolves the links in bodies and parameters: absolute addresses of any host, or paths."""

    def __init__(self, document: Node, operations: Iterable[Operation]) -> None:
        self._table: Final = _Table[str]()
        served = (operation.path for operation in operations)
        for template in {*served, *document.get("x-waldur-other-paths", ())}:
            self._table.add(template, template)
        for alias, template in _aliases(document):
            self._table.add(alias, template)

    def resolve(self, link: str) -> tuple[str, str] | None:
        """The path template that the link fits and the text of its last parameter, or None where it fits none."""
        try:
            path = urlsplit(link).path if link.startswith(("http://", "https://")) else link
        except ValueError:  # a host in brackets that is no IPv6 address
            return None
        found = self._table.find(unquote(path))
        if found is None:
            return None
        template, arguments = found
        return template, next(iter(arguments.values()), "")


class _Table(Generic[Entry]):
    """Path templates by their shape: the number of segments and which of them are parameters."""

    def __init__(self) -> None:
        self._shapes: dict[int, list[_Shape[Entry]]] = {}
        """By the number of segments, those with the fewest parameters first."""
        self._literal: dict[str, Entry] = {}

    def add(self, template: str, entry: Entry) -> None:
        segments = template.split("/")
        places = tuple(index for index, segment in enumerate(segments) if segment.startswith("{"))
        if not places:
            self._literal[template] = entry  # which wins over a template: /growth/ over /{uuid}/
            return
        shapes = self._shapes.setdefault(len(segments), [])
        shape = next((shape for shape in shapes if shape.places == places), None)
        if shape is None:
            shape = _Shape(places, len(segments))
            shapes.append(shape)
            shapes.sort(key=lambda shape: len(shape.places))
        names = tuple(segments[place].strip("{}") for place in places)
        shape.entries[shape.literals(segments)] = (entry, names)

    def find(self, path: str, *, dots: bool = False) -> tuple[Entry, dict[str, str]] | None:
        """The entry that a path fits, and its parameters, which may contain a dot only where `dots` is set."""
        if path in self._literal:
            return self._literal[path], {}
        segments = path.split("/")
        for shape in self._shapes.get(len(segments), ()):
            found = shape.entries.get(shape.literals(segments))
            if found is not None:
                entry, names = found
                values = shape.parameters(segments)
                if all(values) and (dots or "." not in "/".join(values)):
                    return entry, dict(zip(names, values, strict=True))
        return None


class _Shape(Generic[Entry]):
    """The templates of one shape, by their segments that are no parameters.

    `literals` picks these from the segments of a path, and `parameters` the others.
    """

    def __init__(self, places: tuple[int, ...], length: int) -> None:
        self.places: Final = places
        # A slice, as one place alone would give no sequence.
        self.parameters: Final = itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
        self.literals: Final = itemgetter(*(place for place in range(length) if place not in places))
        self.entries: Final[dict[Any, tuple[Entry, tuple[str, ...]]]] = {}


def _aliases(node: Any) -> Iterable[tuple[str, str]]:
    """Every path that is an alias of another one (`x-waldur-link-aliases`), and that one."""
    match node:
        case {"x-waldur-link": str(template), "x-waldur-link-aliases": list(aliases)}:
            yield from ((alias, template) for alias in aliases)
        case dict():
            for value in node.values():
                yield from _aliases(value)
        case list():
            for value in node:
                yield from _aliases(value)
