"""`waldur-mock compare`: options in, a report and an exit code out."""

import argparse
import sys
from collections.abc import Mapping

from waldur_billing_mock.contracts.options import server_address, token
from waldur_billing_mock.contracts.redaction import Redactor
from waldur_billing_mock.contracts.settings import Settings
from waldur_billing_mock.contracts.target import open_target
from waldur_billing_mock.mock_server.traffic.compare import Comparing, side


def run_compare(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Compares two servers: 0 where they say the same, 1 where they differ. Raises `Unusable`."""
    given = (
        ("--token-env", options.token_env, options.one),
        ("--other-token-env", options.other_token_env, options.other),
    )
    both = [
        Settings(
            target=server_address(url, "the address"),
            token=token(option, name, environment) if name is not None else "",
            rate=options.rate_limit,
            timeout=options.timeout,
            max_time=float("inf"),
            authority=options.ca,
        )
        for option, name, url in given
    ]
    redact = Redactor(settings.token for settings in both)
    targets = [open_target(settings) for settings in both]
    try:
        comparison = Comparing(
            *map(side, targets),
            reach=options.rows,
            size=options.objects,
            shows_data=options.show_data or all(settings.on_loopback for settings in both),
        ).run()
    finally:
        for target in targets:
            target.close()
    text = comparison.to_json() if options.format == "json" else comparison.to_text()
    sys.stdout.write(redact(text))
    return comparison.exit_code
