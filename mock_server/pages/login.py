"""Logins with the admin token, and the tokens of forms. Nothing is stored: both are signed with a key of the process.

A login is a cookie that scripts cannot read and that other sites cannot have sent. It never holds the admin token.
"""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers

COOKIE: Final = "waldur_mock_login"
LIFETIME: Final = timedelta(hours=12)


class Logins:
    """`key` signs, `now` tells the time of day (aware)."""

    def __init__(self, key: bytes, now: Callable[[], datetime]) -> None:
        self._key: Final = key
        self._now: Final = now

    def new(self) -> str:
        """The value of a cookie that is a login from now on."""
        ends = int((self._now() + LIFETIME).timestamp())
        return f"{ends}.{self._sign(f'login {ends}')}"

    def is_valid(self, value: str) -> bool:
        """Whether the value of a cookie is a login that has not ended yet."""
        ends, _, signature = value.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(f"login {ends}").encode()):
            return False
        return int(ends) > self._now().timestamp()

    def form_token(self, login: str) -> str:
        """What forms of a page have to send back. It belongs to the login, or to nobody's (an empty text)."""
        return self._sign(f"form {login}")

    def is_form_token(self, token: str, login: str) -> bool:
        return hmac.compare_digest(token.encode(), self.form_token(login).encode())

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), sha256).hexdigest()


def login_of(headers: Headers) -> str:
    """The value of the cookie; an empty text without one."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""
