"""`waldur-contracts`: judges a target, or explains a check."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from waldur_billing_mock.contracts import options
from waldur_billing_mock.contracts.checks import checks, explain
from waldur_billing_mock.contracts.description import describe
from waldur_billing_mock.contracts.reports import terminal, write
from waldur_billing_mock.contracts.roles import table
from waldur_billing_mock.contracts.run import run
from waldur_billing_mock.contracts.settings import PROFILES, Unusable


def main(arguments: Sequence[str] | None = None) -> int:
    """0 the contract is kept, 1 it is broken, 2 it could not be judged."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["explain"]:
        return _explain(words[1:])
    try:
        settings = options.settings(words)
        verdict = run(settings, datetime.now(UTC).date(), terminal.Progress(sys.stderr))
        write(verdict, settings)
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted before anything was judged.", file=sys.stderr)
        return 2
    print(terminal.summary(verdict))
    return verdict.exit_code


def _explain(identifiers: Sequence[str]) -> int:
    """Prints what the checks that the identifiers name require, and where that stands."""
    found = 0
    for revision in ("documents", "7.8.8"):
        description = describe(revision)
        made = checks(description, tuple(table()["sees"]), PROFILES["night"])
        for id in identifiers or [""]:
            for check in explain(id, made) if id else made:
                found += 1
                print(terminal.explanation(check, description) if identifiers else check.id)
        if found:
            return 0
    print(f"There is no check {' '.join(identifiers)!r}; without an id, all are listed.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
