"""Changes of a function: every one that an operator, a comparison, a number or a condition of it allows."""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True)
class Mutant:
    """One change: the qualified name of the function, the line, what was changed, and the changed function.

    `number` counts equal changes of a function from 1, so that the id is unique without the line, which moves.
    """

    function: str
    line: int
    change: str
    number: int
    definition: ast.FunctionDef

    @property
    def id(self) -> str:
        which = f" (no. {self.number})" if self.number > 1 else ""
        return f"{self.function}: {self.change}{which}"


def mutants(module: ast.Module) -> Iterator[Mutant]:
    """All changes of the functions and methods of a module, in their order."""
    for name, definition in functions(module.body):
        seen: Counter[str] = Counter()
        for index in range(sum(1 for _ in _places(definition))):
            changed = copy.deepcopy(definition)
            place = next(islice(_places(changed), index, None))
            before, line = _shown(place), getattr(place, "lineno", definition.lineno)
            _change(place)
            changed.decorator_list = []
            change = " ".join(f"{before} -> {_shown(place)}".split())
            seen[change] += 1
            yield Mutant(name, line, change, seen[change], ast.fix_missing_locations(changed))


def functions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions and methods in a body, by qualified name."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            yield prefix + statement.name, statement
        elif isinstance(statement, ast.ClassDef):
            yield from functions(statement.body, f"{prefix}{statement.name}.")


def _places(definition: ast.FunctionDef) -> Iterator[ast.AST]:
    """What can be changed. Annotations, defaults of parameters and texts are left alone."""
    for statement in definition.body:
        for node in ast.walk(statement):
            match node:
                case ast.BinOp(op=operator) if type(operator) in _OPERATORS and not _is_text(node):
                    yield node
                case ast.Compare(ops=[operator]) if type(operator) in _COMPARISONS:
                    yield node
                case ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.IfExp():
                    yield node
                case ast.If() | ast.While():
                    yield node
                case ast.Constant(value=bool()) | ast.Constant(value=int()):
                    yield node
                case _:
                    pass


def _shown(place: ast.AST) -> str:
    """The code of a place; of a statement its condition alone."""
    if isinstance(place, ast.If | ast.While):
        return f"{'if' if isinstance(place, ast.If) else 'while'} {ast.unparse(place.test)}"
    return ast.unparse(place)


def _is_text(node: ast.BinOp) -> bool:
    return any(
        isinstance(side, ast.Constant | ast.JoinedStr) and not _is_number(side) for side in (node.left, node.right)
    )


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _change(node: ast.AST) -> None:
    match node:
        case ast.BinOp(op=operator):
            node.op = _OPERATORS[type(operator)]()
        case ast.Compare(ops=[comparison]):
            node.ops = [_COMPARISONS[type(comparison)]()]
        case ast.BoolOp(op=ast.And()):
            node.op = ast.Or()
        case ast.BoolOp():
            node.op = ast.And()
        case ast.UnaryOp():
            node.op = ast.UAdd() if _is_number(node.operand) else node.op
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
        case ast.IfExp():
            node.body, node.orelse = node.orelse, node.body
        case ast.If() | ast.While():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=int(value)):
            node.value = value + 1
        case _:
            raise TypeError(f"{node} cannot be changed.")
