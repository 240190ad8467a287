"""`rig backup list`: the snapshots that there are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from cli import exit_codes
from cli.backup.hosts import LOOK_S, Outcome, ask, failed, on_hosts, save

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rigwright.engine.run import Run
    from rigwright.spec.load import Declarations

MB = 10**6


@click.command("list")
@click.argument("hosts", nargs=-1, metavar="[HOSTS]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def listing(hosts: tuple[str, ...], as_json: bool) -> int:
    """Show the snapshots of HOSTS (default: all with backups): when they were made, how large they are, what they hold.

    Exit status 0; 1: a repository cannot be opened; 3: a host could not be reached.
    """
    return shown(hosts, as_json)


def shown(hosts: tuple[str, ...], as_json: bool) -> int:
    """Show them; the exit status."""

    def work(declared: Declarations, run: Run) -> list[Outcome]:
        outcomes = []
        for name, answer in ask(run, lambda host: json.loads(save(host, "list", limit_s=LOOK_S))).items():
            if not isinstance(answer, dict):
                outcomes.append(failed(name, answer))
                continue
            snapshots = [{**each, "taken_at": at(each["taken_at"])} for each in answer["snapshots"]]
            outcomes.append(
                Outcome(name, exit_codes.HOLDS, told={"repository": answer["repository"], "snapshots": snapshots})
            )
        if not as_json:
            _show([each for each in outcomes if each.error is None])
        return outcomes

    return on_hosts("backup list", hosts, as_json, work)


def at(seconds: float) -> str:
    """A moment since the epoch, as ISO 8601 has it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _show(outcomes: Sequence[Outcome]) -> None:
    from rich.table import Table  # noqa: PLC0415

    from cli import console  # noqa: PLC0415

    table = Table("host", "snapshot", "made", "MB", "holds", box=None, header_style="bold", pad_edge=False)
    for each in outcomes:
        for snapshot in each.told["snapshots"]:
            table.add_row(each.host, *_row(snapshot))
        if not each.told["snapshots"]:
            console.out().print(
                f"{each.host}: no snapshot in {each.told['repository']} yet: rig backup run {each.host}"
            )
    if table.row_count:
        console.out().print(table)


def _row(snapshot: dict[str, Any]) -> tuple[str, str, str, str]:
    local = datetime.fromisoformat(snapshot["taken_at"]).astimezone().strftime("%Y-%m-%d %H:%M")
    return snapshot["id"], local, f"{snapshot['bytes'] / MB:.1f}", ", ".join(snapshot["paths"])
