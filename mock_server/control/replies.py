"""What a caller gets instead of an answer: Waldur's body for every status, and the examples of the description."""

import json
from collections.abc import Mapping
from typing import Any, Final

from waldur_billing_mock.mock_server.web import problems, reply
from waldur_billing_mock.mock_server.web.problems import Problem, detail
from waldur_billing_mock.mock_server.web.reply import Reply
from waldur_billing_mock.openapi.document import Node, resolve

_MODELS: Final[Mapping[str, str]] = {"invoices": "Invoice", "invoice-items": "InvoiceItem"}

_OF_PROXIES: Final[Mapping[int, str]] = {
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


def failure(status: int, *, path: str, method: str, retry_after: int | None = None, body: Any = None) -> Reply:
    """An answer with the status and, unless another one is given, the body that Waldur sends with it."""
    problem = _problem(status, path, method, retry_after)
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if body is not None:
        problem = Problem(status, body, problem.headers)
    if status < 400 and body is None:
        return reply.empty_reply(status, reply.encoded(headers))
    return reply.refusal(Problem(status, problem.body, {**problem.headers, **headers}, html=problem.html))


def _problem(status: int, path: str, method: str, retry_after: int | None) -> Problem:
    match status:
        case 401:
            return problems.unauthorized()
        case 403:
            return problems.forbidden()
        case 404:
            model = _MODELS.get(path.split("/")[2] if path.count("/") > 2 else "")
            return problems.not_found(f"No {model} matches the given query." if model else "Not found.")
        case 405:
            return problems.method_not_allowed(method)
        case 406:
            return problems.not_acceptable()
        case 409:
            return detail(409, "Valid states for operation: Created.")
        case 415:
            return problems.unsupported_media_type("text/plain")
        case 429:
            wait = "" if retry_after is None else f" Expected available in {retry_after} seconds."
            return detail(429, f"Request was throttled.{wait}")
        case 500:
            return problems.server_error()
        case 502 | 503 | 504:
            # A proxy in front of Waldur answers these, in HTML.
            title = _OF_PROXIES[status]
            page = f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n</body>\n</html>\n"
            return Problem(status, page, html=True)
        case _:
            return detail(status, "Request failed.")


def example(document: Node, path: str, method: str, name: str, status: int | None) -> Reply:
    """The answer that an example of the description shows. Raises `LookupError` naming those that there are.

    The neighbours of the billing operations, which the description leaves out, have none.
    """
    found: dict[str, tuple[int, Any]] = {}
    named: list[str] = []
    responses = document["paths"][path][method.lower()]["responses"] if path in document["paths"] else {}
    for code, response in responses.items():
        content = resolve(document, response).get("content", {}).get("application/json", {})
        for title, one in content.get("examples", {}).items():
            named.append(f"{title} ({code})")
            if status is None or int(code) == status:
                found.setdefault(title, (int(code), resolve(document, one)["value"]))
    if name not in found:
        raise LookupError(", ".join(named) or "none")
    answered, value = found[name]
    return reply.json_reply(answered, json.dumps(value, ensure_ascii=False).encode())
