"""The words of `waldur-mock proxy`. Nothing heavy is imported here."""

from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.mock_server.recording.options import seconds

REPORTS: Final = ("html", "json", "junit", "markdown", "sarif")
"""The forms of reports, as `waldur-contracts` names them."""


def add_proxy(command: Any, port: Any) -> None:
    """The options of `proxy`. `port` reads a port."""
    command.add_argument("url", metavar="URL", help="the address of the server: scheme, host and port")
    command.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    command.add_argument("--port", type=port, default=8090, help="0 picks a free one (default: %(default)s)")
    command.add_argument("--timeout", type=seconds, default=60.0, metavar="S", help="of the server (default: 60)")
    command.add_argument("--ca", type=Path, metavar="FILE", help="certificates of an authority of your own")
    command.add_argument(
        "--keep-host",
        action="store_true",
        help="send the client's Host header on, so that links in answers lead to the proxy (default: the server's)",
    )
    command.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name by which /_mock/ may be called, besides localhost and addresses; repeatable (default: none)",
    )
    judging = command.add_argument_group("what answers are judged by")
    judging.add_argument(
        "--revision", default="auto", metavar="NAME", help="which Waldur the server is (default: auto, asks the server)"
    )
    judging.add_argument(
        "--token-env",
        metavar="NAME",
        help="the environment variable with a token, to find the revision (default: that of a mock on this machine)",
    )
    judging.add_argument("--show-data", action="store_true", help="show values (default: of this machine's servers)")
    passing = command.add_argument_group("what passes")
    passing.add_argument(
        "--read-only", action="store_true", help="refuse with 403 what is no reading (default: send everything)"
    )
    passing.add_argument(
        "--fallback", choices=("mock",), help="answer from a mock what the server lacks (default: as the server does)"
    )
    passing.add_argument(
        "--fallback-scenario", default="default", metavar="NAME", help="the world of that mock (default: %(default)s)"
    )
    results = command.add_argument_group("results")
    results.add_argument(
        "--record", type=Path, metavar="FILE", help="write what passes to an HTTP archive, secrets masked"
    )
    for name in REPORTS:
        results.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write a report in {name} at the end")
    results.add_argument("--quiet", action="store_true", help="print no summary at the end (default: print it)")
