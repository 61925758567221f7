"""Who may use the addresses under `/_mock/`, which show all tokens and change everything.

Browsers are kept from acting for another site: by the Host header (DNS rebinding), by `Sec-Fetch-Site` and `Origin`
(cross-site writes), and by headers that forbid frames, scripts from elsewhere and copies.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waldur_billing_mock.mock_server.pages.login import Logins, login_of

LOGIN: Final = "/_mock/login"

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})
_HEALTH: Final = "/_mock/health"
"""Shows nothing of the world, and is asked by who cannot know a token."""
_STATIC: Final = "/_mock/static/"
"""Style and scripts, which the login page needs too."""

_SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With no-referrer, browsers would send the Origin `null` with the forms of these pages.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """ASGI middleware.

    With an `admin_token` everybody has to send it, or the cookie of a login; without one, only callers on this machine
    are let in. Browsers that ask for a page are led to the login. The names in `allowed_hosts` are allowed in the Host
    header, besides addresses and `localhost`; None allows all.
    """

    def __init__(
        self, app: ASGIApp, *, logins: Logins, admin_token: str | None, allowed_hosts: tuple[str, ...] | None
    ) -> None:
        self._app: Final = app
        self._logins: Final = logins
        self._admin_token: Final = admin_token
        self._allowed_hosts: Final = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_allowed(host):
            return _refuse(
                400, f"The host {host!r} is not allowed here; start the mock with --allowed-host {_name(host)}."
            )
        if scope["method"] not in _SAFE_METHODS and _is_cross_site(headers, host):
            return _refuse(403, "A page of another site must not change anything here.")
        is_open = scope["path"] == _HEALTH or scope["path"].startswith(_STATIC)
        if (is_open and scope["method"] in _SAFE_METHODS) or scope["path"] == LOGIN:
            return None
        return self._unauthorized(scope, headers)

    def _is_allowed(self, host: str) -> bool:
        if self._allowed_hosts is None:
            return True
        name = _name(host)
        return name == "localhost" or name.endswith(".localhost") or _is_address(name) or name in self._allowed_hosts

    def _unauthorized(self, scope: Scope, headers: Headers) -> Response | None:
        if self._admin_token is None:
            if _is_local(scope.get("client")):
                return None
            return _refuse(403, "From another machine this needs an admin token, and the mock was started without one.")
        if hmac.compare_digest(_sent_token(headers.get("authorization", "")).encode(), self._admin_token.encode()):
            return None
        if self._logins.is_valid(login_of(headers)):
            return _refuse_write(headers) if scope["method"] not in _SAFE_METHODS else None
        if scope["method"] in _SAFE_METHODS and "text/html" in headers.get("accept", ""):
            return RedirectResponse(f"{LOGIN}?{urlencode({'next': scope['path']})}", 303)
        return _refuse(
            401,
            "This needs the admin token, which the mock prints when it starts: as a bearer token, or as the password "
            "that a browser asks for.",
            {"WWW-Authenticate": 'Basic realm="Waldur billing mock", charset="UTF-8"'},
        )


def _refuse(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, headers)


def _refuse_write(headers: Headers) -> JSONResponse | None:
    """A browser adds its cookie by itself, so it has to say which site wants to write; every browser of today does."""
    if "origin" in headers or "sec-fetch-site" in headers:
        return None
    return _refuse(403, "A write with the cookie of a login needs the header Origin; programs send the admin token.")


def _is_cross_site(headers: Headers, host: str) -> bool:
    """Whether a browser says that another site than this has made the request."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in _OWN_SITE:
        return True
    return origin is not None and _netloc(origin) != host.lower()


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name(host: str) -> str:
    """The host without its port and brackets."""
    name, bracket, _ = host.lower().removeprefix("[").partition("]")
    return name if bracket else host.lower().partition(":")[0].removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_local(client: tuple[str, int] | None) -> bool:
    """Whether the caller is on this machine; a call within the process has no address."""
    return client is None or (_is_address(client[0]) and ip_address(client[0]).is_loopback)


def _sent_token(authorization: str) -> str:
    """The token in a header: as `Bearer` or `Token`, or as the password of `Basic`."""
    scheme, _, value = authorization.partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            return value.strip()
        case "basic":
            try:
                return base64.b64decode(value, validate=True).decode().partition(":")[2]
            except (binascii.Error, ValueError):
                return ""
    return ""
