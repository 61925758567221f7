"""Bodies: taken in as they arrive, and read along their media type when an operation asks for them."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser

from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.request import Request
from waldur_billing_mock.openapi.operation import Operation

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file."""

    filename: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """A body that arrived whole. A multipart form is read as it arrives: `form` is that, or what was wrong with it."""

    content_type: str
    media_type: str
    content: bytes
    form: Mapping[str, str | File] | problems.Problem | None = None

    @property
    def is_form(self) -> bool:
        return self.media_type != problems.JSON_TYPE

    def read(self, operation: Operation) -> Any:
        """The value that was sent; `{}` for an empty body. Raises `Problem` 400 or 415."""
        if not self.content and self.form is None:
            return {}
        if self.media_type not in operation.bodies:
            raise problems.unsupported_media_type(self.content_type)
        if isinstance(self.form, problems.Problem):
            raise self.form
        if self.form is not None:
            return self.form
        if self.media_type == FORM:
            return dict(parse_qsl(self.content.decode("utf-8", "replace"), keep_blank_values=True))
        return _read_json(self.content, deep_fails="deep-json-fails" in operation.switches)


NO_BODY: Final = Body("", "", b"")


async def read_body(request: Request) -> Body:
    """The body of a request. Raises `ClientDisconnect` where it does not arrive whole."""
    if not request.has_body:
        return NO_BODY
    content = await request.body()
    content_type = request.header(b"content-type") or ""
    media_type = content_type.partition(";")[0].strip().lower()
    if content and media_type == MULTIPART:
        return Body(content_type, media_type, b"", await _read_multipart(content_type, content))
    return Body(content_type, media_type, content)


async def _read_multipart(content_type: str, content: bytes) -> Mapping[str, str | File] | problems.Problem:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield content
        yield b""

    if "boundary=" not in content_type:
        return problems.parse_error("Multipart form parse error - Invalid boundary in multipart: None")
    try:
        form = await MultiPartParser(Headers({"content-type": content_type}), stream()).parse()
    except MultiPartException:
        # Django's parser takes what it can from a broken form, which is nothing.
        return {}
    values = {
        name: value if isinstance(value, str) else File(value.filename or "", await value.read())
        for name, value in form.multi_items()
    }
    await form.close()
    return values


def _read_json(content: bytes, *, deep_fails: bool) -> Any:
    """`deep_fails`: deep nesting is a server error."""
    try:
        return _JSON.decode(content.decode(json.detect_encoding(content), "surrogatepass"))
    except RecursionError:
        raise (
            problems.server_error()
            if deep_fails
            else problems.parse_error("JSON parse error - The body is nested too deep.")
        ) from None
    except ValueError as error:
        raise problems.parse_error(f"JSON parse error - {error}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


_JSON: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
