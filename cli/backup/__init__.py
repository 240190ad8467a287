"""`rig backup`: make one, say what there is, check the repository."""

from __future__ import annotations

import click

from cli.backup.check import check
from cli.backup.listing import listing, shown
from cli.backup.run import run


@click.group("backup", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int | None:
    """Without a command: the snapshots of all hosts that have backups, as `rig backup list`.

    What is kept, and where, is declared under `backup`; `rig restore HOST` puts it back.

    Exit status: as of the command.
    """
    return shown((), as_json=False) if ctx.invoked_subcommand is None else None


command.add_command(run)
command.add_command(listing)
command.add_command(check)
