"""A served mock whose world and journal are as large as a soak needs: `python -m tests.soak.server serve ...`."""

import argparse

from waldur_billing_mock.fixtures import Size
from waldur_billing_mock.mock_server.serve import serve
from waldur_billing_mock.mock_server.settings import Settings

SMALL = Size(customers=5, months=3, items_per_invoice=5)


def main() -> None:
    """Serves until SIGTERM. The journal is that of the command `waldur-mock`, or has so many bytes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal-bytes", type=int, default=Settings().journal_bytes)
    given = parser.parse_args()
    serve(Settings(port=given.port, size=SMALL, quiet=True, journal_bytes=given.journal_bytes))


if __name__ == "__main__":
    main()
