"""How a rebuild is shown: each part as it begins and ends, and all of them with their times at the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from cli.rebuild.parts import Part, Result

if TYPE_CHECKING:
    from cli.rebuild.course import Ended
    from rigwright.spec.faults import Fault

WORTH_A_LINE_S = 1.0
"""A layer that took less has no line of its own."""
NAMED = 12
"""So many further lines of a part are shown; the document has all of them."""
AGAIN = "Run the same again to go on: what is done is not done twice."
_WHOLE, _AS_FAR = "as declared", "as declared, as far as could be told"
_GOOD = (_WHOLE, _AS_FAR)
_CUT_OFF = {Result.LOST, Result.INTERRUPTED}
_ENDS = (Result.FAILED, Result.LOST, Result.INTERRUPTED)
"""What counts as the host's error in the document."""
_STYLE = {
    Result.DONE: "green",
    Result.NOTHING: "dim",
    Result.LEFT_OUT: "dim",
    Result.OUTSTANDING: "bold yellow",
    Result.UNTOLD: "bold yellow",
    Result.INTERRUPTED: "bold yellow",
    Result.FAILED: "bold red",
    Result.LOST: "bold red",
}


class Shown:
    """For people; ``silent``: for programs, which get a document at the end."""

    def __init__(self, host: str, silent: bool) -> None:
        self._host, self._silent = host, silent

    def say(self, text: str) -> None:
        """A line, now."""
        if not self._silent:
            click.echo(f"{self._host}: {text}")

    def begins(self, name: str) -> None:
        """A part begins."""
        self.say(f"[{name}] …")

    def waiting(self, text: str) -> AbstractContextManager[Any]:
        """While this is entered, a terminal shows that it goes on, and for how long."""
        from cli import console  # noqa: PLC0415

        if self._silent or not console.out().is_terminal:
            return nullcontext()
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
        progress = Progress(*columns, console=console.out(), transient=True)
        progress.add_task(f"{self._host}: {text}", total=None)
        return progress

    def ended(self, part: Part) -> None:
        """A part has ended."""
        told = part.told
        said = f": {told.said}" if told.said else ""
        self.say(f"[{part.name}] {told.result} in {duration(part.seconds)}{said}")
        for line in told.more[:NAMED]:
            self.say(f"    {line}")
        if len(told.more) > NAMED:
            self.say(f"    and {len(told.more) - NAMED} more")

    def all(self, ended: Ended) -> None:
        """The table at the end, and what to do now."""
        if self._silent:
            return
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        from cli import console  # noqa: PLC0415

        table = Table("part", "result", "time", box=None, header_style="bold", pad_edge=False)
        for part in ended.parts:
            result = part.told.result
            table.add_row(part.name, Text(str(result), style=_STYLE[result]), duration(part.seconds))
            for layer, spent in part.told.layers.items():
                if spent >= WORTH_A_LINE_S:
                    table.add_row(Text(f"  {layer}", "dim"), "", Text(duration(spent), "dim"))
        click.echo()
        console.out().print(table)
        end = how_it_ended(ended)
        click.echo(f"{self._host}: {end}, after {duration(ended.seconds)}")
        if end not in _GOOD:
            click.echo(AGAIN, err=True)


def how_it_ended(ended: Ended) -> str:
    """In a few words."""
    results = {part.told.result for part in ended.parts}
    if results & _CUT_OFF:
        return "not at its end"
    if Result.FAILED in results:
        return "not as declared"
    if Result.OUTSTANDING in results:
        return "something is outstanding"
    return _AS_FAR if Result.UNTOLD in results else _WHOLE


def duration(seconds: float) -> str:
    """For people: 0.4 s, 12 s, 3 min 5 s."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def print_document(host: str | None, ended: Ended | None, status: int, faults: Sequence[Fault]) -> None:
    """What --json prints, see docs/json.md."""
    hosts: list[dict[str, Any]] = []
    if host is not None and ended is not None:
        parts = [part.as_dict() for part in ended.parts]
        bad = next((part.told for part in ended.parts if part.told.result in _ENDS), None)
        hosts = [
            {
                "host": host, "parts": parts, "seconds": round(ended.seconds, 1),
                "error": (bad.said or "; ".join(bad.more)) if bad else None,
            }
        ]  # fmt: skip
    document = {
        "command": "rebuild",
        "exit_status": status,
        "faults": [fault.as_dict() for fault in faults],
        "hosts": hosts,
    }
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
