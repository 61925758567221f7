"""Settings are checked when they are made, with a message that names the setting and what it must be."""

from datetime import datetime
from typing import Any

import pytest

from waldur_billing_mock.mock_server.app import create_default_app

NAIVE = datetime.fromisoformat("2025-11-22")


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"now": "2025-11-22"},
            TypeError,
            "now is '2025-11-22', of the type str; it must be datetime.datetime | None.",
        ),
        (
            {"now": NAIVE},
            ValueError,
            "now is 2025-11-22T00:00:00, without a time zone; add tzinfo=UTC.",
        ),
        ({"port": "8080"}, TypeError, "port is '8080', of the type str; it must be int."),
        ({"port": True}, TypeError, "port is True, of the type bool; it must be int."),
        ({"port": 65536}, ValueError, "port is 65536; use a number from 0 to 65535."),
        ({"wire": 1}, TypeError, "wire is 1, of the type int; it must be bool."),
        ({"seed": 1.5}, TypeError, "seed is 1.5, of the type float; it must be int | None."),
        ({"world": "world.json"}, TypeError, "world is 'world.json', of the type str; it must be "),
        ({"log_format": "xml"}, TypeError, "log_format is 'xml', of the type str; it must be Literal['text', 'json']."),
        ({"allowed_hosts": "localhost"}, TypeError, "allowed_hosts is 'localhost', of the type str; it must be "),
    ],
)
def test_a_setting_of_the_wrong_kind_is_named(settings: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refusal:
        create_default_app(**settings)

    assert str(refusal.value).startswith(message)
