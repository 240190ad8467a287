"""`rig models`: what is declared, and what can be done about it."""

from __future__ import annotations

import click

from cli.models.fit import fit
from cli.models.listing import listing
from cli.models.lock import lock
from cli.models.prune import prune
from cli.models.pull import pull


@click.group("models", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int | None:
    """Without a command: the models that are declared, where they come from, and how large they are. Offline.

    Exit status 0; 1: the declaration has faults.
    """
    return listing() if ctx.invoked_subcommand is None else None


command.add_command(fit)
command.add_command(lock)
command.add_command(prune)
command.add_command(pull)
