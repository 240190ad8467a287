"""How a run goes on, as it goes: a live line a host on a terminal, plain lines otherwise."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from cli.styles import MARK, STYLE
from rigwright.engine.results import HostResult, OperationResult, Outcome, Status, Watcher

STOPPING = "Stopping after the command that is running now (Ctrl-C again: leave it running on the host and go)."


class Silent(Watcher):
    """Says nothing: for --json."""

    def shown(self) -> AbstractContextManager[Any]:
        """Nothing to set up."""
        return nullcontext()


class Lines(Silent):
    """One line for each thing that happened: for pipes and log files."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._planned: set[tuple[str, str]] = set()

    def connected(self, host: str, remark: str | None = None) -> None:
        """Say so."""
        self._say(host, "connected")
        if remark:
            self.console.print(f"{host} {remark}", markup=False, highlight=False, soft_wrap=True)

    def looked(self, result: HostResult) -> None:
        """Keep what is planned: of that, the beginning is worth a line, for it may take long."""
        self._planned |= {(result.host, operation.title) for operation in result.pending}

    def started(self, host: str, title: str) -> None:
        """Say what begins."""
        if (host, title) in self._planned:
            self._say(host, f"{title} …")

    def finished(self, host: str, result: OperationResult) -> None:
        """Say how it ended, where something was planned or done."""
        if result.status is Status.UNCHANGED and (host, result.title) not in self._planned:
            return
        took = f" ({result.seconds:.1f} s)" if result.seconds is not None else ""
        self._say(host, f"{result.title}: {result.status}{took}")
        for line in (result.error or "").splitlines():
            self._say(host, f"    {line}")

    def stopping(self) -> None:
        """Say how to leave at once."""
        self.console.print(STOPPING, markup=False, highlight=False)

    def _say(self, host: str, text: str) -> None:
        self.console.print(f"{host}: {text}", markup=False, highlight=False, soft_wrap=True)


class Live(Silent):
    """A line that moves for each host, and under the lines of what was changed or failed."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.fields[host]}"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._tasks: dict[str, Any] = {}
        self._began = time.monotonic()

    def shown(self) -> AbstractContextManager[Any]:
        """While this is entered, the lines are on the terminal."""
        return self._progress

    def connecting(self, hosts: Sequence[str]) -> None:
        """A line for each host."""
        for host in hosts:
            self._tasks[host] = self._progress.add_task("connecting", host=host, total=None)

    def connected(self, host: str, remark: str | None = None) -> None:
        """The next thing is to look. What is unusual stays on the terminal."""
        self._progress.update(self._tasks[host], description="connected")
        if remark:
            self._progress.console.print(Text.assemble((host, "bold"), f" {remark}"))

    def looking(self, host: str, title: str) -> None:
        """What is being looked at."""
        self._progress.update(self._tasks[host], description=title)

    def looked(self, result: HostResult) -> None:
        """The line of a host that is done goes."""
        self._progress.update(self._tasks[result.host], description=summary(result), visible=False)

    def started(self, host: str, title: str) -> None:
        """What is being done, and since when."""
        self._progress.reset(self._tasks[host], description=title, visible=True)

    def finished(self, host: str, result: OperationResult) -> None:
        """Changes and failures stay on the terminal."""
        if result.status is Status.UNCHANGED:
            return
        took = f"  {result.seconds:.1f} s" if result.seconds is not None else ""
        line = Text.assemble(
            (f"{MARK[result.status]} ", STYLE[result.status]), (host, "bold"), f"  {result.title}", (took, "dim")
        )
        self._progress.console.print(line)
        for error in (result.error or "").splitlines():
            self._progress.console.print(Text(f"    {error}", style=STYLE[Status.FAILED]))

    def stopping(self) -> None:
        """Say how to leave at once."""
        self._progress.console.print(Text(STOPPING, style="yellow"))


def summary(result: HostResult) -> str:
    """One line on a host: its error, or how many operations of which kind."""
    if result.error:
        return f"{result.outcome}: {result.error}"
    counts = {status: len(result.with_status(status)) for status in Status}
    parts = [f"{count} {status}" for status, count in counts.items() if count and status is not Status.UNCHANGED]
    if not parts:
        looked_at = counts[Status.UNCHANGED]
        return f"as declared ({looked_at} operation{'s' if looked_at != 1 else ''}, nothing to do)"
    rest = f", {counts[Status.UNCHANGED]} unchanged" if counts[Status.UNCHANGED] else ""
    failed = f"{Outcome.FAILED}: " if result.outcome is Outcome.FAILED else ""
    return f"{failed}{', '.join(parts)}{rest}"
