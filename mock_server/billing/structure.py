"""Who takes part: customers, their projects, users and the roles that tie them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias

from waldur_billing_mock.mock_server.billing.countries import country_name
from waldur_billing_mock.mock_server.tables import ForeignKey, Options, row_class

Json: TypeAlias = "str | int | bool | Decimal | Sequence[Json] | Mapping[str, Json] | None"
ScopeType = Literal["customer", "project", "offering"]


@row_class(frozen=True, slots=True, kw_only=True)
class Customer:
    """The organization that is billed. Texts that are not set are empty."""

    id: int
    uuid: str
    name: str
    created: datetime
    address: str = ""
    country: str = ""
    email: str = ""
    postal: str = ""
    phone_number: str = ""
    bank_name: str = ""
    bank_account: str = ""
    vat_code: str = ""
    default_tax_percent: Decimal = Decimal(0)
    accounting_start_date: datetime | None = None
    archived: bool = False

    @property
    def country_name(self) -> str | None:
        """The English name of the country; None when the code is empty or unknown."""
        return country_name(self.country)

    def accounting_is_running(self, now: datetime) -> bool:
        """Whether accounting has started; without a date it always has."""
        return self.accounting_start_date is None or self.accounting_start_date <= now


@row_class(frozen=True, slots=True, kw_only=True)
class Project:
    """A workspace of a customer, in which resources live."""

    id: int
    uuid: str
    name: str
    customer_uuid: Annotated[str, ForeignKey(Customer)]


@row_class(frozen=True, slots=True, kw_only=True)
class Role:
    """What a user may do somewhere: a name such as `CUSTOMER.OWNER`, and where it counts."""

    name: str
    scope_type: ScopeType
    scope_uuid: str


@row_class(frozen=True, slots=True, kw_only=True)
class User:
    """Someone who calls the API with a token of 40 hexadecimal digits."""

    id: int
    uuid: str
    username: str
    token: str = field(repr=False)
    full_name: str = ""
    email: str = ""
    token_expired: bool = False
    is_staff: bool = False
    is_support: bool = False
    is_active: bool = True
    roles: tuple[Role, ...] = ()

    table: ClassVar[Options] = Options(unique=(("username",), ("token",)))

    def scopes(self, scope_type: ScopeType, *names: str) -> frozenset[str]:
        """The uuids of one type of scope on which the user has a role; with names, one of these roles."""
        return frozenset(
            role.scope_uuid
            for role in self.roles
            if role.scope_type == scope_type and (not names or role.name in names)
        )


def issuer_as_customer(configuration: Mapping[str, Json]) -> Mapping[str, Json]:
    """The issuer's configuration (company, phone, bank, account, ...) in the fields of a customer."""
    phone = configuration.get("phone")
    number = f"+{phone['country_code']} {phone['national_number']}" if isinstance(phone, Mapping) else ""
    code = configuration.get("country_code", "")
    return {
        "name": configuration.get("company", ""),
        "address": configuration.get("address", ""),
        "country": code,
        "country_name": country_name(str(code)),
        "email": configuration.get("email", ""),
        "postal": configuration.get("postal", ""),
        "phone_number": number,
        "bank_name": configuration.get("bank", ""),
        "bank_account": configuration.get("account", ""),
        "vat_code": configuration.get("vat_code", ""),
    }
