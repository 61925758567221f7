"""`python -m tests.fuzz.coverage_guided`: the parsers under atheris, which looks for inputs that reach new code.

It needs atheris, which is no dependency of the tests: `make fuzz-coverage` installs it.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tests.fuzz import parsers
from tests.fuzz.worlds import check_world
from waldur_billing_mock.mock_server.world_text import WorldText


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _multipart(content: bytes) -> None:
    head, _, body = content.partition(b"\n")
    content_type = b"multipart/form-data; boundary=edge" + head
    places = [place * 7 % (len(body) + 1) for place in head[:4]]
    parsers.check_multipart(((((b"Content-Type", content_type),), body), places))


def _query(content: bytes) -> None:
    known = parsers.all_queries()
    query, _ = known[content[0] % len(known) if content else 0]
    parsers.check_query((query, content[1:]))


def _masked(content: bytes) -> None:
    path, _, query = content.decode("latin-1").partition("?")
    parsers.check_masked((path, query))


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "query": _query,
    "json": parsers.check_json,
    "form": parsers.check_form,
    "multipart": _multipart,
    "authorization": parsers.check_authorization,
    "prefer": parsers.check_prefer,
    "masked": _masked,
    "world-json": lambda content: check_world(WorldText("a file", _text(content))),
    "world-yaml": lambda content: check_world(WorldText("a file", _text(content), is_yaml=True)),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzzes one target for so many seconds, and ends the process: with 77 where an input is not handled."""
    parser = argparse.ArgumentParser(prog="make fuzz-coverage")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same inputs (default: %(default)s)"
    )
    given = parser.parse_args(arguments)
    atheris: Any = importlib.import_module("atheris")
    for name in [name for name in sys.modules if name.startswith("waldur_billing_mock.mock_server")]:
        if name.endswith((".body", ".multipart", ".query", ".request", ".access", ".prefer", ".world_text")):
            _instrument(atheris, sys.modules[name])
    options = [
        f"-max_total_time={given.seconds}",
        f"-seed={given.seed}",
        "-max_len=4096",
        "-timeout=20",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options], TARGETS[given.target])
    atheris.Fuzz()
    return 0


def _instrument(atheris: Any, module: Any) -> None:
    for value in vars(module).values():
        code = getattr(value, "__code__", None)
        if code is not None and getattr(value, "__module__", "") == module.__name__:
            atheris.instrument_func(value)


if __name__ == "__main__":
    sys.exit(main())
