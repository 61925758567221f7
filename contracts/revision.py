"""Finds out which revision a target speaks: by the version that it tells, or by fields that tell it apart."""

import re
from dataclasses import dataclass
from typing import Final

from waldur_billing_mock.contracts.description import REVISIONS
from waldur_billing_mock.contracts.exchange import Request
from waldur_billing_mock.contracts.target import Target
from waldur_billing_mock.contracts.values import Malformed, parse

_VERSION: Final = re.compile(r"\d+(?:\.\d+)*")
_NUMBERED: Final = tuple(name for name in REVISIONS if _VERSION.fullmatch(name))


@dataclass(frozen=True, slots=True)
class Revision:
    """The name of a revision, and how it was found, in words."""

    name: str
    how: str


def find_revision(target: Target) -> Revision:
    """The revision of a target. Raises `CannotAsk` where it does not answer."""
    version = _version(target)
    if version is not None:
        return Revision(*version)
    return _by_fields(target)


def _version(target: Target) -> tuple[str, str] | None:
    answer = target.guard.send(Request("GET", "/api/version/"), target.main)
    try:
        told = parse(answer.body).get("version") if answer.status == 200 else None
    except (Malformed, AttributeError):
        return None
    match = _VERSION.match(str(told)) if told else None
    if match is None:
        return None
    number = _parts(match[0])
    not_later = [name for name in _NUMBERED if _parts(name) <= number]
    name = max(not_later, key=_parts) if not_later else min(_NUMBERED, key=_parts)
    return name, f"/api/version/ tells {told}"


def _by_fields(target: Target) -> Revision:
    """Items show their price from 002 on; invoices can be pending finalization from 8.0.9 on."""
    try:
        rows = parse(target.guard.send(Request("GET", "/api/invoice-items/?page_size=1"), target.main).body)
        has_price = bool(rows) and "price" in rows[0]
    except (Malformed, KeyError, TypeError):
        has_price = False
    if not has_price:
        return Revision("7.8.8", "invoice items do not show their price")
    state = Request("GET", "/api/invoices/?state=pending_finalization&page_size=1")
    if target.guard.send(state, target.main).status == 200:
        return Revision("8.0.9", "invoices may be pending finalization")
    return Revision("documents", "invoice items show their price, and invoices are not finalized in two steps")


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
