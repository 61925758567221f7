"""What customers and users say about themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.billing.builders import NOW, Builder
from waldur_billing_mock.mock_server.billing.structure import Role
from waldur_billing_mock.mock_server.billing.tokens import tokens_of


@pytest.mark.parametrize(("ahead", "running"), [(-1, True), (0, True), (1, False)])
def test_accounting_runs_from_its_start(build: Builder, ahead: int, running: bool) -> None:
    customer = replace(build.customer, accounting_start_date=NOW + timedelta(seconds=ahead))

    assert customer.accounting_is_running(NOW) is running


def test_accounting_runs_without_a_start(build: Builder) -> None:
    assert build.customer.accounting_is_running(NOW)


@pytest.mark.parametrize(
    ("code", "name"), [("EE", "Estonia"), ("AW", "Aruba"), ("KE", "Kenya"), ("", None), ("XX", None), ("ee", None)]
)
def test_only_known_countries_have_a_name(build: Builder, code: str, name: str | None) -> None:
    assert replace(build.customer, country=code).country_name == name


def test_scopes_are_told_by_type_and_by_role(build: Builder) -> None:
    user = replace(
        build.add_user("both"),
        roles=(
            Role(name="CUSTOMER.OWNER", scope_type="customer", scope_uuid="a"),
            Role(name="CUSTOMER.SUPPORT", scope_type="customer", scope_uuid="b"),
            Role(name="PROJECT.ADMIN", scope_type="project", scope_uuid="c"),
        ),
    )

    assert user.scopes("customer") == {"a", "b"}
    assert user.scopes("customer", "CUSTOMER.OWNER") == {"a"}
    assert user.scopes("offering") == frozenset()


def test_the_tokens_are_those_of_the_users_there_are(build: Builder) -> None:
    """Also after a user changes, and in a fork of the world."""
    world, user = build.world, build.add_user("first")
    assert tokens_of(world) == {user.token}

    fork = world.fork()
    fork.put(replace(user, token="changed"))
    other = build.add_user("second")

    assert tokens_of(fork) == {"changed"}
    assert tokens_of(world) == {user.token, other.token}
    world.remove(user)
    assert tokens_of(world) == {other.token}
