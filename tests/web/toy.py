"""A description of a few lines, the functions that it asks for, and a client: HTTP without billing."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from starlette.types import ASGIApp

from tests.asgi import Reply
from tests.parity.client import Client
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.api import Api
from waldur_billing_mock.mock_server.web.call import Call
from waldur_billing_mock.mock_server.web.listing import Listing

PEAR, PLUM, FIG = ("0b2c4d6e8f10324354657687980badc" + digit for digit in "123")


@dataclass(frozen=True)
class Eater:
    """A caller, with what access asks for."""

    name: str
    uuid: str
    is_staff: bool = False
    is_support: bool = False
    is_active: bool = True
    token_expired: bool = False


@dataclass(frozen=True)
class Fruit:
    """A row of the toy: `weight` may be missing."""

    uuid: str
    name: str
    weight: Decimal | None


EATERS: Final = {
    eater.name: eater
    for eater in (
        Eater("cook", "c00c" * 8, is_staff=True),
        Eater("guest", "9e57" * 8),
        Eater("gone", "90e0" * 8, is_active=False),
        Eater("late", "1a7e" * 8, token_expired=True),
        Eater("clé", "c1e0" * 8),
    )
}
FRUITS: Final = (
    Fruit(PEAR, "pear", Decimal("180.50")),
    Fruit(PLUM, "plum", Decimal(30)),
    Fruit(FIG, "fig", None),
)
_TEXT: Final = {"type": "string"}
_BODY: Final = {
    "schema": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": ["string", "number"], "maxLength": 5, "minLength": 1},
            "leaf": {"type": "string", "format": "binary"},
            "day": {"type": "string", "format": "date"},
        },
    }
}
_FRUIT: Final = {
    "type": "object",
    "properties": {
        "uuid": {"type": "string", "format": "uuid"},
        "name": _TEXT,
        "weight": {"type": ["number", "null"], "format": "double"},
    },
}


def _operation(name: str, answer: object = None, *, status: str = "200", **more: Any) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": answer}}} if answer else {}
    head = {"operationId": name, "tags": ["fruits"], "summary": f"Do {name}", "x-waldur-permission": "authenticated"}
    return {**head, "responses": {status: {"description": "Done.", **content}}, **more}


def _query(name: str, schema: object, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "allowEmptyValue": True, "schema": schema, **more}


_LIST: Final = _operation(
    "fruits_list",
    {"type": "array", "items": _FRUIT},
    parameters=[
        _query("page", {"type": ["integer", "string"]}),
        _query("page_size", {"type": ["integer", "string"]}),
        _query("o", {"type": "array", "items": {"enum": ["name", "-name", "weight", "-weight"]}}, explode=False),
        _query("field", {"type": "array", "items": {"type": "string"}}),
        _query("name", _TEXT),
    ],
)
_UUID: Final = {"name": "uuid", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
DOCUMENT: Final[dict[str, Any]] = {
    "paths": {
        "/fruits/": {
            "get": _LIST,
            "head": {**_LIST, "operationId": "fruits_count"},
            "post": _operation(
                "fruits_create",
                {"type": "object"},
                status="201",
                requestBody={
                    "content": dict.fromkeys(
                        ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"], _BODY
                    )
                },
            ),
        },
        "/fruits/ripe/": {"get": _operation("fruits_ripe", {"type": "object"})},
        "/fruits/{uuid}/": {
            "parameters": [_UUID],
            "get": _operation("fruits_retrieve", _FRUIT),
            "delete": _operation("fruits_destroy", status="204", **{"x-waldur-permission": "staff"}),
        },
        "/fruits/{uuid}/eat/": {"parameters": [_UUID], "post": _operation("fruits_eat")},
    }
}


def _rows(call: Call[None, Eater]) -> Listing[Fruit]:
    return Listing(
        FRUITS,
        {"name": lambda fruit, name: fruit.name == name},
        {"name": lambda fruit: fruit.name, "weight": lambda fruit: fruit.weight},
    )


def _one(call: Call[None, Eater]) -> Fruit:
    for fruit in FRUITS:
        if fruit.uuid == call.path["uuid"].replace("-", ""):
            return fruit
    raise problems.not_found("No Fruit matches the given query.")


def _create(call: Call[None, Eater]) -> dict[str, object]:
    """Answers with what was understood: a file by its name and size."""
    fields = dict(call.fields())
    if "leaf" in fields:
        fields["leaf"] = [fields["leaf"].filename, fields["leaf"].size]
    if "day" in fields:
        fields["day"] = fields["day"].isoformat()
    return {"sent": fields, "by": call.user.name}


FUNCTIONS: Final[Mapping[str, Callable[[Call[None, Eater]], Any]]] = {
    "fruits_list": _rows,
    "fruits_create": _create,
    "fruits_ripe": lambda call: {"ripe": True},
    "fruits_retrieve": _one,
    "fruits_destroy": lambda call: None,
    "fruits_eat": lambda call: None,
}


def api(
    functions: Mapping[str, Callable[[Call[None, Eater]], Any]] = FUNCTIONS,
) -> Api[None, Eater]:
    """The toy has no world."""
    return Api(
        DOCUMENT,
        functions,
        lambda scope: _NoWorlds(),
        lambda world, token: EATERS.get(token),
        lambda world, uuid: eater_with(uuid),
    )


class _NoWorlds:
    world: Final = None

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()


def eater_with(uuid: str) -> Eater | None:
    """The caller whose uuid that is."""
    return next((eater for eater in EATERS.values() if eater.uuid == uuid), None)


@dataclass
class Shop:
    """A client of the toy, or of anything around it."""

    app: ASGIApp = field(default_factory=api)

    def ask(
        self,
        method: str,
        target: str,
        token: str | None = "guest",
        headers: Mapping[str, str] = MappingProxyType({}),
        content: bytes = b"",
    ) -> Reply:
        """The answer to a request as one of the eaters; None sends no token."""
        sent = {**({"Authorization": f"Token {token}"} if token else {}), **headers}
        answer = Client(self.app).call(method, target, sent, content)
        return Reply(answer.status, answer.headers, answer.body)

    def create(self, content: bytes, media_type: str = "application/json") -> Reply:
        return self.ask("POST", "/fruits/", headers={"Content-Type": media_type}, content=content)

    def create_json(self, body: object) -> Reply:
        return self.create(json.dumps(body).encode())
