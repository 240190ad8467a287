"""Faults of a declaration for people: one under the other, each with its place and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from cli import console
from rigwright.spec.faults import Fault


def show_faults(faults: Sequence[Fault]) -> None:
    """Write faults to stderr."""
    screen = console.err()
    for fault in faults:
        screen.print(_text(fault), soft_wrap=not screen.is_terminal)
    errors = sum(fault.severity == "error" for fault in faults)
    if errors:
        screen.print(Text(f"{errors} fault{'s' if errors > 1 else ''}; nothing was connected to.", "bold red"))


def _text(fault: Fault) -> Text:
    style = "bold red" if fault.severity == "error" else "bold yellow"
    text = Text()
    if fault.severity == "warning":
        text.append("warning: ", style)
    text.append(fault.subject or "declaration", style)
    if fault.origin is not None:
        text.append(f"  [{fault.origin}]", "cyan")
    for label, words in (("expected", fault.expected), ("nearest", fault.nearest), ("do", fault.advice)):
        if words:
            text.append(f"\n    {label:<9} ", "dim").append(words)
    return text
