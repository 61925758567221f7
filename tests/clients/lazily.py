"""Runs a script with the real client, whose models are imported one by one when they are used: `lazily.py SCRIPT`.

The package `waldur_api_client.models` imports 3,000 modules at once, which takes four seconds; a script needs a few.
Run by a client environment's Python. `tests/tools/test_how_to.py` runs a program of a page without it.
"""

import ast
import runpy
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

MODELS = "waldur_api_client.models"
LAZILY = Path(__file__)


class Models(ModuleType):
    """The package of the models, without anything in it yet. `places` are their modules, by the names of classes."""

    def __init__(self, folder: str, places: Mapping[str, str]) -> None:
        super().__init__(MODELS)
        self.__path__ = [folder]
        self._places = places

    def __getattr__(self, name: str) -> Any:
        if name not in self._places:
            raise AttributeError(f"{MODELS} has no {name}")
        return getattr(import_module(f"{MODELS}.{self._places[name]}"), name)


def install() -> None:
    """Puts the package without contents into the place of the real one, which must not be imported yet."""
    spec = find_spec(MODELS)
    if spec is None or spec.origin is None:
        raise ImportError(f"{MODELS} is not installed for {sys.executable}")
    source = Path(spec.origin)
    places = {
        alias.asname or alias.name: str(statement.module)
        for statement in ast.parse(source.read_text(encoding="utf-8")).body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    sys.modules[MODELS] = Models(str(source.parent), places)


if __name__ == "__main__":
    install()
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
