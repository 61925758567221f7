"""Rules that no tool checks: who may import whom, where time and chance come from, what no file may name."""

import ast
import gzip
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.serving import ROOT
from waldur_billing_mock.mock_server.billing.world import TABLES

PACKAGES = ("contracts", "fixtures", "mock_server", "openapi")
INSTALLED_AS = "waldur_billing_mock."
NOT_OURS = {"__pycache__", "build", "dist", "node_modules", "waldur_billing_mock.egg-info"}
COMPOSITION_ROOT = {
    "mock_server/__main__.py",
    "mock_server/app.py",
    "mock_server/serve.py",
    "mock_server/settings.py",
}


class Layer(NamedTuple):
    """What a folder may import: everything but `never`, or nothing but `only`."""

    folder: str
    never: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None

    def forbids(self, imported: str) -> bool:
        """Whether an import crosses the layer's border."""
        if self.only is not None:
            return not is_below(imported, self.only)
        return is_below(imported, self.never)


STANDARD = tuple(sys.stdlib_module_names)
LAYERS = (
    Layer("mock_server/tables", only=(*STANDARD, "immutables", "mock_server.tables")),
    Layer("mock_server/billing", only=(*STANDARD, "pycountry", "mock_server.billing", "mock_server.tables")),
    Layer(
        "mock_server/spec",
        never=(
            "mock_server.billing",
            "mock_server.web",
            "mock_server.operations",
            "fixtures",
            "starlette",
            "uvicorn",
        ),
    ),
    Layer(
        "mock_server/web", never=("mock_server.billing", "mock_server.operations", "mock_server.control", "fixtures")
    ),
    Layer("mock_server/operations", never=("mock_server.control", "fixtures", "starlette", "uvicorn")),
    Layer("mock_server/control", never=("mock_server.testing", "mock_server.pages")),
    Layer("fixtures", only=(*STANDARD, "faker", "yaml", "fixtures", "mock_server.billing")),
