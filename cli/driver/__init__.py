"""`rig driver`: which driver a host has, and the planned step to another one."""

from __future__ import annotations

import click

from cli.driver.rollback import rollback
from cli.driver.status import shown, status
from cli.driver.upgrade import upgrade


@click.group("driver", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int | None:
    """Without a command: `rig driver status` of all hosts.

    The driver's packages are held: no upgrade of the system moves them. `rig driver upgrade` does, as one step with a
    way back.
    """
    if ctx.invoked_subcommand is None:
        return shown((), as_json)
    if as_json:
        raise click.UsageError("--json stands after the command: rig driver status --json")
    return None


command.add_command(status)
command.add_command(upgrade)
command.add_command(rollback)
