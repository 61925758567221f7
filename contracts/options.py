"""The command line: its words, and the settings that they make. Tokens are read from the environment alone."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from waldur_billing_mock.contracts.description import REVISIONS
from waldur_billing_mock.contracts.settings import MOCK, PROFILES, ROLES, Settings, Unusable

REPORTS: Final = ("html", "json", "junit", "markdown", "sarif")
_EXAMPLE: Final = """\
One command for a real Waldur, which is only read:
  WALDUR_TOKEN=... waldur-contracts --target https://waldur.example.com --token-env WALDUR_TOKEN --html report.html

Exit codes: 0 the contract is kept, 1 it is broken, 2 it could not be judged.
"""


def parser() -> argparse.ArgumentParser:
    """The words of the command line."""
    made = argparse.ArgumentParser(
        prog="waldur-contracts",
        description="Judges whether a server keeps the promises of Waldur's billing API. Without a target: the mock.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = made.add_argument_group("what is judged")
    what.add_argument("--target", metavar="URL", help="a server; it is only read unless --allow-writes is given")
    what.add_argument(
        "--token-env",
        metavar="NAME",
        help="the environment variable that holds the token; a mock on this machine lends its own",
    )
    what.add_argument(
        "--role-token",
        metavar="ROLE=NAME",
        action="append",
        default=[],
        help=f"the variable with the token of a role, repeatable; roles: {', '.join(ROLES)}",
    )
    what.add_argument("--revision", choices=("auto", *REVISIONS), default="auto", help="what the server promises")
    what.add_argument("--wire", action="store_true", help="judge by what real servers send, not by the documents")
    what.add_argument("--app", default=MOCK, metavar="MODULE:FUNCTION", help=argparse.SUPPRESS)
    what.add_argument("--scenario", default="default", help="the world of the mock in this process")
    what.add_argument("--world-seed", type=int, default=1, metavar="N", help="the seed of that world")
    how = made.add_argument_group("how much is asked")
    how.add_argument("--profile", choices=tuple(PROFILES), default="full")
    how.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed asks the same in the same order")
    how.add_argument("--only", metavar="ID", action="append", default=[], help="checks whose id begins so, repeatable")
    how.add_argument("--stop-at-first", action="store_true", help="end at the first broken contract")
    how.add_argument(
        "--rate-limit", type=float, default=5.0, metavar="N", help="requests a second to a URL; 0: no limit"
    )
    how.add_argument(
        "--budget", type=int, metavar="N", help="the largest number of requests, beside those that take changes back"
    )
    how.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS")
    how.add_argument("--ca", type=Path, metavar="FILE", help="a certificate authority of your own")
    writing = made.add_argument_group("writing")
    writing.add_argument("--read-only", action="store_true", help="write to nothing, not even to the mock")
    writing.add_argument("--allow-writes", default="", metavar="HOST", help="the host of the target, once more")
    writing.add_argument("--write-invoice", nargs="+", default=[], metavar="UUID", help="or the word any")
    writing.add_argument("--write-item", nargs="+", default=[], metavar="UUID", help="or the word any")
    result = made.add_argument_group("results")
    result.add_argument("--strict", action="store_true", help="known deviations fail")
    result.add_argument("--baseline", type=Path, metavar="FILE", help="findings that are accepted for now")
    result.add_argument("--show-data", action="store_true", help="show values in reports, not their shapes")
    for name in REPORTS:
        result.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write a report in {name}")
    return made


def settings(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that a command line makes. Raises `Unusable`; unknown words end the process with 2."""
    given = parser().parse_args(arguments)
    roles = {}
    for pair in given.role_token:
        role, _, name = pair.partition("=")
        if role not in ROLES:
            raise Unusable(f"There is no role {role!r}; give tokens for {', '.join(ROLES)}.")
        roles[role] = _token(name, environment)
    return Settings(
        target=given.target,
        token=_token(given.token_env, environment) if given.token_env else "",
        role_tokens=roles,
        application=given.app,
        scenario=given.scenario,
        world_seed=given.world_seed,
        revision=given.revision,
        wire=given.wire,
        profile=PROFILES[given.profile],
        seed=given.seed,
        only=tuple(given.only),
        stop_at_first=given.stop_at_first,
        read_only=given.read_only,
        allow_writes=given.allow_writes,
        write_invoices=tuple(given.write_invoice),
        write_items=tuple(given.write_item),
        rate=given.rate_limit,
        budget=given.budget,
        timeout=given.timeout,
        authority=given.ca,
        strict=given.strict,
        show_data=given.show_data,
        baseline=given.baseline,
        reports={name: getattr(given, name) for name in REPORTS if getattr(given, name)},
    )


def _token(name: str, environment: Mapping[str, str]) -> str:
    token = environment.get(name, "").strip()
    if not token:
        raise Unusable(f"The environment variable {name!r} is not set; put the token into it.")
    return token
