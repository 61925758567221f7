"""`python -m tests.fuzz.coverage_guided`: the parsers under atheris, which looks for inputs that reach new code.

It needs atheris, which is no dependency of the tests: `make fuzz-coverage` installs it. The parsers are imported inside
its instrumentation, so nothing here may import them before.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

NAMES: Final = ("query", "json", "form", "multipart", "authorization", "prefer", "masked", "world-json", "world-yaml")
_INSTRUMENTED: Final = (
    "waldur_billing_mock.mock_server.web",
    "waldur_billing_mock.mock_server.spec",
    "waldur_billing_mock.mock_server.control.prefer",
    "waldur_billing_mock.mock_server.world_text",
    "waldur_billing_mock.mock_server.world_file",
    "waldur_billing_mock.mock_server.world_values",
    "email",
    "urllib",
    "json",
)


def targets() -> Mapping[str, Callable[[bytes], None]]:
    """The parsers by name, each as a function of bytes. They are imported here."""
    from tests.fuzz import parsers, worlds
    from waldur_billing_mock.mock_server.world_text import WorldText

    def world(content: bytes, *, is_yaml: bool) -> None:
        worlds.check_world(WorldText("a file", content.decode("utf-8", "replace"), is_yaml))

    def multipart(content: bytes) -> None:
        head, _, body = content.partition(b"\n")
        content_type = b"multipart/form-data; boundary=edge" + head
        places = [place * 7 % (len(body) + 1) for place in head[:4]]
        parsers.check_multipart(((((b"Content-Type", content_type),), body), places))

    def query(content: bytes) -> None:
        known = parsers.all_queries()
        validator, _ = known[content[0] % len(known) if content else 0]
        parsers.check_query((validator, content[1:]))

    def masked(content: bytes) -> None:
        path, _, sent = content.decode("latin-1").partition("?")
        parsers.check_masked((path, sent))

    functions: Sequence[Callable[[bytes], None]] = (
        query,
        parsers.check_json,
        parsers.check_form,
        multipart,
        parsers.check_authorization,
        parsers.check_prefer,
        masked,
        lambda content: world(content, is_yaml=False),
        lambda content: world(content, is_yaml=True),
    )
    return dict(zip(NAMES, functions, strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzzes one parser for so many seconds, and ends the process: with 77 where an input is not handled."""
    parser = argparse.ArgumentParser(prog="make fuzz-coverage")
    parser.add_argument("parser", choices=NAMES)
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="draws the same inputs again (default: %(default)s)")
    given = parser.parse_args(arguments)
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=list(_INSTRUMENTED)):
        function = targets()[given.parser]
    options = [f"-max_total_time={given.seconds}", f"-seed={given.seed}", "-max_len=4096", "-timeout=20"]
    atheris.Setup([sys.argv[0], *options], function)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
