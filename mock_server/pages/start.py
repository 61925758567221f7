"""The first page: how to call this mock, as whom, and what was called last."""

from starlette.responses import Response

from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.control.lookup import role_of
from waldur_billing_mock.mock_server.control.session import MAIN
from waldur_billing_mock.mock_server.pages.snippets import LANGUAGES, requests
from waldur_billing_mock.mock_server.pages.traffic import call_of
from waldur_billing_mock.mock_server.pages.view import View

MOST_USERS = 100
LAST_CALLS = 10


def start(view: View) -> Response:
    """The parameters `as` (a username) and `in` (a language) choose how the calls are written."""
    world, site = view.world, view.site
    users = list(world.users)
    language = view.query.get("in", "curl") if view.query.get("in") in LANGUAGES else "curl"
    user = _chosen(users, view.query.get("as", ""))
    session = None if view.session.id == MAIN else view.session.id
    write = LANGUAGES[language][1]
    calls = [
        (operation, write(request))
        for operation, request in (requests(site.document, world, user, view.base, session) if user else ())
    ]
    exchanges = view.session.journal.exchanges()[-LAST_CALLS:][::-1]
    return view.page(
        "start.html",
        info=site.document["info"],
        cards=site.plane.users(world)[:MOST_USERS],
        user_count=len(users),
        user=user,
        role=role_of(user) if user else "",
        languages={name: title for name, (title, _) in LANGUAGES.items()},
        language=language,
        calls=calls,
        calls_made=[call_of(view, exchange) for exchange in exchanges],
        holdings=holdings(view),
    )


def holdings(view: View) -> dict[str, int]:
    """How many rows of each kind the world has, by the names of their pages."""
    world = view.world
    return {
        "customers": len(world.customers),
        "projects": len(world.projects),
        "resources": len(world.resources),
        "invoices": len(world.invoices),
        "items": len(world.invoice_items),
        "credits": len(world.customer_credits),
        "payments": len(world.payments),
    }


def _chosen(users: list[User], username: str) -> User | None:
    """The named user; else the first of the staff, or of all."""
    named = (user for user in users if user.username == username)
    return next(named, None) or next((user for user in users if user.is_staff), None) or next(iter(users), None)
