"""Puts a changed function in the place of another, and drops what the one before has computed."""

import ast
import gc
import sys
from collections.abc import Iterable, Iterator
from functools import _lru_cache_wrapper, cached_property
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

_OF_DESCRIPTIONS: Final = (
    "tests.descriptions",
    "waldur_billing_mock.contracts.description",
    "waldur_billing_mock.contracts.deviations",
    "waldur_billing_mock.mock_server.app._api",
    "waldur_billing_mock.mock_server.spec",
    "waldur_billing_mock.mock_server.start_world.description_of",
    "waldur_billing_mock.mock_server.web",
    "waldur_billing_mock.openapi",
)
"""Caches of what follows from the description and from texts alone: neither billing nor judging has a part in it."""
_OF_THE_MOCK: Final = (
    "waldur_billing_mock.fixtures",
    "waldur_billing_mock.mock_server.billing",
    "waldur_billing_mock.mock_server.operations",
    "waldur_billing_mock.mock_server.start_world",
)
"""Caches of the mock, which never runs the suite. To fill these and those above would take seconds for each change."""


def plain_function(module: Any, name: str) -> FunctionType:
    """The plain function behind a name: of a property, a method or a decorated function."""
    found = module
    for part in name.split("."):
        found = found.__dict__[part] if isinstance(found, type) else getattr(found, part)
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    found = getattr(found, "func", found)
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    if not isinstance(found, FunctionType):
        raise TypeError(f"{name} of {module} is no function: {found!r}.")
    return found


def code_in_place_of(function: FunctionType, definition: ast.FunctionDef) -> CodeType:
    """The code that has a function do what a definition says. Raises `ValueError` where it cannot."""
    # In a class of a function, names mean what they mean in a module, and `super()` finds its class.
    inside = ast.ClassDef("Inside", [], [], [definition], [])
    free = [ast.arg(name) for name in function.__code__.co_freevars if name != "__class__"]
    around = ast.FunctionDef("around", ast.arguments([], free, None, [], [], None, []), [inside], [])
    module = compile(ast.fix_missing_locations(ast.Module([around], [])), "mutant", "exec")
    code = next(one for one in _codes(module) if one.co_name == definition.name)
    if code.co_freevars != function.__code__.co_freevars:
        raise ValueError(f"{definition.name} needs {code.co_freevars}, not {function.__code__.co_freevars}.")
    return code


def _codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


def drop_results(changed: ModuleType) -> None:
    """Clears the caches of all modules of the project, those of the tests too, as they hold what `changed` computed."""
    drop_cached_properties(changed)
    of_the_suite = changed.__name__.startswith("waldur_billing_mock.contracts.")
    without_a_part = (*_OF_DESCRIPTIONS, *(_OF_THE_MOCK if of_the_suite else ()))
    for cached in _caches(list(sys.modules.values())):
        name = f"{cached.__module__}.{cached.__qualname__}"
        kept = any(name == one or name.startswith(f"{one}.") for one in without_a_part)
        if cached.__module__ == changed.__name__ or not kept:
            cached.cache_clear()


def drop_cached_properties(changed: ModuleType) -> None:
    """Drops the cached properties of all objects whose class is in a module."""
    cached = {
        kind: [name for name, member in vars(kind).items() if isinstance(member, cached_property)]
        for kind in vars(changed).values()
        if isinstance(kind, type) and kind.__module__ == changed.__name__
    }
    if any(cached.values()):
        for one in gc.get_objects():
            for name in cached.get(type(one), ()):
                vars(one).pop(name, None)


def _caches(modules: Iterable[ModuleType]) -> Iterator[Any]:
    """The cached functions and methods of the modules of this repository."""
    for module in modules:
        if not module.__name__.startswith(("tests.", "waldur_billing_mock.")):
            continue
        for member in list(vars(module).values()):
            inside = list(vars(member).values()) if isinstance(member, type) else []
            yield from (one for one in (member, *inside) if isinstance(one, _lru_cache_wrapper))
