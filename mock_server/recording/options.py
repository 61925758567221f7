"""The words of `waldur-mock record` and `waldur-mock anonymize`. Nothing heavy is imported here."""

import argparse
import re
from pathlib import Path
from typing import Any

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_MONTH = re.compile(r"(20[0-9]{2}|19[0-9]{2})-(0[1-9]|1[0-2])")


def add_record(command: Any) -> None:
    """The options of `record`."""
    command.add_argument("url", metavar="URL", help="the address of the server: scheme, host and port")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the world file to write")
    command.add_argument(
        "--token-env",
        metavar="NAME",
        help="the environment variable that holds the token (default: that of a mock on this machine)",
    )
    bounds = command.add_argument_group("what is recorded (default: everything that the token may see)")
    bounds.add_argument("--since", type=_month, metavar="MONTH", help="months from this one on, such as 2026-01")
    bounds.add_argument(
        "--customer", type=_uuid, nargs="+", action="extend", default=[], metavar="UUID", help="these customers only"
    )
    bounds.add_argument("--sample", type=positive, metavar="N", help="so many invoices, of all states and customers")
    reading = command.add_argument_group("how it is read")
    reading.add_argument(
        "--resume", type=Path, metavar="FILE", help="hold what was read in this file, and go on from it after a stop"
    )
    reading.add_argument(
        "--rate-limit", type=rate, metavar="N", help="requests a second (default: 5, and no limit on this machine)"
    )
    reading.add_argument("--timeout", type=seconds, default=30.0, metavar="S", help="of a request (default: 30)")
    reading.add_argument("--ca", type=Path, metavar="FILE", help="certificates of an authority of your own")
    reading.add_argument("--quiet", action="store_true", help="show no progress (default: show it)")
    privacy = command.add_argument_group("what is replaced")
    privacy.add_argument("--raw", action="store_true", help="replace nothing (default: replace all that is private)")
    privacy.add_argument("--yes", action="store_true", help="do not ask before --raw (default: ask)")
    _add_privacy(privacy)


def add_anonymize(command: Any) -> None:
    """The options of `anonymize`."""
    command.add_argument("world", type=Path, metavar="WORLD", help="the world file, JSON or YAML")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the world file to write")
    _add_privacy(command)


def _add_privacy(command: Any) -> None:
    command.add_argument(
        "--scale", action="store_true", help="multiply all amounts by a secret factor (default: keep them)"
    )
    command.add_argument(
        "--secret-file",
        type=Path,
        metavar="FILE",
        help="the secret that pseudonyms follow from; made where there is none (default: a new one, written nowhere)",
    )
    command.add_argument("--report", type=Path, metavar="FILE", help="write what was replaced as JSON")


def _month(text: str) -> str:
    if _MONTH.fullmatch(text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not a month; write it as 2026-01")


def _uuid(text: str) -> str:
    if _UUID.fullmatch(text.lower()):
        return text.lower().replace("-", "")
    raise argparse.ArgumentTypeError(f"{text!r} is not a uuid")


def positive(text: str) -> int:
    """A number from 1 on."""
    if text.isascii() and text.isdecimal() and 0 < int(text) < 10**9:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 999,999,999")


def rate(text: str) -> float:
    """A rate in requests a second."""
    return _number(text, "0 or more requests a second", 0)


def seconds(text: str) -> float:
    """A time in seconds."""
    return _number(text, "more than 0 seconds", 0.001)


def _number(text: str, meant: str, least: float) -> float:
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) and float(text) >= least:
        return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} makes no sense; give {meant}")
