"""The proof for people: how it goes on, and a table by layer of what holds, falls short and could not be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from cli import console
from rigwright.engine.proof import Answer, Proof, Verdict

STYLE = {Verdict.HOLDS: "green", Verdict.FALLS_SHORT: "bold red", Verdict.COULD_NOT_TELL: "yellow"}
MARK = {Verdict.HOLDS: "✓", Verdict.FALLS_SHORT: "✗", Verdict.COULD_NOT_TELL: "?"}
COUNTED = {
    Verdict.HOLDS: ("holds", "hold"),
    Verdict.FALLS_SHORT: ("falls short", "fall short"),
    Verdict.COULD_NOT_TELL: ("could not be told", "could not be told"),
}
"""In words, of one and of several."""


@contextmanager
def watched(as_json: bool, hosts: Sequence[str]) -> Iterator[Callable[[Proof], None]]:
    """A bar a host while the proof goes on; nothing where there is no terminal, or a document is to come."""
    if as_json or not console.out().is_terminal:
        yield lambda proof: None
        return
    bars = Progress(
        TextColumn("{task.fields[host]}", style="bold", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        console=console.out(),
        transient=True,
    )
    tasks = {host: bars.add_task("connecting", host=host, total=None) for host in hosts}

    def answered(proof: Proof) -> None:
        last = f"{proof.answers[-1].layer}: {proof.answers[-1].title}" if proof.answers else ""
        bars.update(tasks[proof.host], completed=len(proof.answers), total=proof.expected or None, description=last)

    with bars:
        yield answered


def show(screen: Console, proofs: Sequence[Proof], everything: bool) -> None:
    """Each host: by layer what stands out (``everything``: what holds as well), and the count of all three answers."""
    for proof in proofs:
        listed = [answer for answer in proof.answers if everything or answer.verdict is not Verdict.HOLDS]
        if screen.is_terminal:
            screen.print(_table(proof, listed))
        else:
            for answer in listed:
                reason = f": {_one_line(answer.message)}" if answer.message else ""
                screen.print(f"{proof.host}: {answer.layer}: {answer.title}: {answer.verdict}{reason}", soft_wrap=True)
        if proof.remark:
            screen.print(Text(f"{proof.host} {proof.remark}"), soft_wrap=True)
        if proof.error:
            screen.print(Text(f"{proof.host}: {proof.error}", style="bold red"), soft_wrap=True)
        if proof.answers or not proof.error:
            screen.print(Text(f"{proof.host}: {_counted(proof.answers)}", style="bold"), soft_wrap=True)


def _table(proof: Proof, listed: Sequence[Answer]) -> Table:
    table = Table(title=Text(proof.host, "bold"), title_justify="left", box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for layer in dict.fromkeys(answer.layer for answer in proof.answers):
        answers = [answer for answer in proof.answers if answer.layer == layer]
        table.add_row("", Text(layer, "bold"), Text(_counted(answers), "dim"), "")
        for answer in answers:
            if answer in listed:
                table.add_row(
                    Text(MARK[answer.verdict], STYLE[answer.verdict]),
                    "",
                    answer.title,
                    Text(answer.message or "", STYLE[answer.verdict]),
                )
    return table


def _counted(answers: Sequence[Answer]) -> str:
    counts = {verdict: sum(answer.verdict is verdict for answer in answers) for verdict in Verdict}
    shown = {verdict: count for verdict, count in counts.items() if count or verdict is Verdict.HOLDS}
    return ", ".join(f"{count} {COUNTED[verdict][count != 1]}" for verdict, count in shown.items())


def _one_line(text: str) -> str:
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())
