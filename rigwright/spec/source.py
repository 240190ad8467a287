"""Files of plain Python assignments: their values by running them, the place of every value by reading them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rigwright.spec.faults import DeclarationError, Fault
from rigwright.spec.origin import Origin
from rigwright.spec.position import Position, assignments


@dataclass(frozen=True)
class Source:
    """One file, run and read."""

    file: str
    """Relative to the project's root."""
    values: Mapping[str, Any]
    """Top-level names without those that begin with an underscore or were imported as modules, classes, functions."""
    positions: Mapping[str, Position]
    doc: str

    def position(self, name: str) -> Position:
        """Where a top-level name is assigned; the file's first line where that cannot be seen."""
        return self.positions.get(name, Position(1))


def read(path: Path, root: Path) -> Source:
    """Run one file and read its positions.

    Raises DeclarationError with one fault, its line included, if the file does not parse, or fails when run.
    """
    file = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, filename=str(path))
        code = compile(tree, str(path), "exec")
    except (SyntaxError, ValueError) as error:  # ValueError: not UTF-8, or a null byte in it
        line = error.lineno if isinstance(error, SyntaxError) else 1
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        raise _unreadable(file, line, "Python that parses", message) from error
    values: dict[str, Any] = {"__file__": str(path), "__name__": path.stem}
    try:
        exec(code, values)
    except DeclarationError:
        raise
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        raise _unreadable(file, _line_of(error, path), "a file that runs", message) from error
    plain = {name: value for name, value in values.items() if not name.startswith("_") and _is_data(value)}
    return Source(file, plain, assignments(tree), ast.get_docstring(tree) or "")


def _is_data(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool | bytes | list | tuple | dict | set | frozenset)


def _line_of(error: BaseException, path: Path) -> int | None:
    """The last line of this file that the exception passed through."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _unreadable(file: str, line: int | None, expected: str, message: str) -> DeclarationError:
    return DeclarationError(
        [file_fault("file.unreadable", expected, Origin("host", file, line), f"Python says: {message}.")]
    )


def file_fault(id: str, expected: str, origin: Origin, advice: str, value: str | None = None) -> Fault:
    """A fault of a file as such, of no host's key."""
    return Fault((), "", value, expected, None, origin, advice, id)


def allow_imports_from(root: Path) -> None:
    """Let the project's files import one another, as they can when pyinfra runs them from the project's folder."""
    if str(root) not in sys.path:
        sys.path.append(str(root))
