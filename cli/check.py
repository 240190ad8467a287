"""`rig check`: is the declaration sound?"""

from __future__ import annotations

import click

from cli import exit_codes
from cli.declared import Unsound, hosts_and_overrides, load, print_soundness


@click.command("check")
@hosts_and_overrides
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def command(hosts: tuple[str, ...], profiles: tuple[str, ...], overrides: tuple[str, ...], as_json: bool) -> int:
    """Say whether the declaration of HOSTS (default: all) is sound, or everything that is wrong with it.

    Offline: nothing is connected to. Exit status 0: sound; 1: it has faults.
    """
    try:
        declarations = load(hosts, profiles, overrides)
    except Unsound as error:
        if not as_json:
            raise
        print_soundness([], error.faults)
        return exit_codes.FAILED
    if as_json:
        print_soundness(list(declarations.rigs), declarations.warnings)
        return exit_codes.HOLDS
    from cli import console  # noqa: PLC0415  # rich is not imported unless something is shown
    from cli.faults import show_faults  # noqa: PLC0415

    show_faults(declarations.warnings)
    for name, rig in declarations.rigs.items():
        profiles_of = f" ({', '.join(rig.profiles)})" if rig.profiles else ""
        console.out().print(f"{name}{profiles_of}: sound")
    return exit_codes.HOLDS
