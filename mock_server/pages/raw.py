"""JSON as a role gets it, in two dialects side by side."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from starlette.responses import Response

from waldur_billing_mock.mock_server.pages import html
from waldur_billing_mock.mock_server.pages.calls import Answer, call
from waldur_billing_mock.mock_server.pages.dialects import Dialect
from waldur_billing_mock.mock_server.pages.view import View
from waldur_billing_mock.mock_server.spec.render import hyphenated

ADDRESSES: Final[Mapping[str, str]] = {
    "invoices": "/api/invoices/{uuid}/",
    "items": "/api/invoice-items/{uuid}/",
    "customers": "/api/customers/{uuid}/",
    "projects": "/api/projects/{uuid}/",
    "resources": "/api/marketplace-resources/{uuid}/",
    "credits": "/api/customer-credits/{uuid}/",
    "payments": "/api/payments/{uuid}/",
}
"""Where the API shows a row, by the page that shows it to people."""

MOST_LINES: Final = 1_500
MOST_USERS: Final = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One line of both sides; None where a side has none."""

    left: str | None
    right: str | None
    kind: Literal["equal", "changed"]


@dataclass(frozen=True, slots=True)
class Side:
    """What one dialect answers."""

    dialect: Dialect
    answer: Answer

    @property
    def lines(self) -> Sequence[str]:
        body = self.answer.body
        return (body if isinstance(body, str) else html.pretty(body)).splitlines()[:MOST_LINES]


async def raw(view: View) -> Response:
    """The parameter `of` names the row, such as `invoices/<uuid>`; `as`, `left` and `right` choose whose view it is."""
    kind, _, uuid = view.query.get("of", "").partition("/")
    if kind not in ADDRESSES or len(uuid) != 32:
        return view.missing("row")
    users = list(view.world.users)
    user = next((user for user in users if user.username == view.query.get("as", "staff")), None)
    path = ADDRESSES[kind].replace("{uuid}", hyphenated(uuid))
    dialects = view.site.dialects
    other = next((one for one in dialects.all if one != dialects.own and one.revision == dialects.own.revision), None)
    chosen = (
        dialects.named(view.query.get("left", ""), dialects.own),
        dialects.named(view.query.get("right", ""), other or dialects.own),
    )
    left, right = [Side(one, await call(view, await dialects.app(one), user, path)) for one in chosen]
    return view.page(
        "raw.html",
        kind=kind,
        uuid=uuid,
        api_path=path,
        user=user,
        users=users[:MOST_USERS],
        dialects=dialects.all,
        left=left,
        right=right,
        lines=side_by_side(left.lines, right.lines),
    )


def side_by_side(left: Sequence[str], right: Sequence[str]) -> list[Line]:
    """Both texts, equal lines beside each other."""
    found: list[Line] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for place in range(max(b - a, d - c)):
            one = left[a + place] if a + place < b else None
            other = right[c + place] if c + place < d else None
            found.append(Line(one, other, "equal" if kind == "equal" else "changed"))
    return found
