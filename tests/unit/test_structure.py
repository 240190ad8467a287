"""Arrows point one way: cli → tasks → rigwright, tests/host → rigwright; sim knows nothing of the others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "rigd",
    "fetch",
    "save",
    "rigwright",
    "tasks",
    "cli",
    "sim",
    "bench",
    "tests",
    "tests/host",
    "tests/unit",
    "tests/system",
)
MAY_IMPORT = {
    "rigd": set(),
    "fetch": set(),
    "save": set(),
    "rigwright": set(),
    "tasks": {"rigwright", "rigd", "fetch", "save"},  # all three: to pack them
    "cli": {"tasks", "rigwright", "sim", "rigd"},  # sim: `rig try`; both: `rig simulate`
    "sim": set(),
    "bench": {"cli", "rigwright", "sim", "rigd"},
    "tests/host": {"rigwright"},
    "deploy.py": {"tasks", "rigwright"},
    "config.py": {"rigwright"},
    "inventory": set(),
    "profiles": set(),
    "group_data": set(),
}
PRINTERS = {"click", "rich"}


def modules(part: str) -> list[Path]:
    place = ROOT / part
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


def part_of(module: str) -> str:
    """The part of the product that a module belongs to."""
    first, *more = module.split(".")
    return f"tests/{more[0]}" if first == "tests" and more else first


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, at whatever place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports say in full where from"
            yield node.module or ""


def printing(tree: ast.AST) -> Iterator[str]:
    """What writes to somebody's screen."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "input"):
            yield f"line {node.lineno}: {node.func.id}()"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr", "sys.__stdout__"):
            yield f"line {node.lineno}: {ast.unparse(node)}"
    yield from (f"import of {name}" for name in imported(tree) if name.split(".")[0] in PRINTERS)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_arrows_point_one_way(part: str) -> None:
    assert modules(part)
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(part)
        for name in imported(parsed(path))
        if part_of(name) in PARTS and part_of(name) not in MAY_IMPORT[part] | {part}
    ]
    assert wrong == []


def test_the_library_prints_nothing() -> None:
    found = {str(path.relative_to(ROOT)): list(printing(parsed(path))) for path in modules("rigwright")}
    assert len(found) > 100
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "text", ["print('x')", "import sys\nsys.stderr.write('x')", "from rich.console import Console", "def f(): input()"]
)
def test_what_prints_is_seen(text: str) -> None:
    assert len(list(printing(ast.parse(text)))) == 1
