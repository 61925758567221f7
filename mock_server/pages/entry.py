"""Logging in with the admin token, and out."""

import hmac

from starlette.responses import Response

from waldur_billing_mock.mock_server.pages.login import COOKIE, LIFETIME
from waldur_billing_mock.mock_server.pages.view import View


def login(view: View) -> Response:
    """The form, and the cookie for the right token. Without an admin token there is nothing to log in to."""
    expected, target = view.site.admin_token, _target(view)
    if expected is None:
        return view.redirect("")
    if view.request.method != "POST":
        return view.page("login.html", target=target, failed=False)
    if not hmac.compare_digest(view.form.get("token", "").strip().encode(), expected.encode()):
        return view.page("login.html", 403, target=target, failed=True)
    answer = view.redirect(target)
    answer.set_cookie(
        COOKIE,
        view.site.logins.new(),
        max_age=int(LIFETIME.total_seconds()),
        path="/_mock",
        secure=view.request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


def logout(view: View) -> Response:
    """The cookie is removed."""
    answer = view.redirect("/_mock/login")
    answer.delete_cookie(COOKIE, path="/_mock")
    return answer


def _target(view: View) -> str:
    """Where to go afterwards: an address of this server, or the start."""
    named = view.form.get("next") or view.query.get("next", "")
    return named if named.startswith("/_mock/") and "\\" not in named else "/_mock/"
