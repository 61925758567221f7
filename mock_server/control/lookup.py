"""Which operation a request asks for, and who asks: found once for each request, and only where somebody needs it."""

from collections.abc import Callable
from typing import Final

from starlette.types import Scope

from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.web import access, problems
from waldur_billing_mock.mock_server.web.request import headers_by_name
from waldur_billing_mock.mock_server.web.routing import Match, Routes

ANONYMOUS: Final = "anonymous"

_USER: Final = "waldur.user"


class Lookup:
    """Reads the path and the token of a request; what was found stays in its scope.

    `find_user` finds the user of a token in the world that the request asks.
    """

    def __init__(self, routes: Routes, find_user: Callable[[Scope, str], User | None]) -> None:
        self._routes: Final = routes
        self._find_user: Final = find_user
        self.operation_ids: Final = routes.operation_ids

    def match(self, scope: Scope) -> Match | None:
        """The route of the path; None for a path that the API does not have."""
        try:
            return self._routes.resolve(scope)
        except problems.Problem:
            return None

    def operation(self, scope: Scope) -> str | None:
        """The operationId that answers; None where there is none."""
        match = self.match(scope)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = match.route.operations.get(method) if match is not None else None
        return operation.operation_id if operation is not None else None

    def user(self, scope: Scope) -> User | None:
        """Whose token was sent; None for a call without one, or with one that is not accepted."""
        if _USER not in scope:
            header = headers_by_name(scope).get(b"authorization")
            try:
                scope[_USER] = access.authenticate(header, lambda token: self._find_user(scope, token))
            except problems.Problem:
                scope[_USER] = None
        found: User | None = scope[_USER]
        return found


def role_of(user: User) -> str:
    """The role of a user in one word: `staff`, `support`, or that of the first scope, such as `CUSTOMER.OWNER`."""
    if user.is_staff:
        return "staff"
    if user.is_support:
        return "support"
    return user.roles[0].name if user.roles else "none"


def roles_of(user: User | None) -> frozenset[str]:
    """The names by which a fault rule finds a caller, in lower case: username, `staff`, `customer.owner` and so on."""
    if user is None:
        return frozenset({ANONYMOUS})
    flags = {name for name, held in (("staff", user.is_staff), ("support", user.is_support)) if held}
    return frozenset(name.lower() for name in {user.username, *flags, *(role.name for role in user.roles)})
