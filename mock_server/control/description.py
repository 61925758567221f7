"""The description of the control plane, and the validation of what is sent to it.

Everything is read when it is first needed: a server that nobody controls starts without it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.mock_server.scenario_schema import schema as scenario_schema
from waldur_billing_mock.openapi.document import DocumentError, Node, read_yaml, resolve

FILE: Final = Path(__file__).with_name("control.yaml")
YAML: Final = "application/yaml"
METHODS: Final = ("get", "put", "post", "patch", "delete")


class InvalidInput(Exception):
    """What was sent does not fit its schema: the messages by the path of the value, such as `projects[0].name`."""

    def __init__(self, messages: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(f"{path}: {' '.join(texts)}" for path, texts in messages.items()))
        self.messages: Final = {path: list(texts) for path, texts in messages.items()}


@dataclass(frozen=True)
class Operation:
    """One operation of the control plane. `schema` is that of its body, None where it takes none.

    `takes_yaml` is set where the body is a file, which the operation's function reads by itself.
    """

    operation_id: str
    method: str
    path: str
    summary: str
    parameters: Sequence[Node]
    schema: Node | None
    body_required: bool
    takes_yaml: bool
    status: int
    media_type: str | None

    def located(self, location: str) -> list[Node]:
        """The parameters in the path or in the query."""
        return [parameter for parameter in self.parameters if parameter["in"] == location]

    def fields(self) -> Mapping[str, Node]:
        """The fields of the body by name, those that only answers have left out."""
        found: dict[str, Node] = {}
        for schema in self._alternatives():
            for name, part in schema.get("properties", {}).items():
                if not part.get("readOnly"):
                    found.setdefault(name, {**resolve(document(), part), **part})
        return found

    def _alternatives(self) -> Iterator[Node]:
        if self.schema is not None:
            schema = resolve(document(), self.schema)
            yield schema
            yield from (resolve(document(), one) for one in schema.get("oneOf", ()))


@cache
def document() -> Node:
    """The whole description, with the definitions of scenario files. It is shared, and not to be changed."""
    content: Any = read_yaml(FILE)
    schemas = content["components"]["schemas"]
    for name, definition in scenario_schema()["$defs"].items():
        if name in schemas:
            raise DocumentError(
                f"control.yaml and the schema of scenario files both define {name}; rename one of them."
            )
        schemas[name] = _moved(definition)
    found: Node = content
    return found


def _moved(node: Any) -> Any:
    """A part of the schema of scenario files, as a part of this document."""
    match node:
        case {"$ref": str(reference)}:
            return {**node, "$ref": reference.replace("#/$defs/", "#/components/schemas/")}
        case dict():
            return {name: _moved(one) for name, one in node.items()}
        case list():
            return [_moved(one) for one in node]
    return node


@cache
def operations() -> Mapping[str, Operation]:
    """All operations by their operationIds, in the order of the description."""
    return {operation.operation_id: operation for operation in _read(document())}


def validated_body(operation: Operation, value: Any) -> Any:
    """The body itself, if it fits the operation's schema. Raises `InvalidInput` with all that does not."""
    if messages := complaints(operation.operation_id, value):
        raise InvalidInput(messages)
    return value


def complaints(operation_id: str, value: Any) -> dict[str, list[str]]:
    """What is wrong with a body, by the path of the value; nothing for one that fits."""
    found: dict[str, list[str]] = {}
    for error in _validator(operation_id).iter_errors(value):
        for path, text in _located(error):
            found.setdefault(path, []).append(text)
    return found


def validated_query(operation: Operation, sent: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of a query as their schemas type them. Unknown ones are ignored. Raises `InvalidInput`."""
    values, messages = {}, {}
    for parameter in operation.located("query"):
        name = parameter["name"]
        if name in sent:
            try:
                values[name] = parsed(parameter["schema"], sent[name])
            except ValueError as error:
                messages[name] = [str(error)]
    if messages:
        raise InvalidInput(messages)
    return values


def parsed(schema: Node, text: str) -> Any:
    """The value of a text. Raises `ValueError` with a message in Waldur's words."""
    match schema.get("type"):
        case "integer":
            if re.fullmatch(r"-?[0-9]{1,18}", text) is None:
                raise ValueError("A valid integer is required.")
            if int(text) < (least := schema.get("minimum", int(text))):
                raise ValueError(f"Ensure this value is greater than or equal to {least}.")
            return int(text)
        case "number":
            try:
                return float(text)
            except ValueError:
                raise ValueError("A valid number is required.") from None
        case "boolean":
            if text.lower() not in ("true", "false"):
                raise ValueError("Must be a valid boolean.")
            return text.lower() == "true"
        case _:
            fits = re.search(schema["pattern"], text) is not None if "pattern" in schema else True
            if not fits or text not in schema.get("enum", (text,)):
                raise ValueError(f'"{text}" is not a valid choice.')
            return text


@cache
def _validator(operation_id: str) -> Any:
    import jsonschema_rs  # loaded with the first body, which most servers never see

    schema = operations()[operation_id].schema
    assert schema is not None, "only operations with a body ask"
    return jsonschema_rs.validator_for({**schema, "components": document()["components"]}, validate_formats=True)


def _located(error: Any) -> Iterator[tuple[str, str]]:
    """The path and the message of a violation; of alternatives, the violations of the nearest."""
    kind = error.kind.as_dict() if hasattr(error.kind, "as_dict") else {}
    path = path_text(error.instance_path)
    match error.kind.name:
        case "oneOf" | "anyOf" if branches := [list(branch) for branch in kind.get("context", ())]:
            nearest = min(branches, key=_distance)
            for one in nearest:
                yield from _located(one)
        case "required":
            yield path_text([*error.instance_path, kind["property"]]), "This field is required."
        case "additionalProperties" | "unevaluatedProperties":
            for name in kind["unexpected"]:
                yield path_text([*error.instance_path, name]), "This field is not known."
        case "enum":
            yield path, f'"{error.instance}" is not a valid choice; use one of {", ".join(map(str, kind["options"]))}.'
        case "minProperties":
            yield path, f"Give at least {_fields(kind['limit'])}."
        case "maxProperties":
            yield path, f"Give at most {_fields(kind['limit'])}, not {', '.join(error.instance)}."
        case _:
            text = str(error.message)
            yield path, f"{text[0].upper()}{text[1:]}."


def _fields(count: int) -> str:
    return "one field" if count == 1 else f"{count} fields"


def _distance(branch: Sequence[Any]) -> tuple[int, int]:
    """Alternatives that fail deep inside are nearer than those of another type or with unknown fields."""
    wrong_kind = sum(error.kind.name in ("type", "additionalProperties") for error in branch)
    return wrong_kind, -max((len(error.instance_path) for error in branch), default=0)


def path_text(steps: Sequence[str | int]) -> str:
    """A path as people write it: `projects[0].name`; that of the whole is `non_field_errors`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".") or "non_field_errors"


def _read(content: Node) -> Iterator[Operation]:
    for path, item in content["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            node = item[method]
            parameters = [*item.get("parameters", ()), *node.get("parameters", ())]
            body = node.get("requestBody", {})
            status, answer = next((key, value) for key, value in node["responses"].items() if key[0] == "2")
            media = resolve(content, answer).get("content", {})
            yield Operation(
                operation_id=node["operationId"],
                method=method.upper(),
                path=path,
                summary=node["summary"],
                parameters=[resolve(content, parameter) for parameter in parameters],
                schema=body["content"]["application/json"]["schema"] if body else None,
                body_required=body.get("required", False),
                takes_yaml=YAML in body.get("content", ()),
                status=int(status),
                media_type=next(iter(media), None),
            )
