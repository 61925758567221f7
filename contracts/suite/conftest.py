"""Lets the suite run as plain pytest: the command line of `waldur-contracts` then stands in WALDUR_CONTRACTS."""

import os
import shlex
from collections.abc import Generator
from datetime import UTC, datetime

import pytest

from waldur_billing_mock.contracts import options
from waldur_billing_mock.contracts.plugin import NAME, ContractPlugin
from waldur_billing_mock.contracts.reports import terminal, write
from waldur_billing_mock.contracts.run import prepare
from waldur_billing_mock.contracts.settings import Unusable


def pytest_configure(config: pytest.Config) -> None:
    """Makes the plugin, unless `waldur-contracts` has brought one."""
    if any(isinstance(plugin, ContractPlugin) for plugin in config.pluginmanager.get_plugins()):
        return
    try:
        settings = options.settings(shlex.split(os.environ.get("WALDUR_CONTRACTS", "--profile quick")))
        bench = prepare(settings, datetime.now(UTC).date())
    except Unusable as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(ContractPlugin(bench, lambda result, number, all: None), NAME)


@pytest.hookimpl(wrapper=True)
def pytest_unconfigure(config: pytest.Config) -> Generator[None, None, None]:
    """Takes back what was changed, and writes the reports."""
    plugin = config.pluginmanager.get_plugin(NAME)
    if isinstance(plugin, ContractPlugin):
        verdict = plugin.verdict()
        write(verdict, plugin.bench.settings)
        print(terminal.summary(verdict))
    yield
