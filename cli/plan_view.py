"""The plan and the outcome of an apply, for people: a table a host on a terminal, plain lines otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.progress import summary
from cli.styles import MARK, STYLE
from rigwright.engine.results import HostResult, OperationResult, Status

NAMED = 3
"""So many earlier steps are named one by one."""


def show(console: Console, results: Sequence[HostResult]) -> None:
    """Each host: what stands out, by layer, and a line that counts the rest."""
    for number, result in enumerate(results):
        if number and console.is_terminal:
            console.print()
        notable = [each for each in result.operations if each.status is not Status.UNCHANGED or each.remarks]
        if console.is_terminal:
            console.print(Text(result.host, "bold"))
            if notable:
                console.print(_table(notable))
            console.print(Text(summary(result)))
        else:
            for line in _lines(result, notable):
                console.print(line, markup=False, highlight=False, soft_wrap=True)


def _table(notable: Sequence[OperationResult]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", "layer", "operation", "why"):
        table.add_column(name, overflow="fold")
    before = None
    for operation in notable:
        table.add_row(
            Text(MARK[operation.status], style=STYLE[operation.status]),
            operation.layer if operation.layer != before else "",
            operation.name,
            Text("\n".join(_reasons(operation)), style=STYLE[Status.FAILED] if operation.error else ""),
        )
        before = operation.layer
    return table


def _lines(result: HostResult, notable: Sequence[OperationResult]) -> Iterator[str]:
    for operation in notable:
        reasons = "; ".join(_reasons(operation))
        status = "" if operation.status is Status.DEPENDS else f"{operation.status}{': ' if reasons else ''}"
        yield f"{result.host}: {operation.title}: {status}{reasons}"
    yield f"{result.host}: {summary(result)}"


def _reasons(operation: OperationResult) -> list[str]:
    if operation.error:
        return [*operation.error.splitlines(), *operation.remarks]
    if operation.status is Status.DEPENDS:
        return [f"depends on {_steps(operation.depends_on)}"]
    return [*operation.why, *operation.remarks]


def _steps(titles: Sequence[str]) -> str:
    """The steps by name, or, where a reader would lose the thread, how many of which layer."""
    if len(titles) <= NAMED:
        return ", ".join(titles)
    layers = Counter(title.partition(" | ")[0] for title in titles)
    return ", ".join(f"{count} step{'s' if count > 1 else ''} of {layer}" for layer, count in layers.items())
