"""Takes a request in: query and body, judged along the description when the operation first asks for them.

The order in which faults are found is thereby the operation's own: what it looks up first is refused first (404 before
400, a wrong state before a wrong body; behaviour 1.3).
"""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Generic
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser

from waldur_billing_mock.mock_server.spec.fields import Fields
from waldur_billing_mock.mock_server.spec.validation import Invalid, python_type
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.access import User
from waldur_billing_mock.mock_server.web.request import Request
from waldur_billing_mock.mock_server.web.routing import Links

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file."""

    filename: str
    content: bytes


@dataclass(frozen=True)
class Body:
    """A body as it was sent: what was read of it, or the problem that reading it met."""

    value: Any = None
    problem: problems.Problem | None = None
    is_form: bool = False

    def read(self) -> Any:
        """The value that was sent; `{}` for an empty body. Raises `Problem` 400 or 415."""
        if self.problem is not None:
            raise self.problem
        return self.value


_NOTHING: Final = Body({})


class Intake(Generic[User]):
    """One request to one operation."""

    def __init__(
        self,
        *,
        user: User,
        path: Mapping[str, str],
        judge: Callable[[bytes], Mapping[str, Any]],
        extensions: Mapping[str, Mapping[str, Any]],
        fields: Fields | None,
        body: Body,
        request: Request,
        links: Links,
        switches: frozenset[str],
    ) -> None:
        self.user: Final = user
        self.path: Final = path
        self.links: Final = links
        self.switches: Final = switches
        self.base: Final = request.base
        self._sent: Final = request.query_string
        self._judge: Final = judge
        self._extensions: Final = extensions
        self._fields: Final = fields
        self._body: Final = body

    @property
    def query(self) -> Mapping[str, Any]:
        """The query parameters that were sent or have a default. Raises `Problem` 400 with all faults."""
        try:
            return self._judge(self._sent)
        except Invalid as invalid:
            raise problems.invalid_query(invalid.faults, self._extensions) from invalid

    @property
    def body_is_empty(self) -> bool:
        """Whether nothing was said: no body, `{}`, `[]`, `null`. Raises `Problem` for a body that cannot be read."""
        return not self._body.read()

    def fields(self, only: frozenset[str] | None = None) -> Mapping[str, Any]:
        """The fields of the body that were sent; `only` leaves others unread. Raises `Problem` 400 with all faults."""
        assert self._fields is not None, "the operation describes a body"
        value = self._body.read()
        if not isinstance(value, dict):
            raise problems.not_an_object(python_type(value))
        try:
            return self._fields.judge(value, form=self._body.is_form, only=only)
        except Invalid as invalid:
            raise problems.invalid_fields(invalid.faults) from invalid


async def read_body(request: Request, accepted: Mapping[str, Any], *, deep_fails: bool) -> Body:
    """The body of a request whose operation accepts these media types. `deep_fails`: deep nesting is a server error."""
    if not accepted and not request.has_body:
        return _NOTHING
    content = await request.body()
    header = request.header(b"content-type") or ""
    media_type = header.partition(";")[0].strip().lower()
    if not content:
        return Body({}, is_form=media_type in (FORM, MULTIPART))
    if media_type not in accepted:
        return Body(problem=problems.unsupported_media_type(header))
    if media_type == FORM:
        pairs = parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)
        return Body(dict(pairs), is_form=True)
    if media_type == MULTIPART:
        return await _read_multipart(header, content)
    return _read_json(content, deep_fails)


async def _read_multipart(header: str, content: bytes) -> Body:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield content
        yield b""

    if "boundary=" not in header:
        return Body(problem=problems.parse_error("Multipart form parse error - Invalid boundary in multipart: None"))
    values: dict[str, Any] = {}
    try:
        form = await MultiPartParser(Headers({"content-type": header}), stream()).parse()
    except MultiPartException:
        # Django's parser takes what it can from a broken form, which is nothing.
        return Body({}, is_form=True)
    for name, value in form.multi_items():
        values[name] = value if isinstance(value, str) else File(value.filename or "", await value.read())
    await form.close()
    return Body(values, is_form=True)


def _read_json(content: bytes, deep_fails: bool) -> Body:
    try:
        return Body(_JSON.decode(content.decode(json.detect_encoding(content), "surrogatepass")))
    except RecursionError:
        deep = problems.parse_error("JSON parse error - The body is nested too deep.")
        return Body(problem=problems.server_error() if deep_fails else deep)
    except ValueError as error:
        return Body(problem=problems.parse_error(f"JSON parse error - {error}"))


def _no_constant(name: str) -> Any:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


_JSON: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
