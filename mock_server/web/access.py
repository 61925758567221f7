"""Who is calling, and whether they may: the token scheme of Waldur (behaviour 1.2, 1.3)."""

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from waldur_billing_mock.mock_server.spec.validation import hex_uuid
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.short_cache import short_cache
from waldur_billing_mock.openapi.operation import Operation


class Caller(Protocol):
    """What access needs to know of a user."""

    @property
    def uuid(self) -> str: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def is_staff(self) -> bool: ...
    @property
    def is_support(self) -> bool: ...
    @property
    def token_expired(self) -> bool: ...


User = TypeVar("User", bound=Caller)


def authenticate(authorization: bytes | None, find: Callable[[str], User | None]) -> User:
    """The active user whose token is in the `Authorization` header. Raises `Problem` 401."""
    user = find(_token(authorization or b""))
    if user is None:
        raise problems.unauthorized("Invalid token.")
    if not user.is_active:
        raise problems.unauthorized("User inactive or deleted.")
    if user.token_expired:
        raise problems.unauthorized("Token has expired.")
    return user


def _read_token(authorization: bytes) -> str:
    """The token in a header. Raises `Problem` 401.

    `Bearer Token <key>` is what the TypeScript client sends where its security scheme is a bearer token.
    """
    keyword, *rest = authorization.split() or [b""]
    if keyword.lower() == b"bearer" and rest[:1] and rest[0].lower() == b"token":
        keyword, *rest = rest
    if keyword.lower() == b"bearer":
        raise problems.unauthorized("Invalid JWT token.")
    if keyword.lower() != b"token":
        raise problems.unauthorized()
    if not rest:
        raise problems.unauthorized("Invalid token. No credentials provided.")
    if len(rest) > 1:
        raise problems.unauthorized("Invalid token. Token string should not contain spaces.")
    try:
        return rest[0].decode()
    except UnicodeDecodeError:
        raise problems.unauthorized(
            "Invalid token header. Token string should not contain invalid characters."
        ) from None


_token: Final = short_cache(256, _read_token)


def impersonated(user: User, uuid: str, find: Callable[[str], User | None]) -> User | None:
    """The user that the caller is taken for (`X-Impersonated-User-Uuid`).

    None, where the caller is not staff or nobody has the uuid: Waldur ignores the header then, and the caller stays who
    it is.
    """
    if not user.is_staff:
        return None
    try:
        return find(hex_uuid(uuid))
    except ValueError:
        return None


def authorize(user: Caller, operation: Operation) -> None:
    """Lets staff into staff operations, staff and support into those of support, everybody into the others.

    Raises `Problem` 403, whatever the object is.
    """
    needed = operation.permission
    if (needed == "staff" and not user.is_staff) or (needed == "support" and not (user.is_staff or user.is_support)):
        raise problems.forbidden()
