"""Where `rig` writes: results to stdout, all about them to stderr; colour and fitting to a width on terminals only."""

from __future__ import annotations

from functools import cache

from rich.console import Console

_PIPE_WIDTH = 400
"""Columns where there is no terminal: lines are not broken for a reader that is a program."""


@cache
def out() -> Console:
    """Results."""
    return _console(stderr=False)


@cache
def err() -> Console:
    """Faults, progress, remarks."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        console = Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=_PIPE_WIDTH)
    return console
