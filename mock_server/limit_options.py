"""The options of `waldur-mock serve` by which the limits on requests are chosen."""

import argparse
from dataclasses import fields
from typing import Any, Final

from waldur_billing_mock.mock_server.web.limits import LARGEST, Limits

_DEFAULTS: Final = Limits()
_OPTIONS: Final = {
    "body_bytes": ("max-body-bytes", "bytes of a JSON or form body, and of all fields of a multipart form: 413"),
    "upload_bytes": ("max-upload-bytes", "bytes of a multipart form with its files: 413"),
    "fields": ("max-fields", "fields of a form: 413"),
    "files": ("max-files", "files of a multipart form: 413"),
    "json_depth": ("max-json-depth", "arrays and objects inside each other: 400"),
    "url_bytes": ("max-url-bytes", "bytes of a path with its query: 414"),
    "headers": ("max-headers", "headers of a request: 431"),
    "head_bytes": ("max-head-bytes", "bytes of the request line and all headers: 431"),
    "connections": ("max-connections", "connections at one time: 503"),
    "silence_seconds": (
        "max-silence",
        "seconds that a head may take, or that may pass without a part of a body: the connection is closed",
    ),
}
"""Field of `Limits`: the option, and what is limited and how more of it is answered."""


def add_limits(command: argparse.ArgumentParser) -> None:
    """An option for each limit, in a group of its own in the help."""
    group = command.add_argument_group("limits on requests", "What is more is refused with the named status.")
    for one in fields(Limits):
        option, what = _OPTIONS[one.name]
        group.add_argument(
            f"--{option}",
            dest=_destination(one.name),
            type=_number_of(one.name),
            default=getattr(_DEFAULTS, one.name),
            metavar="SECONDS" if one.name == "silence_seconds" else "N",
            help=f"{what} (default: %(default)s)",
        )


def limits(options: argparse.Namespace) -> Limits:
    """The limits that were chosen."""
    return Limits(**{one.name: getattr(options, _destination(one.name)) for one in fields(Limits)})


def _destination(name: str) -> str:
    return f"limit_{name}"


def _number_of(name: str) -> Any:
    """Reads the number of an option. The function raises `argparse.ArgumentTypeError` for one out of range."""
    largest = LARGEST.get(name, 10**12)

    def number(text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) <= 13 and 1 <= int(text) <= largest:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {largest:,}")

    return number
