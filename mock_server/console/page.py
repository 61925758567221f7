"""The page of the mock: who may call it, what it holds, what it can do. Plain HTML, nothing from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence, Sized
from html import escape
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import operations

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c2733; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #d5dde5; }
table { border-collapse: collapse; width: 100%; } td code { white-space: nowrap; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top; }
tr + tr { border-top: 1px solid #eef2f6; } code, pre { font: 14px/1.5 ui-monospace, monospace; }
pre { background: #f4f7fa; padding: .8rem 1rem; overflow-x: auto; border-radius: 6px; }
.method { display: inline-block; width: 4.5rem; font-weight: 600; } .note { color: #5b6b7b; }
"""


def index(document: Node, world: World, users: Sequence[Mapping[str, Any]], address: str) -> str:
    """The page at `/_mock/`. `address` is the scheme and host under which it was asked for."""
    base = address.removesuffix("/_mock")
    staff = users[0]["token"] if users else ""
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Waldur billing mock</title><style>{_STYLE}</style></head>
<body>
<h1>Waldur billing mock</h1>
<p class="note">{escape(document["info"]["title"])}, revision {escape(document["info"]["version"])}</p>
<pre>curl -H 'Authorization: Token {escape(staff)}' {escape(base)}/api/invoices/</pre>
<h2>Users</h2>
{_table(("Role", "Name", "Token", "Where"), (_user(user) for user in users))}
<h2>World</h2>
<p>The clock stands at <code>{world.now.isoformat()}</code>. It holds {_holdings(world)}.</p>
<h2>Operations</h2>
{_table(("Operation", "Name", "What it does", "Who"), _operations(document))}
<h2>Outbox</h2>
{_outbox(world)}
<h2>Control</h2>
<p>
<a href="/_mock/users">users</a> · <a href="/_mock/notifications">notifications</a> ·
<a href="/_mock/payments">payments</a> ·
<a href="/_mock/provider-invoice-items">ids of provider invoice items</a> ·
<a href="/_mock/openapi.yaml">openapi.yaml</a> · <a href="/_mock/openapi.json">openapi.json</a> ·
<code>POST /_mock/reset</code> puts the world back to its beginning
</p>
</body>
</html>
"""


def _user(user: Mapping[str, Any]) -> tuple[str, ...]:
    scopes = "<br>".join(escape(scope) for scope in user["scopes"])
    return escape(user["role"]), escape(user["full_name"]), f"<code>{escape(user['token'])}</code>", scopes


def _holdings(world: World) -> str:
    tables: Mapping[str, Sized] = {
        "customers": world.customers,
        "projects": world.projects,
        "offerings": world.offerings,
        "resources": world.resources,
        "invoices": world.invoices,
        "invoice items": world.invoice_items,
        "payments": world.payments,
    }
    return ", ".join(f"{len(table)} {name}" for name, table in tables.items())


def _operations(document: Node) -> Iterable[tuple[str, ...]]:
    for operation in operations(document):
        if operation.method != "HEAD":
            yield (
                f'<code><span class="method">{operation.method}</span>{escape(operation.path)}</code>',
                f"<code>{escape(operation.operation_id)}</code>",
                escape(operation.summary),
                escape(operation.permission),
            )


def _outbox(world: World) -> str:
    rows = [(escape(", ".join(row.recipients)), escape(row.subject), escape(row.text)) for row in world.notifications]
    return _table(("To", "Subject", "Text"), rows) if rows else '<p class="note">Nothing has been sent yet.</p>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells of the rows are HTML already."""
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>\n<tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>\n{body}\n</table>"
