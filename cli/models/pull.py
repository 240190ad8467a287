"""`rig models pull`: the layer `models` alone."""

from __future__ import annotations

import click

from cli import apply


@click.command("pull")
@click.argument("hosts", nargs=-1, metavar="[HOSTS]...")
@click.pass_context
def pull(ctx: click.Context, hosts: tuple[str, ...]) -> int:
    """Have the declared models on the disks of HOSTS (default: all), as `rig apply --layer models --yes` does."""
    status: int = ctx.invoke(
        apply.command,
        hosts=hosts,
        profiles=(),
        overrides=(),
        layers=("models",),
        limits=(),
        yes=True,
        no_reboot=True,
        as_json=False,
    )
    return status
