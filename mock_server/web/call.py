"""One call of an operation. Its query and body are validated when the operation first asks for them.

The order in which errors are found is thereby the operation's own: what it looks up first is refused first (404 before
400, a wrong state before a wrong body; behaviour 1.3).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

from waldur_billing_mock.mock_server.spec.fields import Fields
from waldur_billing_mock.mock_server.spec.validation import ValidationError, python_type
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.access import User
from waldur_billing_mock.mock_server.web.body import Body
from waldur_billing_mock.mock_server.web.request import Request
from waldur_billing_mock.mock_server.web.routing import Links
from waldur_billing_mock.openapi.operation import Operation

World = TypeVar("World")
"""What operations work on."""


class BodyNeeded(Exception):
    """Raised when an operation needs a body that has not been read yet.

    The request is then answered from its beginning, with the body: an operation must ask before it changes anything.
    """


class Call(Generic[World, User]):
    """What an operation gets: the world, the caller, and what was sent. `body` is None until it has been read."""

    def __init__(
        self,
        *,
        world: World,
        user: User | None,
        path: Mapping[str, str],
        validate: Callable[[bytes], Mapping[str, Any]],
        extensions: Mapping[str, Mapping[str, Any]],
        fields: Fields | None,
        body: Body | None,
        request: Request,
        links: Links,
        operation: Operation,
    ) -> None:
        self.world: Final = world
        self._user: Final = user
        self.path: Final = path
        self.links: Final = links
        self.base: Final = request.base
        self._sent: Final = request.query_string
        self._validate: Final = validate
        self._extensions: Final = extensions
        self._fields: Final = fields
        self._body: Final = body
        self._operation: Final = operation

    @property
    def user(self) -> User:
        """Who calls."""
        assert self._user is not None, "an operation for everybody does not ask who calls"
        return self._user

    def has(self, switch: str) -> bool:
        """Whether the dialect has switched something on that only code can do (`x-waldur-switches`)."""
        return switch in self._operation.switches

    @property
    def query(self) -> Mapping[str, Any]:
        """The query parameters that were sent or have a default. Raises `Problem` 400 with all errors."""
        try:
            return self._validate(self._sent)
        except ValidationError as error:
            raise problems.invalid_query(error.errors, self._extensions) from error

    @property
    def body_is_empty(self) -> bool:
        """Whether nothing was said: no body, `{}`, `[]`, `null`. Raises `Problem` for a body that cannot be read."""
        return not self.body.read(self._operation)

    def fields(self, only: frozenset[str] | None = None) -> Mapping[str, Any]:
        """The fields of the body that were sent; `only` leaves others unread. Raises `Problem` 400 with all errors."""
        assert self._fields is not None, "the operation describes a body"
        body = self.body
        value = body.read(self._operation)
        if not isinstance(value, dict):
            raise problems.not_an_object(python_type(value))
        try:
            return self._fields.validate(value, form=body.is_form, only=only)
        except ValidationError as error:
            raise problems.invalid_fields(error.errors) from error

    @property
    def body(self) -> Body:
        """The body as it arrived. Raises `BodyNeeded`."""
        if self._body is None:
            raise BodyNeeded
        return self._body
