"""The API for readers: an interactive reference, what releases and dialects change, the catalogue of deviations."""

from itertools import pairwise
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from waldur_billing_mock.mock_server.pages.dialects import Dialect, Dialects
from waldur_billing_mock.mock_server.pages.view import UI, View
from waldur_billing_mock.openapi.document import to_json
from waldur_billing_mock.openapi.history import Row, changes
from waldur_billing_mock.openapi.presentation import present

MOST_USERS: Final = 100
_REFERENCE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The reference's own style sheet has its icons in it."""


async def reference(view: View) -> Response:
    """Swagger UI, with the description of the dialect that `dialect` names, as the user that `as` names."""
    dialects = view.site.dialects
    dialect = dialects.named(view.query.get("dialect", ""), dialects.own)
    users = list(view.world.users)[:MOST_USERS]
    named = (user for user in users if user.username == view.query.get("as", ""))
    user = next(named, None) or next((user for user in users if user.is_staff), None)
    answer = view.page("reference.html", dialect=dialect, dialects=dialects.all, users=users, user=user)
    answer.headers["Content-Security-Policy"] = _REFERENCE_POLICY
    return answer


async def description(view: View) -> Response:
    """The description of a dialect as JSON, notes and permissions in its texts. Its server answers in that dialect."""
    dialects = view.site.dialects
    dialect = dialects.named(view.query.get("dialect", ""), dialects.own)
    document = await dialects.document(dialect)
    server = "/" if dialect == dialects.own else f"{UI}/in/{dialect.name}"
    shown = await run_in_threadpool(lambda: to_json({**present(document), "servers": [{"url": server}]}))
    return Response(shown, media_type="application/json")


async def differences(view: View) -> Response:
    """What changes from one dialect to another, the most serious first."""
    dialects = view.site.dialects
    left = dialects.named(view.query.get("left", ""), dialects.all[0])
    right = dialects.named(view.query.get("right", ""), Dialect(dialects.revisions[-1], wire=False))
    documents = await dialects.document(left), await dialects.document(right)
    rows = await run_in_threadpool(changes, right.title, *documents)
    return view.page("differences.html", left=left, right=right, dialects=dialects.all, rows=rows, counts=_counts(rows))


async def history(view: View) -> Response:
    """What each release changed, the newest first."""
    dialects = view.site.dialects
    wire = view.query.get("dialect") == "wire"
    releases = [Dialect(revision, wire) for revision in dialects.revisions[1:]]
    found = []
    for one, other in pairwise(releases):
        documents = await dialects.document(one), await dialects.document(other)
        found.append((one, other, await run_in_threadpool(changes, other.revision, *documents)))
    return view.page("history.html", releases=found[::-1], wire=wire, counts=_counts)


async def deviations(view: View) -> Response:
    """The catalogue: what real servers send and take instead of what a revision says."""
    dialects = view.site.dialects
    revision = view.query.get("revision", dialects.own.revision)
    if revision not in dialects.revisions:
        revision = dialects.own.revision
    overlay = await dialects.deviations(revision)
    text = view.query.get("q", "").strip().casefold()
    actions = [
        action
        for action in overlay.actions
        if not text or text in f"{action.extensions.get('x-waldur-deviation')} {action.description}".casefold()
    ]
    return view.page(
        "deviations.html", revision=revision, revisions=dialects.revisions, overlay=overlay, actions=actions
    )


def in_dialects(dialects: Dialects) -> list[BaseRoute]:
    """The API in other dialects, for calls from the reference."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path_params"]["dialect"]
        dialect = dialects.named(name, dialects.own)
        if dialect.name != name:
            await PlainTextResponse("There is no such dialect.", 404)(scope, receive, send)
            return
        path = Request(scope).url.path.partition(f"/in/{name}")[2]
        inner = {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
        await (await dialects.app(dialect))(inner, receive, send)

    return [Mount("/ui/in/{dialect}", app=answer)]


def _counts(rows: list[Row]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.severity] = counts.get(row.severity, 0) + 1
    return counts
