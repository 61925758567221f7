"""Tells which release of the real client can read the answers of which server, and writes docs/reference/clients.md.

    python -m tests.clients.fitting > docs/reference/clients.md

A client reads an answer by the contract that it was built from: it raises where a field that this contract requires is
missing, where null is sent for a uuid, a date or an instant, and where a choice is one that it does not know.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Final

from tests.descriptions import description
from tests.openapi.flat import Entry, Flat, described
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.operation import operations
from waldur_billing_mock.openapi.revision import revisions

RELEASES: Final = revisions(DESCRIPTION)[1:]
PARSED: Final = ("uuid", "date", "date-time")
"""Formats that the client makes values of, which fails on null."""
HEAD: Final = """# Which client fits which server

Each release of Waldur's Python client (`waldur-api-client` on PyPI) is built from the contract of one server release,
and reads the answers of other releases only as far as the contracts agree. The table tells how many of the 24 billing
operations a client can read on a server: the client's release in the row, the server's in the column. Releases that are
missing have the contract of the one before them.

This page is made by `python -m tests.clients.fitting`, from the descriptions of the releases; `make clients` calls all
operations with each client on the mock of its own release, and with some clients on others.

"""


def failures(client: str, server: str) -> dict[str, str]:
    """The operations, by method and path, that a client cannot read on a server, each with the reason."""
    known, sent = (_operations(release) for release in (client, server))
    found = {name: _reason(known[name], sent[name]) for name in known if name in sent}
    return {name: reason for name, reason in found.items() if reason}


@cache
def _operations(release: str) -> Mapping[str, Flat]:
    """The 24 operations of a release; the counting twins parse no body."""
    document = description(release)
    counted = {found.operation_id for found in operations(document) if found.method != "HEAD" and not found.beyond}
    flats = described(document).values()
    return {f"{flat.method} {flat.path}": flat for flat in flats if flat.operation_id in counted}


def _reason(known: Flat, sent: Flat) -> str:
    """Why a client that knows one contract cannot read the answer of another; empty where it can."""
    if known.status != sent.status:
        return f"the status is {sent.status} instead of {known.status}"
    if known.answer == "none":
        return ""
    if known.answer != sent.answer:
        return f"the answer is {'empty' if sent.answer == 'none' else f'an {sent.answer}'} instead of an {known.answer}"
    there = {entry.name: entry for entry in sent.entries if entry.place == "response"}
    reasons = (_unread(entry, there) for entry in known.entries if entry.place == "response")
    return "; ".join(filter(None, reasons))


def _unread(entry: Entry, there: Mapping[str, Entry]) -> str:
    """Why the client cannot read one field; empty where it can."""
    parent = entry.name.rpartition(".")[0]
    if parent and parent not in there:
        return ""
    found = there.get(entry.name)
    if found is None or (entry.required and not found.required):
        return f"`{entry.name}` is missing" if entry.required else ""
    if found.null and not entry.null and entry.format in PARSED:
        return f"`{entry.name}` may be null"
    unknown = set(found.enum) - set(entry.enum) if entry.enum else set()
    return f"`{entry.name}` may be `{'`, `'.join(sorted(unknown))}`" if unknown else ""


def page() -> str:
    """The whole of docs/reference/clients.md."""
    return HEAD + "\n".join([*_table(), "", *_list()]) + "\n"


def _table() -> Iterator[str]:
    yield f"| client \\ server | {' | '.join(RELEASES)} |"
    yield "|---" * (len(RELEASES) + 1) + "|"
    for client in RELEASES:
        counts = (len(_operations(client)) - len(failures(client, server)) for server in RELEASES)
        yield f"| **{client}** | {' | '.join(map(str, counts))} |"


def _list() -> Iterator[str]:
    """What fails, and between which releases: neighbours in both directions, which the others add up from."""
    yield "## What fails between neighbours"
    yield ""
    yield "What does not fit between two releases fails between all clients and servers on their two sides as well,"
    yield "unless a release between them has taken it back."
    yield ""
    yield "| client | server | operation | reason |"
    yield "|---|---|---|---|"
    for one, other in pairwise(RELEASES):
        for client, server in ((one, other), (other, one)):
            for operation, reason in failures(client, server).items():
                yield f"| {client} | {server} | `{operation}` | {reason} |"


if __name__ == "__main__":
    sys.stdout.write(page())
