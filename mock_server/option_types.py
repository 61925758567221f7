"""How the words of options are read: numbers within bounds, instants, revisions. And what is said of wrong ones."""

import argparse
from datetime import datetime
from typing import Final

from waldur_billing_mock.mock_server.instants import instant
from waldur_billing_mock.mock_server.settings import DESCRIPTION, LONGEST_GRACE
from waldur_billing_mock.openapi.overlay import OverlayError
from waldur_billing_mock.openapi.revision import Choice, choose


class UsageError(Exception):
    """Something that the user can correct. The message says what is wrong, where, and what to do."""


FILES: Final = "file"
SHELLS: Final = ("bash", "zsh", "tcsh", "fish", "powershell")
"""Names of shtab, which only the command that makes completions loads."""


def completes(option: argparse.Action, what: str) -> None:
    option.complete = what  # type: ignore[attr-defined]


def revision(text: str) -> Choice:
    try:
        return choose(DESCRIPTION, text)
    except OverlayError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def port(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a valid port; use a number from 0 to 65535")


def count(text: str) -> int:
    return 0 if text == "0" else positive(text)


def grace_hours(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= LONGEST_GRACE:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of hours from 0 to {LONGEST_GRACE}")


def positive(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 999,999,999")


def seed(text: str) -> int:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 15:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a valid seed; use an integer of at most 15 digits")


def one_worker(text: str) -> int:
    if text == "1":
        return 1
    raise argparse.ArgumentTypeError(
        "a world is in the memory of one process, so several would each have worlds of their own and answer "
        "differently; start several servers, each on its own --port, behind a proxy that sends each session to one of "
        "them, as deploy/haproxy.cfg does (docs/how-to/sessions.md)"
    )


def moment(text: str) -> datetime:
    try:
        return instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
