"""What plan and apply have in common: a run of the engine, who watches it, its exit status, its document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cli import exit_codes

if TYPE_CHECKING:
    from cli.progress import Silent
    from rigwright.engine.results import HostResult, Watcher
    from rigwright.engine.run import Run
    from rigwright.spec.faults import Fault
    from rigwright.spec.load import Declarations


def start(declared: Declarations, layers: Sequence[str], watcher: Watcher) -> Run:
    """A run of the declared hosts and these layers, not connected yet."""
    # pyinfra takes most of a second to import, and changes the whole process: only for those who need it.
    from rigwright.engine.run import Run  # noqa: PLC0415  # isort: skip
    from rigwright.engine.layers import KEY  # noqa: PLC0415
    from rigwright.spec.load import use  # noqa: PLC0415

    use(declared)
    return Run(declared.root, declared.connections, data={KEY: list(layers)}, watcher=watcher)


def watcher_for(as_json: bool) -> Silent:
    """Who shows how the run goes on: nobody beside a document; moving lines on a terminal, plain ones elsewhere."""
    from cli import console  # noqa: PLC0415
    from cli.progress import Lines, Live, Silent  # noqa: PLC0415

    if as_json:
        return Silent()
    return Live(console.out()) if console.out().is_terminal else Lines(console.out())


def show_warnings(declared: Declarations) -> None:
    """What holds of the declaration, but is worth a look: for people, on stderr."""
    from cli.faults import show_faults  # noqa: PLC0415  # rich is not imported for JSON

    show_faults(declared.warnings)


def exit_status(results: Sequence[HostResult]) -> int:
    """The worst of the hosts' outcomes: interrupted, failed, not reached, changes pending, as declared."""
    from rigwright.engine.results import Outcome  # noqa: PLC0415

    outcomes = {result.outcome for result in results}
    for outcome, status in (
        (Outcome.INTERRUPTED, exit_codes.INTERRUPTED),
        (Outcome.FAILED, exit_codes.FAILED),
        (Outcome.UNREACHABLE, exit_codes.UNREACHED),
        (Outcome.PENDING, exit_codes.PENDING),
    ):
        if outcome in outcomes:
            return status
    return exit_codes.HOLDS


def print_document(command: str, results: Sequence[HostResult], status: int, faults: Sequence[Fault] = ()) -> None:
    """What --json prints, see docs/json.md."""
    document = {
        "command": command,
        "exit_status": status,
        "faults": [fault.as_dict() for fault in faults],
        "hosts": [result.as_dict() for result in results],
    }
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
