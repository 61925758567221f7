"""The words of `waldur-mock compare`. Nothing heavy is imported here."""

from pathlib import Path
from typing import Any

from waldur_billing_mock.mock_server.recording.options import positive, rate, seconds


def add_compare(command: Any) -> None:
    """The options of `compare`."""
    command.add_argument("one", metavar="A", help="the address of a server")
    command.add_argument("other", metavar="B", help="the address of another one")
    for name, server in (("--token-env", "A"), ("--other-token-env", "B")):
        command.add_argument(
            name,
            metavar="NAME",
            help=f"the environment variable with the token for {server} (default: that of a mock on this machine)",
        )
    command.add_argument("--rows", type=positive, default=3000, metavar="N", help="of a list (default: 3000)")
    command.add_argument("--objects", type=positive, default=5, metavar="N", help="of each kind (default: 5)")
    command.add_argument("--rate-limit", type=rate, metavar="N", help="a second (default: 5, no limit on this machine)")
    command.add_argument("--timeout", type=seconds, default=30.0, metavar="S", help="of a request (default: 30)")
    command.add_argument("--ca", type=Path, metavar="FILE", help="certificates of an authority of your own")
    command.add_argument("--show-data", action="store_true", help="show values (default: of this machine's servers)")
    command.add_argument("--format", choices=("text", "json"), default="text", help="of the report (default: text)")
