"""Lets the suite run as plain pytest: the command line of `waldur-contracts` then stands in WALDUR_CONTRACTS."""

import os
import shlex
from collections.abc import Generator
from datetime import UTC, datetime

import pytest

from waldur_billing_mock.contracts import options
from waldur_billing_mock.contracts.plugin import NAME, ContractPlugin
from waldur_billing_mock.contracts.redaction import Redactor
from waldur_billing_mock.contracts.reports import report_of, terminal, write
from waldur_billing_mock.contracts.run import prepare
from waldur_billing_mock.contracts.settings import Unusable


def pytest_configure(config: pytest.Config) -> None:
    """Makes the plugin."""
    try:
        settings = options.settings(shlex.split(os.environ.get("WALDUR_CONTRACTS", "--profile quick")))
        runner = prepare(settings, datetime.now(UTC))
    except Unusable as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(ContractPlugin(runner), NAME)


@pytest.hookimpl(wrapper=True)
def pytest_unconfigure(config: pytest.Config) -> Generator[None, None, None]:
    """Undoes what was changed, and writes the reports."""
    plugin = config.pluginmanager.get_plugin(NAME)
    if isinstance(plugin, ContractPlugin):
        settings = plugin.runner.settings
        redact = Redactor((settings.token, *settings.role_tokens.values()))
        report = report_of(plugin.verdict())
        write(report, settings, redact)
        print(redact(terminal.summary(report)))
    yield
