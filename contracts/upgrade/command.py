"""`waldur-contracts upgrade`: what an upgrade changes, and what of it touches a server's data or a recording."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from waldur_billing_mock.contracts import options
from waldur_billing_mock.contracts.description import FOLDER
from waldur_billing_mock.contracts.redaction import Redactor, SafeStream
from waldur_billing_mock.contracts.settings import Settings, Unusable
from waldur_billing_mock.contracts.upgrade.report import FORMATS, render, upgrade
from waldur_billing_mock.contracts.upgrade.seen import Answered, seen_in
from waldur_billing_mock.contracts.upgrade.sources import live, recorded
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.overlay import OverlayError
from waldur_billing_mock.openapi.revision import choose, describe


def parser() -> argparse.ArgumentParser:
    """The words of the command."""
    made = argparse.ArgumentParser(
        prog="waldur-contracts upgrade",
        description="Say what an upgrade changes for clients, and which data of a server or a recording it touches.",
    )
    made.add_argument("--from", dest="old", required=True, metavar="RELEASE", help="such as 8.0.9")
    made.add_argument("--to", dest="new", required=True, metavar="RELEASE", help="such as 8.1.3, or latest")
    made.add_argument("--wire", action="store_true", help="compare what real servers send, not the documents")
    where = made.add_mutually_exclusive_group()
    where.add_argument("--target", metavar="URL", help="a server of the old release, which is only read")
    where.add_argument("--har", type=Path, metavar="FILE", help="a recording of a client: an HTTP archive")
    made.add_argument("--token-env", metavar="NAME", help="the variable that holds the token of the target")
    made.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="of one request")
    made.add_argument("--ca", type=Path, metavar="FILE", help="the certificates of an authority of your own, in PEM")
    made.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="(default: %(default)s)")
    return made


def run(words: Sequence[str], out: SafeStream, err: SafeStream) -> int:
    """0 where the releases were compared. Raises `Unusable` for unknown releases, and where nothing can be read."""
    given = parser().parse_args(words)
    if given.target is None and (given.token_env is not None or given.ca is not None):
        raise Unusable("--token-env and --ca are for a --target.")
    try:
        old, new = (choose(FOLDER, name).revision for name in (given.old, given.new))
    except OverlayError as error:
        raise Unusable(str(error)) from None
    documents = [describe(FOLDER, name, wire=given.wire) for name in (old, new)]
    answered, looked_at = _answered(given, documents[0], out, err)
    seen = seen_in(documents[0], answered, of_a_client=given.har is not None) if answered is not None else None
    made = upgrade((old, documents[0]), (new, documents[1]), looked_at, seen)
    out.write(render(made, given.format))
    return 0


def _answered(
    given: argparse.Namespace, document: Node, out: SafeStream, err: SafeStream
) -> tuple[list[Answered] | None, str]:
    """The answers that the releases are compared with, and what they are called; None where none are named."""
    if given.har is not None:
        answered = recorded(given.har)
        return answered, f"{len(answered)} answers in {given.har.name}"
    if given.target is None:
        return None, ""
    url = options.server_address(given.target)
    token = options.token("--token-env", given.token_env) if given.token_env is not None else ""
    out.redact = err.redact = Redactor([token])
    answered = live(Settings(target=url, token=token, timeout=given.timeout, authority=given.ca), document)
    return answered, f"{len(answered)} answers of {url}"
