"""One call of a page: whose session is meant, what was asked, and the ways to answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.find_session import REFUSAL
from waldur_billing_mock.mock_server.control.plane import Plane
from waldur_billing_mock.mock_server.control.session import MAIN, Session, session_of
from waldur_billing_mock.mock_server.pages import assets, html
from waldur_billing_mock.mock_server.pages.dialects import Dialects
from waldur_billing_mock.mock_server.pages.login import Logins, login_of
from waldur_billing_mock.mock_server.pages.notices import Notice, Notices
from waldur_billing_mock.mock_server.pages.recipes import Recipes
from waldur_billing_mock.mock_server.pages.runs import Runs
from waldur_billing_mock.openapi.document import Node

UI: Final = "/_mock/ui"
"""Where all pages but the first one are."""

FORM_TOKEN: Final = "form_token"  # noqa: S105 - the name of a field
MOST_FORM_BYTES: Final = 1_000_000


class Texts(dict[str, str]):
    """What was sent, for templates: a field that was not sent is empty."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Site:
    """What pages work on. `document` is the description of the API that the server obeys."""

    plane: Plane
    document: Node
    logins: Logins
    dialects: Dialects
    admin_token: str | None = field(repr=False)
    notices: Notices = field(default_factory=Notices)
    recipes: Recipes = field(default_factory=Recipes)
    runs: Runs = field(default_factory=Runs)


@dataclass(frozen=True, slots=True)
class View:
    """One call. `form` is empty where none was sent."""

    site: Site
    request: Request
    form: Mapping[str, str]

    @property
    def session(self) -> Session:
        return session_of(self.request.scope)

    @property
    def world(self) -> World:
        return self.session.stage.world

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def base(self) -> str:
        """Scheme and host under which the mock was asked."""
        return str(self.request.base_url).rstrip("/").removesuffix("/_mock")

    def url(self, path: str, **query: object) -> str:
        """The address of a page, such as `invoices`, in the session of this call, without parameters that are None."""
        if self.session.id != MAIN:
            query.setdefault("mock_session", self.session.id)
        sent = {name: value for name, value in query.items() if value is not None and value != ""}
        address = path if path.startswith("/") else f"{UI}/{path}" if path else "/_mock/"
        return f"{address}?{urlencode(sent, doseq=True)}" if sent else address

    def same(self, **changes: object) -> str:
        """The address of this page with other parameters; None removes one."""
        query: dict[str, object] = {name: self.request.query_params.getlist(name) for name in self.request.query_params}
        query.pop("mock_session", None)
        query.pop("notice", None)
        return self.url(self.request.url.path, **{**query, **changes})

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """A whole page."""
        if "form" in context:
            context["form"] = Texts(context["form"])
        return HTMLResponse(html.render(template, {**self._common(), **context}), status)

    def redirect(
        self,
        path: str,
        notice: str = "",
        *,
        failed: bool = False,
        details: Mapping[str, Any] | None = None,
        **query: object,
    ) -> Response:
        """What a form leads to, with a sentence about what was done, or why not."""
        if notice:
            query["notice"] = self.site.notices.add(Notice(notice, failed, details))
        return RedirectResponse(self.url(path, **query), 303)

    def missing(self, what: str) -> Response:
        """404: there is no such thing in the world of the session."""
        return self.page(
            "refused.html",
            404,
            title=f"There is no such {what}",
            reason=f"The session {self.session.id} has no {what} with this uuid; a reset may have removed it.",
        )

    def _common(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "same": self.same,
            "asset": assets.address,
            "query": Texts(self.query),
            "section": self.request.url.path.removeprefix("/_mock").removeprefix("/ui").strip("/").split("/")[0],
            "base": self.base,
            "version": self.site.plane.version,
            "session": self.session,
            "is_main": self.session.id == MAIN,
            "world": self.world,
            "now": self.world.now,
            "form_token": self.site.logins.form_token(login_of(self.request.headers)),
            "has_login": self.site.admin_token is not None,
            "notice": self.site.notices.get(self.query.get("notice", "")),
        }


Page = Callable[[View], Response | Awaitable[Response]]


def endpoint(site: Site, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """The page as Starlette calls it. Writes need the token of a form; without it the answer is 403."""

    async def answer(request: Request) -> Response:
        form: dict[str, str] = {}
        problem = request.scope.get(REFUSAL)
        if problem is not None:
            reason = str(problem.body["detail"])
            return View(site, request, form).page(
                "refused.html", problem.status, title="There is no such session", reason=reason
            )
        if request.method not in ("GET", "HEAD"):
            async with request.form(max_files=0, max_part_size=MOST_FORM_BYTES) as sent:
                form = {name: value for name, value in sent.items() if isinstance(value, str)}
            if not site.logins.is_form_token(form.pop(FORM_TOKEN, ""), login_of(request.headers)):
                view = View(site, request, {})
                return view.page(
                    "refused.html",
                    403,
                    title="The form is out of date",
                    reason="It is of another run of the mock, or of another site. Load the page again and repeat it.",
                )
        found = page(View(site, request, form))
        return found if isinstance(found, Response) else await found

    return answer
