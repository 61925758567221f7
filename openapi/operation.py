"""The operations of a document, in the form that the server works with: parameters, bodies, the one success."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from waldur_billing_mock.openapi.document import DocumentError, Node, resolve

METHODS = ("get", "head", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A path or query parameter; `extensions` holds its `x-waldur-` keys."""

    name: str
    location: str
    schema: Node
    required: bool
    allows_empty: bool
    explode: bool
    extensions: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Success:
    """The operation's only 2xx answer: its status, its schema (None: no JSON), the schemas of its headers by name.

    `media_type` is that of an answer that is no JSON.
    """

    status: int
    schema: Node | None
    headers: Mapping[str, Node]
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path, as described. `bodies` maps a media type to its schema (empty: no body is read).

    `switches` name what only code can do otherwise in a dialect (`x-waldur-switches`). `beyond` says whether the
    documents do not have the operation (`x-waldur-beyond`).
    """

    operation_id: str
    tag: str
    method: str
    path: str
    summary: str
    permission: str
    parameters: tuple[Parameter, ...]
    bodies: Mapping[str, Node]
    success: Success
    switches: frozenset[str]
    beyond: bool

    @property
    def query(self) -> Mapping[str, Parameter]:
        """The query parameters by name."""
        return {parameter.name: parameter for parameter in self.parameters if parameter.location == "query"}


def operations(document: Node) -> Iterator[Operation]:
    """Every operation of a bundled document, in its order. Raises `DocumentError` where a fact is missing."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(document, path, method, item)


def _operation(document: Node, path: str, method: str, item: Node) -> Operation:
    node = item[method]
    place = f"{method.upper()} {path}"
    for key in ("operationId", "tags", "x-waldur-permission"):
        if key not in node:
            raise DocumentError(f"{place}: the operation has no {key}.")
    parameters = [
        resolve(document, parameter) for parameter in (*item.get("parameters", []), *node.get("parameters", []))
    ]
    body = resolve(document, node.get("requestBody", {}))
    return Operation(
        operation_id=node["operationId"],
        tag=node["tags"][0],
        method=method.upper(),
        path=path,
        summary=node.get("summary", ""),
        permission=node["x-waldur-permission"],
        parameters=tuple(
            Parameter(
                name=parameter["name"],
                location=parameter["in"],
                schema=parameter["schema"],
                required=parameter.get("required", False),
                allows_empty=parameter.get("allowEmptyValue", False),
                explode=parameter.get("explode", True),
                extensions={key: value for key, value in parameter.items() if key.startswith("x-")},
            )
            for parameter in parameters
        ),
        bodies={media: content["schema"] for media, content in body.get("content", {}).items()},
        success=_success(document, node, place),
        switches=frozenset(node.get("x-waldur-switches", ())),
        beyond=node.get("x-waldur-beyond", False),
    )


def _success(document: Node, node: Node, place: str) -> Success:
    found = [status for status in node["responses"] if status.startswith("2")]
    if len(found) != 1:
        raise DocumentError(f"{place}: describe exactly one 2xx response, not {len(found)}.")
    response = resolve(document, node["responses"][found[0]])
    contents = response.get("content", {})
    content = contents.get("application/json")
    return Success(
        status=int(found[0]),
        schema=content["schema"] if content else None,
        media_type=next(iter(contents), None) if content is None else None,
        headers={name: resolve(document, header)["schema"] for name, header in response.get("headers", {}).items()},
    )
