"""Reports of deployments show no data unless they are asked to: neither in values nor in the command line."""

import shlex
from typing import Final

import pytest

from waldur_billing_mock.contracts.exchange import Answer, Exchange, Request
from waldur_billing_mock.contracts.reports.mask import Mask, curl

WORDS: Final = frozenset({"state", "paid", "customer_name"})
UUID: Final = "a1b2c3d4e5f67890abcdef1234567890"
ASKED: Final = Exchange(
    Request(
        "POST",
        f"/api/invoices/?customer_name=Baltic+Sea+Observatory&state=paid&customer_uuid={UUID}&page=2",
        (("Content-Type", "application/json"), ("Cookie", "session=secret")),
        b'{"reference_number": "RF18 5390 0754 7034"}',
    ),
    Answer(200, {}, b"{}", 0.1),
    "owner",
    "/paths",
)


def test_a_command_line_has_no_data_of_a_deployment() -> None:
    command = curl(ASKED, "https://waldur.example.com", Mask(False, WORDS))

    words = shlex.split(command.partition("  # ")[0])
    assert words == [
        *("curl", "-i", "-X", "POST", "-H", "Authorization: Token $TOKEN", "-H", "Content-Type: application/json"),
        *("--data-raw", '{"reference_number": "…"}'),
        f"https://waldur.example.com/api/invoices/?customer_name=…&state=paid&customer_uuid={UUID}&page=2",
    ]


def test_a_command_line_can_be_run_again_where_data_may_be_shown() -> None:
    command = curl(ASKED, "https://waldur.example.com", Mask(True, WORDS))

    assert "Baltic+Sea+Observatory" in command
    assert "RF18 5390 0754 7034" in command
    assert "secret" not in command


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Baltic Sea Observatory", "text of 22 characters"),
        ("paid", "paid"),
        (UUID, "a uuid of 32 digits"),
        ({"state": "paid", "Baltic Sea": 1}, "{state: paid, …: 1}"),
        (123_456_789, "a large integer"),
    ],
)
def test_a_value_of_a_deployment_is_shown_by_its_shape(value: object, shown: str) -> None:
    assert Mask(False, WORDS).text(value) == shown
    assert Mask(True, WORDS).text("Baltic Sea Observatory") == "Baltic Sea Observatory"


def test_two_texts_of_one_length_are_said_to_differ() -> None:
    """They have the same shape, `text of 13 characters`."""
    mask = Mask(False, WORDS)

    assert mask.text("RF18 53900754") == mask.text("RF18 53900755")
    assert mask.hint("RF18 53900754", "RF18 53900755") == "they differ from character 13 on"
