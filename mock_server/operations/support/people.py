"""Logging in, users, roles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.visibility import sees_everything
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.operations.support.common import (
    by,
    derived_uuid,
    equals,
    has_text,
    path_uuid,
    shown,
)
from waldur_billing_mock.mock_server.operations.support.users import GRANT_FILTERS, USER_ORDERS, Grant, UserView
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.listing import Filter, Listing

_SEES_PROJECTS: Final = ("RESOURCE.LIST", "ORDER.LIST")
_SEES_CUSTOMERS: Final = (*_SEES_PROJECTS, "PROJECT.LIST", "CUSTOMER.LIST_USERS", "INVITATION.LIST")
_SELLS: Final = ("SERVICE_PROVIDER.GET_STATISTICS", "SERVICE_PROVIDER.GET_REVENUE", "SERVICE_PROVIDER.LIST_CUSTOMERS")
_ROLES: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "CUSTOMER.OWNER": ("customer", "Organization owner", (*_SEES_CUSTOMERS, *_SELLS)),
    "CUSTOMER.MANAGER": ("customer", "Service provider manager", (*_SEES_CUSTOMERS, *_SELLS)),
    "CUSTOMER.SUPPORT": ("customer", "Customer support", _SEES_CUSTOMERS),
    "PROJECT.ADMIN": ("project", "Project administrator", _SEES_PROJECTS),
    "PROJECT.MANAGER": ("project", "Project manager", _SEES_PROJECTS),
    "PROJECT.MEMBER": ("project", "Project member", _SEES_PROJECTS),
    "OFFERING.MANAGER": ("offering", "Offering manager", ()),
}
"""What a user may be, by the name of the role: the kind of object, words for people, and what the role lets see."""


@dataclass(frozen=True, slots=True)
class RoleDetails:
    """A role as people give it to others."""

    name: str
    content_type: str
    description: str
    permissions: Sequence[str]
    users_count: int
    is_system_role: bool = True
    is_active: bool = True

    @property
    def uuid(self) -> str:
        return derived_uuid("role", self.name)


_FILTERS: Final[Mapping[str, Filter[UserView]]] = {
    "username": has_text(lambda user: user.row.username),
    "full_name": has_text(lambda user: user.row.full_name),
    "email": has_text(lambda user: user.row.email),
    "query": has_text(lambda user: f"{user.full_name} {user.username} {user.email}"),
    "is_active": equals(lambda user: user.is_active),
    "is_staff": equals(lambda user: user.is_staff),
    "is_support": equals(lambda user: user.is_support),
    "customer_uuid": lambda user, uuid: any(grant.customer_uuid == uuid for grant in user.permissions),
    "project_uuid": lambda user, uuid: any(grant.scope_uuid == uuid for grant in user.permissions),
}

_PERMISSION_FILTERS: Final[Mapping[str, Filter[Grant]]] = {
    **GRANT_FILTERS,
    "user": equals(lambda grant: grant.user_uuid),
    "role_name": has_text(lambda grant: grant.role_name),
    "role_uuid": equals(lambda grant: grant.role_uuid),
    "scope_type": equals(lambda grant: grant.scope_type),
    "scope_uuid": equals(lambda grant: grant.scope_uuid),
    "scope_name": has_text(lambda grant: grant.scope_name),
    "customer_uuid": equals(lambda grant: grant.customer_uuid),
    "is_active": equals(lambda grant: grant.is_active),
}


def api_auth_password(call: Call) -> Mapping[str, str]:
    """The token of the user. Raises `Problem` 401, in the order in which Waldur asks: password, then state."""
    sent = call.fields()
    found = call.world.users.first(username=sent["username"])
    if found is None or sent["password"] != found.username:
        raise problems.unauthorized("Invalid username/password.")
    if not found.is_active:
        raise problems.unauthorized("User account is disabled.")
    return {"token": found.token}


def users_me_retrieve(call: Call) -> UserView:
    """The user of the token."""
    return UserView(call.world, call.user)


def users_list(call: Call) -> Listing[UserView]:
    """The users that the caller may see, in the order in which they came."""
    rows = [UserView(call.world, user) for user in call.world.users if _can_see_user(call, user)]
    return Listing(rows, _FILTERS, USER_ORDERS)


def users_retrieve(call: Call) -> UserView:
    """The user. Raises `NotFound`."""
    found = call.world.users.get(path_uuid(call))
    user = shown(found, found is not None and _can_see_user(call, found), "User")
    return UserView(call.world, user)


def user_permissions_list(call: Call) -> Listing[Grant]:
    """The roles of the users that the caller may see, on objects of the caller's organizations and of their own."""
    own = None if sees_everything(call.user) else _organizations(call.world, call.user)
    rows = [
        grant
        for user in call.world.users
        for grant in UserView(call.world, user).permissions
        if own is None or user.uuid == call.user.uuid or grant.customer_uuid in own
    ]
    return Listing(rows, _PERMISSION_FILTERS, by("created", "username", "full_name", "email", "role"))


def roles_list(call: Call) -> Listing[RoleDetails]:
    """What somebody may be."""
    return Listing(_roles(call.world), {"name": has_text(lambda role: role.name)}, by("name"))


def roles_retrieve(call: Call) -> RoleDetails:
    """The role. Raises `NotFound`."""
    uuid = path_uuid(call)
    return shown(next((role for role in _roles(call.world) if role.uuid == uuid), None), True, "Role")


def _roles(world: World) -> list[RoleDetails]:
    held = [role.name for user in world.users for role in user.roles]
    return [RoleDetails(name, kind, words, may, held.count(name)) for name, (kind, words, may) in _ROLES.items()]


def _can_see_user(call: Call, user: User) -> bool:
    """Staff and support see all; others those who have a role in an organization of theirs, and themselves."""
    if sees_everything(call.user) or user.uuid == call.user.uuid:
        return True
    return not _organizations(call.world, call.user).isdisjoint(_organizations(call.world, user))


def _organizations(world: World, user: User) -> frozenset[str]:
    return frozenset(grant.customer_uuid for grant in UserView(world, user).permissions)
