"""Where in a Python file every value of a plain assignment stands, nested keys included."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Step: TypeAlias = str | int
"""One step into a value: a mapping's key or a list's index."""


@dataclass(frozen=True)
class Position:
    """The line of a value, and the positions of what it holds.

    A value that is computed (a call, a comprehension) has no children: what it holds stands where it does.
    """

    line: int
    children: Mapping[Step, Position] = field(default_factory=dict)

    def child(self, step: Step) -> Position:
        """The position of one key or index; this one where the file does not show it."""
        return self.children.get(step, Position(self.line))


def assignments(tree: ast.Module) -> dict[str, Position]:
    """The positions of a module's top-level names, e.g. for ``home = [("basement", {"driver": {"branch": 580}})]``
    ``assignments(tree)["home"].child(0).child(1).child("driver").child("branch").line``.
    """
    scope: dict[str, Position] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            scope[statement.target.id] = _grown(statement, statement.target.id, scope)
            continue
        else:
            for name in _bound(statement):
                scope.setdefault(name, Position(statement.lineno))
            continue
        position = _position(value, scope)
        for target in targets:
            if isinstance(target, ast.Name):
                scope[target.id] = Position(target.lineno, position.children)
    return scope


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in statement.names)
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _grown(statement: ast.AugAssign, name: str, scope: Mapping[str, Position]) -> Position:
    """``name += [...]`` and ``name |= {...}``: what was there stays where it was."""
    before = scope.get(name, Position(statement.lineno))
    added = _position(statement.value, scope)
    if isinstance(statement.op, ast.Add):
        return Position(before.line, _joined(before, added))
    if isinstance(statement.op, ast.BitOr):
        return Position(before.line, {**before.children, **added.children})
    return Position(statement.lineno)


def _position(node: ast.expr, scope: Mapping[str, Position]) -> Position:
    match node:
        case ast.Dict():
            return Position(node.lineno, _of_dict(node, scope))
        case ast.List() | ast.Tuple():
            return Position(node.lineno, _of_sequence(node.elts, scope))
        case ast.Call(func=ast.Name(id="dict"), args=[]):
            return Position(node.lineno, _of_keywords(node.keywords, scope))
        case ast.Name() if node.id in scope:
            return scope[node.id]
        case ast.BinOp():
            return Position(node.lineno, _of_operation(node, scope))
    return Position(node.lineno)


def _of_operation(node: ast.BinOp, scope: Mapping[str, Position]) -> dict[Step, Position]:
    left, right = _position(node.left, scope), _position(node.right, scope)
    match node.op:
        case ast.Add():
            return _joined(left, right)
        case ast.BitOr():
            return {**left.children, **right.children}
    return {}


def _of_dict(node: ast.Dict, scope: Mapping[str, Position]) -> dict[Step, Position]:
    children: dict[Step, Position] = {}
    for name, value in zip(node.keys, node.values, strict=True):
        if name is None:
            children.update(_position(value, scope).children)
        elif isinstance(name, ast.Constant) and isinstance(name.value, str | int):
            children[name.value] = Position(name.lineno, _position(value, scope).children)
    return children


def _of_keywords(keywords: list[ast.keyword], scope: Mapping[str, Position]) -> dict[Step, Position]:
    children: dict[Step, Position] = {}
    for keyword in keywords:
        inner = _position(keyword.value, scope).children
        if keyword.arg is None:
            children.update(inner)
        else:
            children[keyword.arg] = Position(keyword.lineno, inner)
    return children


def _of_sequence(elements: list[ast.expr], scope: Mapping[str, Position]) -> dict[Step, Position]:
    children: dict[Step, Position] = {}
    for element in elements:
        if isinstance(element, ast.Starred):
            spread = _position(element.value, scope)
            if not spread.children:
                return children  # how many elements it stands for is not known: the rest stands where the list does
            children = _joined(Position(element.lineno, children), spread)
        else:
            children[len(children)] = _position(element, scope)
    return children


def _joined(left: Position, right: Position) -> dict[Step, Position]:
    """The children of two lists put together."""
    offset = len(left.children)
    together: dict[Step, Position] = dict(left.children)
    together.update({offset + step: child for step, child in right.children.items() if isinstance(step, int)})
    return together
