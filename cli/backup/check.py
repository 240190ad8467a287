"""`rig backup check`: is the repository whole?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli import exit_codes
from cli.backup.hosts import Outcome, ask, failed, on_hosts, save

if TYPE_CHECKING:
    from rigwright.engine.run import Run
    from rigwright.spec.load import Declarations


@click.command("check")
@click.argument("hosts", nargs=-1, metavar="[HOSTS]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def check(hosts: tuple[str, ...], as_json: bool) -> int:
    """Have restic check the repositories of HOSTS (default: all with backups), from the hosts themselves.

    Exit status 0: they are whole; 1: one is not, or cannot be opened; 3: a host could not be reached.
    """

    def work(declared: Declarations, run: Run) -> list[Outcome]:
        outcomes = []
        for name, answer in ask(run, lambda host: save(host, "check")).items():
            if not isinstance(answer, str):
                outcomes.append(failed(name, answer))
                continue
            repository = declared.rigs[name].backup.repository
            outcomes.append(Outcome(name, exit_codes.HOLDS, told={"repository": repository}))
            if not as_json:
                click.echo(f"{name}: {repository}: {answer.strip().splitlines()[-1]}")
        return outcomes

    return on_hosts("backup check", hosts, as_json, work)
