"""The server itself: its settings, its release, its health, its pictures; and what it counts for nobody."""

from collections.abc import Mapping, Sequence
from typing import Final

from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.web.listing import Listing

_CONFIGURATION: Final[Mapping[str, object]] = {
    "LANGUAGES": [["en", "English"]],
    "LANGUAGE_CODE": "en",
    "FEATURES": {},
    "WALDUR_CORE": {
        "LANGUAGE_CHOICES": "en",
        "CURRENCY_NAME": "EUR ",
        "SITE_NAME": "Waldur billing mock",
        "SHORT_PAGE_TITLE": "Waldur",
        "FULL_PAGE_TITLE": "Waldur billing mock",
        "AUTHENTICATION_METHODS": ["LOCAL_SIGNIN"],
        "USER_MANDATORY_FIELDS": [],
    },
    "WALDUR_SUPPORT": {"ENABLED": False},
    "USER_MANDATORY_FIELDS": [],
}
_PICTURE: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    b'<rect width="32" height="32" rx="6" fill="#307300"/>'
    b'<path d="M6 9l5 14 5-11 5 11 5-14" fill="none" stroke="#fff" stroke-width="3"/></svg>'
)


def configuration_retrieve(call: Call) -> Mapping[str, object]:
    """What a front end must know before anybody has logged in."""
    return _CONFIGURATION


def health_check_retrieve(call: Call) -> Mapping[str, str]:
    """The world is in memory, so it works."""
    return {"World": "working"}


def icons_retrieve(call: Call) -> bytes:
    """The same picture for every name."""
    return _PICTURE


def admin_announcements_list(call: Call) -> Listing[object]:
    """Nothing is announced."""
    return _nothing()


def marketplace_orders_list(call: Call) -> Listing[object]:
    """Nothing is ordered."""
    return _nothing()


def marketplace_category_groups_list(call: Call) -> Listing[object]:
    """Categories are in no group."""
    return _nothing()


def marketplace_checklists_list(call: Call) -> Listing[object]:
    """Nobody is asked questions."""
    return _nothing()


def marketplace_project_update_requests_list(call: Call) -> Listing[object]:
    """Nobody wishes to change a project."""
    return _nothing()


def identity_providers_list(call: Call) -> Listing[object]:
    """No identity provider but Waldur itself."""
    return _nothing()


def _nothing() -> Listing[object]:
    rows: Sequence[object] = ()
    return Listing(rows)
