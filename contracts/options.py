"""The command line: its words, and the settings that they make. Tokens are read from the environment alone."""

import argparse
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from waldur_billing_mock import __version__
from waldur_billing_mock.config_file import ConfigError, add_config, words_of_file
from waldur_billing_mock.contracts.description import REVISIONS
from waldur_billing_mock.contracts.settings import MOCK, PROFILES, ROLES, Settings, Shard, Unusable

REPORTS: Final = ("html", "json", "junit", "markdown", "sarif")
_PRINTABLE: Final = re.compile(r"[!-~]+\Z")
_EXAMPLES: Final = """\
commands:
  waldur-contracts [options]            judge a target; without --target: the mock, in this process
  waldur-contracts explain [ID ...]     say what a check requires; without an id: list all checks
  waldur-contracts undo LEDGER          undo what an interrupted run has left changed
  waldur-contracts merge FILE.json ...  make one report of the JSON reports of several shards
  waldur-contracts upgrade --from A --to B
                                        say what an upgrade changes, and what of your data it touches
  waldur-contracts schema [config]      print the JSON Schema of baseline files, or of files for --config

examples:
  waldur-contracts --profile quick
  WALDUR_TOKEN=... waldur-contracts --target https://waldur.example.com --token-env WALDUR_TOKEN --html report.html

A target elsewhere is only read, unless --allow-writes names its host.
Exit codes: 0 the contract is kept, 1 it is broken, 2 it could not be judged.
"""


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Shows the default of each option that has one, and the epilog as it is written."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, "", False) or isinstance(action.default, list):
            return action.help
        return super()._get_help_string(action)


def parser() -> argparse.ArgumentParser:
    """The words of the command line."""
    made = argparse.ArgumentParser(
        prog="waldur-contracts",
        description="Judges whether a server keeps the contract of Waldur's billing API.",
        epilog=_EXAMPLES,
        formatter_class=_Help,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"waldur-contracts {__version__}")
    add_config(made)
    what = made.add_argument_group("what is judged")
    what.add_argument("--target", metavar="URL", help="a server; without it, the mock in this process")
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
        help=f"the environment variable with the token of a role, repeatable; roles: {', '.join(ROLES)}",
    )
    what.add_argument(
        "--role-scope",
        metavar="ROLE=UUID[,UUID]",
        action="append",
        default=[],
        help="the customers on which a role is held, repeatable; else the server is asked for them",
    )
    what.add_argument("--revision", choices=("auto", *REVISIONS), default="auto", help="what the server promises")
    what.add_argument("--wire", action="store_true", help="judge by what real servers send, not by the documents")
    what.add_argument("--scenario", default="default", help="the world of the mock in this process")
    what.add_argument("--world-seed", type=int, default=1, metavar="N", help="the seed of that world")
    what.add_argument("--app", default=MOCK, metavar="MODULE:FUNCTION", help=argparse.SUPPRESS)
    what.add_argument("--as-deployed", choices=("documented", "wire"), default="", help=argparse.SUPPRESS)
    how = made.add_argument_group("how much is asked")
    how.add_argument("--profile", choices=tuple(PROFILES), default="full", help="quick, full, or a whole night")
    how.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed asks the same in the same order")
    how.add_argument("--only", metavar="ID", action="append", default=[], help="checks whose id begins so, repeatable")
    how.add_argument("--shard", metavar="N/OF", default="1/1", help="only one part of the checks, such as 2/5")
    how.add_argument("--stop-at-first", action="store_true", help="end at the first broken check")
    how.add_argument(
        "--rate-limit",
        type=float,
        metavar="N",
        help="requests a second, 0 for no limit (default: 5; no limit on this machine)",
    )
    how.add_argument("--budget", type=int, metavar="N", help="the largest number of requests, undoing not counted")
    how.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="the longest time of one request")
    how.add_argument(
        "--max-time", type=float, metavar="SECONDS", help="the longest time of the run (default: by the profile)"
    )
    how.add_argument("--ca", type=Path, metavar="FILE", help="the certificates of an authority of your own, in PEM")
    writing = made.add_argument_group("writing")
    writing.add_argument("--read-only", action="store_true", help="write to nothing, not even to the mock")
    writing.add_argument("--allow-writes", default="", metavar="HOST", help="the host of the target, once more")
    writing.add_argument("--write-invoice", nargs="+", default=[], metavar="UUID", help="or the word any")
    writing.add_argument("--write-item", nargs="+", default=[], metavar="UUID", help="or the word any")
    writing.add_argument(
        "--ledger",
        type=Path,
        metavar="FILE",
        help="where changes are noted before they are made (default: waldur-contracts-<time>.ledger)",
    )
    result = made.add_argument_group("results")
    result.add_argument("--strict", action="store_true", help="known deviations and notes fail")
    result.add_argument("--baseline", type=Path, metavar="FILE", help="findings that are accepted for now")
    result.add_argument("--write-baseline", type=Path, metavar="FILE", help="write the findings of this run as one")
    result.add_argument("--compare", type=Path, metavar="OLD.json", help="tell what is new and what is gone since")
    result.add_argument("--resume", type=Path, metavar="FILE", help="keep results there, and go on after a stop")
    result.add_argument("--ticket", default="", metavar="ID", help="print what a check found as a ticket")
    result.add_argument("--tickets", type=Path, metavar="FOLDER", help="write one Markdown file per finding")
    result.add_argument("--show-data", action="store_true", help="show the values of the target in reports")
    for name in REPORTS:
        result.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write a report in {name}")
    return made


def settings(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that a command line makes, with its file of options. Raises `Unusable`; unknown words end with 2."""
    given = parser().parse_args(arguments)
    if given.config is not None:
        try:
            given = parser().parse_args([*words_of_file(parser, given.config, arguments), *arguments])
        except ConfigError as error:
            raise Unusable(str(error)) from None
    made = Settings(
        target=server_address(given.target) if given.target is not None else None,
        token=token("--token-env", given.token_env, environment) if given.token_env is not None else "",
        role_tokens={
            role: token(f"--role-token {role}", name, environment)
            for role, name in _pairs("--role-token", given.role_token, "the name of an environment variable")
        },
        role_scopes={
            role: tuple(_uuid(f"--role-scope {role}", text) for text in names.split(","))
            for role, names in _pairs("--role-scope", given.role_scope, "the uuid of a customer")
        },
        application=given.app,
        deployed=given.as_deployed,
        scenario=given.scenario,
        world_seed=given.world_seed,
        revision=given.revision,
        wire=given.wire,
        profile=PROFILES[given.profile],
        seed=given.seed,
        only=tuple(given.only),
        shard=_shard(given.shard),
        stop_at_first=given.stop_at_first,
        read_only=given.read_only,
        allow_writes=given.allow_writes,
        write_invoices=tuple(given.write_invoice),
        write_items=tuple(given.write_item),
        ledger=given.ledger,
        rate=_number("--rate-limit", given.rate_limit, lambda rate: rate >= 0, "0 or more"),
        budget=given.budget,
        timeout=_number("--timeout", given.timeout, lambda seconds: seconds > 0, "more than 0") or 0.0,
        max_time=_number("--max-time", given.max_time, lambda seconds: seconds > 0, "more than 0"),
        authority=given.ca,
        strict=given.strict,
        show_data=given.show_data,
        baseline=given.baseline,
        write_baseline=given.write_baseline,
        compare=given.compare,
        resume=given.resume,
        tickets=given.tickets,
        ticket=given.ticket,
        reports={name: getattr(given, name) for name in REPORTS if getattr(given, name)},
    )
    _must_be_consistent(made)
    return made


def _must_be_consistent(made: Settings) -> None:
    """Refuses options that have no effect together. Raises `Unusable`."""
    if made.budget is not None and made.budget < 1:
        raise Unusable(f"--budget {made.budget} allows no request; give 1 or more, or leave it out.")
    if made.authority is not None and not made.authority.is_file():
        raise Unusable(f"--ca {made.authority}: there is no such file.")
    if (made.write_invoices or made.write_items) and not made.allow_writes:
        raise Unusable("--write-invoice and --write-item need --allow-writes HOST, which names the target once more.")
    if made.allow_writes and made.target is None:
        raise Unusable("--allow-writes is for a --target; the mock in this process is always written to.")
    if made.allow_writes and made.read_only:
        raise Unusable("--allow-writes and --read-only exclude each other.")
    if made.target is None and (made.token or made.role_tokens or made.role_scopes):
        raise Unusable("--token-env, --role-token and --role-scope are for a --target; the mock has tokens of its own.")


def server_address(text: str, option: str = "--target") -> str:
    """Scheme, host and port of a server from its URL; `option` is what the URL was given as. Raises `Unusable`."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Unusable(
            f"{option} {_shown(text)} is not a valid URL ({error}); write https://HOST or https://HOST:PORT."
        ) from None
    if parts.scheme not in ("http", "https") or not host or not _PRINTABLE.match(text) or port == 0:
        raise Unusable(f"{option} {_shown(text)} is not a valid URL; write https://HOST or https://HOST:PORT.")
    if "@" in parts.netloc:
        raise Unusable(f"{option} holds a name or a password; Waldur takes a token instead: write {_base(parts)}.")
    if parts.path.strip("/") not in ("", "api") or parts.query or parts.fragment:
        raise Unusable(f"{option} {_shown(text)} has a path; the API is looked for at {_base(parts)}/api/.")
    return f"{parts.scheme}://{parts.netloc}"


def _base(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _shown(text: str) -> str:
    """A URL as a message may show it: on one line, and not without end."""
    return repr(text[:200])


def token(option: str, name: str, environment: Mapping[str, str] = os.environ) -> str:
    """The token in an environment variable. Raises `Unusable` where it is not set, or is no token."""
    if not name:
        raise Unusable(f"{option} needs the name of an environment variable that holds the token.")
    found = environment.get(name, "").strip()
    if not found:
        raise Unusable(f"{option}: the environment variable {name!r} is not set; put the token into it.")
    if not _PRINTABLE.match(found):
        raise Unusable(f"{option}: the token in {name!r} has a blank, a line break or another sign that no token has.")
    return found


def _pairs(option: str, words: Sequence[str], meant: str) -> Sequence[tuple[str, str]]:
    found = []
    for word in words:
        role, _, value = word.partition("=")
        if not value:
            raise Unusable(f"{option} {word!r}: write ROLE=VALUE, where VALUE is {meant}.")
        if role not in ROLES:
            raise Unusable(f"{option}: there is no role {role!r}; the roles are {', '.join(ROLES)}.")
        found.append((role, value))
    return found


def _uuid(option: str, text: str) -> str:
    digits = text.strip().lower().replace("-", "")
    if not re.fullmatch(r"[0-9a-f]{32}", digits):
        raise Unusable(f"{option}: {text!r} is not a uuid.")
    return digits


def _shard(text: str) -> Shard:
    match = re.fullmatch(r"([0-9]{1,3})/([0-9]{1,3})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise Unusable(f"--shard {text!r}: write a part and the number of parts, such as 2/5.")
    return Shard(int(match[1]), int(match[2]))


def _number(option: str, value: float | None, fits: Callable[[float], bool], meant: str) -> float | None:
    if value is not None and (not math.isfinite(value) or not fits(value)):
        raise Unusable(f"{option} {value:g} makes no sense; give {meant}.")
    return value
