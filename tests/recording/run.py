"""`make recordings`: worlds with awkward names are recorded from a mock of every release, and served again.

python -m tests.recording.run --only 8.1.3 7.8.8 --items 1000
"""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tests.recording.awkward import with_awkward_names
from tests.recording.targets import served
from tests.recording.test_recording import missing
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.recording.recorder import record
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.mock_server.traffic.compare import Comparing, side
from waldur_billing_mock.mock_server.world_file import dump, load
from waldur_billing_mock.openapi.revision import revisions

AT: Final = datetime(2030, 1, 1, tzinfo=UTC)
MONTHS: Final = 14
ITEMS_PER_INVOICE: Final = 12
HISTORY: Final = "/history/"
"""What no list shows, and none of the 24 operations: versions of invoices are not recorded."""


class Outcome(NamedTuple):
    """What came of one recording: tables with other rows, questions, and the operations whose answers differ."""

    tables: Sequence[str]
    questions: int
    differing: Sequence[str]


def tried(there: World, revision: str, *, wire: bool, asks: bool) -> Outcome:
    """Record a mock of the world and compare the rows; where it `asks`, serve the recording, and ask both the same."""
    found = load(dump(record(served(there, revision, wire=wire), AT).world()))
    if not asks:
        return Outcome(missing(found, there), 0, ())
    sides = [side(served(one, revision, wire=wire)) for one in (there, found)]
    result = Comparing(*sides, size=2).run()
    differing = sorted({one.route for one in result.differences if HISTORY not in one.route})
    return Outcome(missing(found, there), result.questions, differing)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 1 where a recording differs from its server."""
    parser = argparse.ArgumentParser(prog="tests.recording.run", description=__doc__.partition("\n")[0])
    known = revisions(DESCRIPTION)[1:]
    parser.add_argument("--only", nargs="+", default=known, choices=known, metavar="RELEASE")
    parser.add_argument("--items", type=int, default=10_000, help="about how many (default: %(default)s)")
    parser.add_argument("--documented", action="store_true", help="in the documented dialect instead of the wire one")
    parser.add_argument("--rows", action="store_true", help="compare the rows only, and ask nothing")
    options = parser.parse_args(arguments)
    customers = max(4, round(options.items / MONTHS / ITEMS_PER_INVOICE))
    there = with_awkward_names(build("default", size=Size(customers, MONTHS, ITEMS_PER_INVOICE)))
    failed = False
    print(f"{len(there.invoice_items)} items of {len(there.invoices)} invoices", flush=True)
    for revision in options.only:
        begun = time.monotonic()
        found = tried(there, revision, wire=not options.documented, asks=not options.rows)
        failed = failed or bool(found.tables or found.differing)
        said = "; ".join([*(f"other rows: {name}" for name in found.tables), *found.differing]) or "the same"
        print(f"{revision}: {found.questions} questions, {said} ({time.monotonic() - begun:.0f} s)", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
