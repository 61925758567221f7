"""The command line: `waldur-mock` (`python -m mock_server`)."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final, Literal, NoReturn, cast

from waldur_billing_mock import mock_server
from waldur_billing_mock.fixtures import ScenarioError
from waldur_billing_mock.mock_server import arguments
from waldur_billing_mock.mock_server.control import ctl
from waldur_billing_mock.mock_server.printable import printable
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.world_text import WorldFileError
from waldur_billing_mock.openapi.document import DocumentError, to_json, to_yaml
from waldur_billing_mock.openapi.history import compare, history, render
from waldur_billing_mock.openapi.presentation import present
from waldur_billing_mock.openapi.revision import describe
from waldur_billing_mock.openapi.support import describe_support

USAGE_ERROR: Final = 2


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0, or 2 for what the user can correct."""
    given = list(sys.argv[1:] if words is None else words)
    if given[:1] == ["ctl"]:
        return ctl.main(given[1:])
    parser = arguments.parser()
    options = parser.parse_args(given)
    try:
        match options.command:
            case "serve":
                _serve(options)
            case "export":
                _export(options)
            case "spec":
                _spec(options)
            case "world-format":
                _world_format(options)
            case "scenario":
                _scenario(options)
            case "record":
                _record(options)
            case "compare":
                return _compare(options)
