"""Ready calls of every operation: with the objects that a user may see, in five languages."""

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.visibility import (
    invoices_visible_to,
    items_visible_to,
    provider_items_visible_to,
)
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.spec.render import hyphenated
from waldur_billing_mock.openapi.document import Node, resolve
from waldur_billing_mock.openapi.operation import Operation, operations

_UNKNOWN: Final = "0" * 32
"""Stands for an object where the user may see none; the answer is 404."""

_MOST_LOOKED_AT: Final = 200


@dataclass(frozen=True, slots=True)
class Request:
    """One request that can be sent as it is. `headers` are those besides the token."""

    method: str
    url: str
    token: str
    body: Any = None
    session: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        found = {"Authorization": f"Token {self.token}"}
        if self.session is not None:
            found["X-Mock-Session"] = self.session
        if self.body is not None:
            found["Content-Type"] = "application/json"
        return found

    @property
    def content(self) -> str:
        return json.dumps(self.body, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Objects:
    """What a user may see, as examples of it."""

    invoice: Invoice | None
    item: InvoiceItem | None
    provider_item: InvoiceItem | None


def curl(request: Request) -> str:
    words = ["curl"]
    if request.method == "HEAD":
        words.append("-I")
    elif request.method != "GET":
        words += ["-X", request.method]
    for name, value in request.headers.items():
        words += ["-H", f"{name}: {value}"]
    if request.body is not None:
        words += ["-d", request.content]
    return shlex.join([*words, request.url])


def httpie(request: Request) -> str:
    words = ["http", "--ignore-stdin"]
    if request.body is not None:
        words += ["--raw", request.content]
    if request.method != "GET":
        words.append(request.method)
    return shlex.join([*words, request.url, *(f"{name}:{value}" for name, value in request.headers.items())])


def python(request: Request) -> str:
    body = "" if request.body is None else f", content={request.content!r}"
    return f"httpx.request({request.method!r}, {request.url!r}, headers={request.headers!r}{body})"


def typescript(request: Request) -> str:
    options: dict[str, Any] = {"method": request.method, "headers": request.headers}
    if request.body is not None:
        options["body"] = request.content
    return f"await fetch({json.dumps(request.url)}, {json.dumps(options, ensure_ascii=False)})"


def go(request: Request) -> str:
    body = "nil" if request.body is None else f"strings.NewReader({_go_text(request.content)})"
    headers = "".join(f"; r.Header.Set({_go_text(name)}, {_go_text(value)})" for name, value in request.headers.items())
    return (
        f"r, _ := http.NewRequest({_go_text(request.method)}, {_go_text(request.url)}, {body}){headers}; "
        "answer, err := http.DefaultClient.Do(r)"
    )


LANGUAGES: Final[Mapping[str, tuple[str, Callable[[Request], str]]]] = {
    "curl": ("curl", curl),
    "httpie": ("HTTPie", httpie),
    "python": ("Python (httpx)", python),
    "typescript": ("TypeScript", typescript),
    "go": ("Go", go),
}
"""How a language is called, and what writes a request in it."""


def requests(
    document: Node, world: World, user: User, base: str, session: str | None = None
) -> Iterable[tuple[Operation, Request]]:
    """A request for each operation of the description but HEAD, as the user would send it."""
    objects = objects_of(world, user)
    for operation in operations(document):
        if operation.method != "HEAD":
            yield operation, _request(document, operation, objects, user, base, session)


def objects_of(world: World, user: User) -> Objects:
    """An invoice that can be paid, if there is one, an item of it, and one that the user sells."""
    invoices = invoices_visible_to(world, user)
    created, _ = invoices.narrowed({"state": "created"})
    invoice = next((one for one in created[:_MOST_LOOKED_AT] if one.state == "created"), None)
    invoice = invoice or next(iter(invoices[:1]), None)
    items = world.invoice_items.where(invoice_uuid=invoice.uuid) if invoice else []
    item = next((one for one in items if one.unit_price > 0), None) or next(
        iter(items_visible_to(world, user)[:1]), None
    )
    return Objects(invoice, item, next(iter(provider_items_visible_to(world, user)[:1]), None))


def _request(
    document: Node, operation: Operation, objects: Objects, user: User, base: str, session: str | None
) -> Request:
    invoice, item = objects.invoice, objects.item
    of_item = item.uuid if item else _UNKNOWN
    of_invoice = invoice.uuid if invoice else _UNKNOWN
    path = operation.path.replace("{id}", str(objects.provider_item.id if objects.provider_item else 0))
    path = path.replace("{uuid}", hyphenated(of_item if operation.tag == "invoice-items" else of_invoice))
    known = {
        "customer_uuid": hyphenated(invoice.customer_uuid) if invoice else hyphenated(_UNKNOWN),
        "project_uuid": hyphenated((item.project_uuid if item else None) or _UNKNOWN),
    }
    query = {name: known.get(name, "1") for name, parameter in operation.query.items() if parameter.required}
    if operation.operation_id.split("_costs_for_period")[0] == "invoice_items_customer":
        query["customer_uuid"] = known["customer_uuid"]
    elif operation.operation_id.split("_costs_for_period")[0] == "invoice_items_project":
        query["project_uuid"] = known["project_uuid"]
    body = _body(document, operation)
    if isinstance(body, dict) and "invoice" in body:
        body = {**body, "invoice": f"{base}/api/invoices/{hyphenated(item.invoice_uuid if item else of_invoice)}/"}
    url = f"{base}{path}" + (f"?{urlencode(query)}" if query else "")
    return Request(operation.method, url, user.token, body, session)


def _body(document: Node, operation: Operation) -> Any:
    """The first example of a JSON body; None where the operation takes none."""
    if "application/json" not in operation.bodies:
        return None
    node = document["paths"][operation.path][operation.method.lower()]
    content = resolve(document, node["requestBody"])["content"]["application/json"]
    examples = content.get("examples", {})
    for example in examples.values():
        return resolve(document, example)["value"]
    return content.get("example", {})


def _go_text(text: str) -> str:
    return f"`{text}`" if "`" not in text else json.dumps(text, ensure_ascii=False)
