"""Bodies: taken in as they arrive, and read along their media type when an operation asks for them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import parse_qsl

from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.web.multipart import Form, MultipartReader, charset_of, must_be_charset
from waldur_billing_mock.mock_server.web.request import Request
from waldur_billing_mock.openapi.operation import Operation

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Body:
    """A body that arrived whole. A multipart form is read as it arrives: `form` is that, or what was wrong with it."""

    content_type: str
    media_type: str
    content: bytes
    limits: Limits
    form: Form | problems.Problem | None = None

    @property
    def is_form(self) -> bool:
        return self.media_type != problems.JSON_TYPE

    def read(self, operation: Operation) -> Any:
        """The value that was sent; `{}` for an empty body. Raises `Problem` 400, 413 or 415."""
        if not self.content and self.form is None:
            return {}
        if self.media_type not in operation.bodies:
            raise problems.unsupported_media_type(self.content_type)
        if isinstance(self.form, problems.Problem):
            raise self.form
        if self.form is not None:
            return self.form
        if self.media_type == FORM:
            return _read_form(self.content, charset_of(self.content_type), self.limits)
        return _read_json(self.content, self.limits, deep_fails="deep-json-fails" in operation.switches)


NO_BODY: Final = Body("", "", b"", Limits())


async def read_body(request: Request, limits: Limits) -> Body:
    """The body of a request.

    Raises `Disconnected` where it does not arrive whole, and `Problem` 413 where it is too large.
    """
    if not request.headers.announce_body:
        return NO_BODY
    content_type = request.header(b"content-type") or ""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == MULTIPART:
        return Body(content_type, media_type, b"", limits, await _read_multipart(request, content_type, limits))
    pieces, size = [], 0
    async for piece in request.stream(limits.body_bytes):
        size += len(piece)
        if size > limits.body_bytes:
            raise problems.body_too_large(limits.body_bytes)
        pieces.append(piece)
    return Body(content_type, media_type, b"".join(pieces), limits)


async def _read_multipart(request: Request, content_type: str, limits: Limits) -> Form | problems.Problem | None:
    """The form or what is wrong with it, None for an empty body. It arrives whole also where it cannot be read."""
    reader: MultipartReader | None = None
    problem: problems.Problem | None = None
    size = 0
    async for piece in request.stream(limits.upload_bytes):
        size += len(piece)
        if size > limits.upload_bytes:
            raise problems.body_too_large(limits.upload_bytes)
        if piece and problem is None:
            try:
                reader = reader or MultipartReader(content_type, limits)
                reader.feed(piece)
            except problems.Problem as found:
                problem = found
    try:
        return problem or (reader.close() if reader else None)
    except problems.Problem as found:
        return found


def _read_form(content: bytes, charset: str, limits: Limits) -> Mapping[str, str]:
    """The fields of a form by name, of several the last. Raises `Problem` 400 or 413."""
    if content.count(b"&") >= limits.fields:
        raise problems.too_large(f"The form has more than {limits.fields} fields.")
    must_be_charset(charset)
    try:
        try:
            text = content.decode(charset)
        except UnicodeDecodeError:
            text = content.decode("latin-1")
        return dict(parse_qsl(text, keep_blank_values=True, encoding=charset))
    except (LookupError, UnicodeError):
        raise problems.unknown_charset(charset) from None


def _read_json(content: bytes, limits: Limits, *, deep_fails: bool) -> Any:
    """`deep_fails`: nesting that is too deep is a server error. Raises `Problem` 400 or 500."""
    if is_deeper(content, limits.json_depth):
        too_deep = problems.parse_error(f"JSON parse error - More than {limits.json_depth} levels of nesting.")
        raise problems.server_error() if deep_fails else too_deep
    try:
        return _JSON.decode(content.decode(json.detect_encoding(content), "surrogatepass"))
    except ValueError as error:
        raise problems.parse_error(f"JSON parse error - {error}") from error


def is_deeper(content: bytes, most: int) -> bool:
    """Whether arrays and objects are nested more than `most` deep."""
    if content.count(b"[") + content.count(b"{") <= most:
        return False
    depth = 0
    for token in _BRACKETS.finditer(content):
        match token[0]:
            case b"[" | b"{":
                depth += 1
                if depth > most:
                    return True
            case b"]" | b"}":
                depth -= 1
    return False


def _no_constant(name: str) -> Any:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


def _number(text: str) -> Decimal:
    """A number with a fraction or an exponent. One that no decimal can hold becomes infinite, or zero, as a float."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(float(text))


_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
"""Text, whose brackets do not count, or a bracket."""
_JSON: Final = json.JSONDecoder(parse_float=_number, parse_constant=_no_constant)
