"""Users and the roles that they hold, as the neighbours show them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.structure import Project, Role, User
from waldur_billing_mock.mock_server.billing.views import View
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.operations.support.common import by, derived_uuid, equals, has_text, slug
from waldur_billing_mock.mock_server.web.listing import Filter, Key


def registered(world: World, project: Project) -> datetime:
    """When the first resource of a project was made, as the world keeps no date of projects; else its customer's."""
    made = (resource.created for resource in world.resources.where(project_uuid=project.uuid))
    return min(made, default=world.customers.one(project.customer_uuid).created)


class UserView(View[User]):
    """A user as others see him, and as he sees himself."""

    native_name = job_title = organization = phone_number = ""
    registration_method = "default"
    identity_provider_fields: Sequence[str] = ()
    token_lifetime = None

    @property
    def slug(self) -> str:
        return slug(self.row.username)

    @property
    def first_name(self) -> str:
        return self.row.full_name.partition(" ")[0]

    @property
    def last_name(self) -> str:
        return self.row.full_name.partition(" ")[2]

    @property
    def date_joined(self) -> datetime:
        """The registration of the first customer, as the world keeps no date of users."""
        return min((customer.created for customer in self.world.customers), default=self.world.now)

    @property
    def agreement_date(self) -> datetime:
        return self.date_joined

    @property
    def permissions(self) -> "Sequence[Grant]":
        return [Grant(self.world, self, role) for role in self.row.roles]


@dataclass(frozen=True)
class Grant:
    """A role that a user holds on an object."""

    world: World
    user: UserView
    role: Role

    is_active = True
    expiration_time = None

    @property
    def uuid(self) -> str:
        return derived_uuid("grant", f"{self.user.row.uuid}:{self.role.name}:{self.role.scope_uuid}")

    @property
    def created(self) -> datetime:
        """When the object was registered, as the world keeps no date of roles."""
        match self.role.scope_type:
            case "customer":
                return self.world.customers.one(self.role.scope_uuid).created
            case "project":
                return registered(self.world, self.world.projects.one(self.role.scope_uuid))
            case "offering":
                return self.world.customers.one(self.customer_uuid).created

    @property
    def project_uuid(self) -> str | None:
        return self.role.scope_uuid if self.role.scope_type == "project" else None

    @property
    def role_name(self) -> str:
        return self.role.name

    @property
    def role_uuid(self) -> str:
        return derived_uuid("role", self.role.name)

    @property
    def scope_type(self) -> str:
        return self.role.scope_type

    @property
    def scope_uuid(self) -> str:
        return self.role.scope_uuid

    @property
    def scope_name(self) -> str:
        match self.role.scope_type:
            case "customer":
                return self.world.customers.one(self.role.scope_uuid).name
            case "project":
                return self.world.projects.one(self.role.scope_uuid).name
            case "offering":
                return self.world.offerings.one(self.role.scope_uuid).name

    @property
    def customer_uuid(self) -> str:
        """The organization in which the role counts."""
        match self.role.scope_type:
            case "customer":
                return self.role.scope_uuid
            case "project":
                return self.world.projects.one(self.role.scope_uuid).customer_uuid
            case "offering":
                return self.world.offerings.one(self.role.scope_uuid).customer_uuid

    @property
    def customer_name(self) -> str:
        return self.world.customers.one(self.customer_uuid).name

    @property
    def user_uuid(self) -> str:
        return self.user.row.uuid

    @property
    def user_username(self) -> str:
        return self.user.row.username

    @property
    def user_name(self) -> str:
        return self.user.row.full_name

    @property
    def user_full_name(self) -> str:
        return self.user.row.full_name

    @property
    def user_email(self) -> str:
        return self.user.row.email


@dataclass(frozen=True)
class OfferingPermission(Grant):
    """A role on an offering, under the names of an older contract."""

    created_by = None
    user_native_name = ""

    @property
    def pk(self) -> int:
        """Follows from the identifier, as grants are no rows."""
        return int(self.uuid[:7], 16)

    @property
    def number(self) -> str:
        return str(self.pk)

    @property
    def offering_uuid(self) -> str:
        return self.scope_uuid

    @property
    def offering_name(self) -> str:
        return self.scope_name

    @property
    def offering_slug(self) -> str:
        return slug(self.scope_name)


USER_ORDERS: Final[Mapping[str, Key[Any]]] = {
    **by("username", "full_name", "email", "role_name"),
    "concatenated_name": lambda user: f"{user.full_name} {user.username}",
}
GRANT_FILTERS: Final[Mapping[str, Filter[Grant]]] = {
    "username": has_text(lambda grant: grant.user_username),
    "full_name": has_text(lambda grant: grant.user_full_name),
    "role": equals(lambda grant: grant.role_name),
}


def grants_on(world: World, scope_type: str, scope_uuid: str) -> Iterator[Grant]:
    """Every role that an active user holds on the object."""
    for user in world.users:
        for grant in UserView(world, user).permissions if user.is_active else ():
            if (grant.scope_type, grant.scope_uuid) == (scope_type, scope_uuid):
                yield grant
