"""One call of an operation. Its query and body are validated when the operation first asks for them.

The order in which errors are found is thereby the operation's own: what it looks up first is refused first (404 before
400, a wrong state before a wrong body; behaviour 1.3).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Rules:
    """What the description says of an operation, compiled once: how its query and the fields of its body are validated.

    `extensions` are those of the query parameters by name.
    """

    operation: Operation
    validate: Callable[[bytes], Mapping[str, Any]]
    extensions: Mapping[str, Mapping[str, Any]]
    fields: Fields | None
    links: Links


class Call(Generic[World, User]):
    """What an operation gets: the world, the caller, and what was sent. `body` is None until it has been read."""

    __slots__ = ("_body", "_query", "_rules", "_sent", "_user", "base", "path", "world")

    def __init__(
        self,
        rules: Rules,
        world: World,
        user: User | None,
        path: Mapping[str, str],
        request: Request,
        body: Body | None,
    ) -> None:
        self.world: Final = world
        self.path: Final = path
        self.base: Final = request.base
        self._rules: Final = rules
        self._user: Final = user
        self._sent: Final = request.query_string
        self._query: Mapping[str, Any] | None = None
        self._body: Final = body

    @property
    def links(self) -> Links:
        """Resolves the links in bodies and parameters."""
        return self._rules.links

    @property
    def user(self) -> User:
        """Who calls."""
        assert self._user is not None, "an operation for everybody does not ask who calls"
        return self._user

    def has(self, switch: str) -> bool:
        """Whether the dialect has switched something on that only code can do (`x-waldur-switches`)."""
        return switch in self._rules.operation.switches

    @property
    def query(self) -> Mapping[str, Any]:
        """The query parameters that were sent or have a default. Raises `Problem` 400 with all errors."""
        query = self._query
        if query is None:
            try:
                query = self._query = self._rules.validate(self._sent)
            except ValidationError as error:
                raise problems.invalid_query(error.errors, self._rules.extensions) from error
        return query

    @property
    def body_is_empty(self) -> bool:
        """Whether nothing was said: no body, `{}`, `[]`, `null`. Raises `Problem` for a body that cannot be read."""
        return not self.body.read(self._rules.operation)

    def fields(self, only: frozenset[str] | None = None) -> Mapping[str, Any]:
        """The fields of the body that were sent; `only` leaves others unread. Raises `Problem` 400 with all errors."""
        assert self._rules.fields is not None, "the operation describes a body"
        body = self.body
        value = body.read(self._rules.operation)
        if not isinstance(value, dict):
            raise problems.not_an_object(python_type(value))
        try:
            return self._rules.fields.validate(value, form=body.is_form, only=only)
        except ValidationError as error:
            raise problems.invalid_fields(error.errors) from error

    @property
    def body(self) -> Body:
        """The body as it arrived. Raises `BodyNeeded`."""
        if self._body is None:
            raise BodyNeeded
        return self._body
