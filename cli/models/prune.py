"""`rig models prune`: what nobody declares any more, shown first, and removed only when that is asked for."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from cli import exit_codes
from cli.declared import load

if TYPE_CHECKING:
    from pyinfra.api.host import Host

GB = 10**9


@click.command("prune")
@click.argument("hosts", nargs=-1, metavar="[HOSTS]...")
@click.option("--yes", is_flag=True, help="Remove it without asking. Otherwise it is shown, and asked for.")
def prune(hosts: tuple[str, ...], yes: bool) -> int:
    """Show what lies under models.root of HOSTS (default: all) and belongs to no declared model; ask, and remove it.

    Only what was pulled by Rigwright is looked at: <root>/hub and <root>/files, and of <root>/ollama what it has a
    record of. A blob stays for as long as any manifest there uses it.

    Exit status 0: nothing is left over; 1: it could not be told or removed; 2: something is, and stays; 3: a host could
    not be reached.
    """
    from rigwright.engine.run import Run, Unanswered  # noqa: PLC0415  # isort: skip
    from rigwright.choice.models import plan  # noqa: PLC0415

    declared = load(hosts, (), ())
    run = Run(declared.root, declared.connections)
    try:
        found = run.ask(lambda host: json.loads(_fetch(host, "strays", plan(declared.rigs[host.name])) or "{}"))
        unreached = {name: answer.why for name, answer in found.items() if isinstance(answer, Unanswered)}
        for name, why in unreached.items():
            click.echo(f"{name}: {why}", err=True)
        strays = {name: answer for name, answer in found.items() if not isinstance(answer, Unanswered) and answer}
        for name, files in strays.items():
            for path, size in files.items():
                click.echo(f"{name}: {path} ({size / GB:.2f} GB)")
        if unreached:
            return exit_codes.UNREACHED
        if not strays:
            click.echo("Nothing is left over.")
            return exit_codes.HOLDS
        if not yes and not (sys.stdin.isatty() and click.confirm("Remove all of it?")):
            return exit_codes.PENDING
        done = run.ask(
            lambda host: _fetch(host, "prune", plan(declared.rigs[host.name])) if host.name in strays else ""
        )
    finally:
        run.close()
    failed = {name: answer.why for name, answer in done.items() if isinstance(answer, Unanswered)}
    for name, why in failed.items():
        click.echo(f"{name}: {why}", err=True)
    return exit_codes.FAILED if failed else exit_codes.HOLDS


def _fetch(host: Host, verb: str, plan: dict[str, Any]) -> str:
    """What the program on the host says; nothing where it is not there, for then nothing was pulled."""
    from pyinfra.api import StringCommand  # noqa: PLC0415

    from tasks.models import PROGRAM  # noqa: PLC0415

    command = StringCommand(f"[ ! -e {PROGRAM} ] || python3 -I {PROGRAM} {verb}")
    succeeded, output = host.run_shell_command(
        command, _stdin=[json.dumps({"plan": plan})], _sudo=bool(host.data.get("_sudo"))
    )
    if not succeeded:
        raise RuntimeError(output.stderr.strip() or f"{PROGRAM} {verb} failed")
    return str(output.stdout)
