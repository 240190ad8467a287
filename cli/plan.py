"""`rig plan`: what would an apply change, and why?"""

from __future__ import annotations

import click

from cli import exit_codes
from cli.declared import Unsound, hosts_and_overrides, load
from cli.running import exit_status, print_document, show_warnings, start, watcher_for
from cli.selection import chosen_layers, layer_and_limit


@click.command("plan")
@hosts_and_overrides
@layer_and_limit
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(
    hosts: tuple[str, ...],
    profiles: tuple[str, ...],
    overrides: tuple[str, ...],
    layers: tuple[str, ...],
    limits: tuple[str, ...],
    as_json: bool,
) -> int:
    """Say what would change on HOSTS (default: all), per layer, and why. Nothing on them is changed.

    What can only be known after an earlier step is shown as depending on it.

    Exit status 0: as declared; 2: changes pending, or something outstanding, such as a reboot that is not allowed; 1: a
    host failed, or the declaration has faults; 3: a host could not be reached.
    """
    wanted = chosen_layers(layers)
    try:
        declared = load(hosts, profiles, overrides, limits)
    except Unsound as error:
        if as_json:
            print_document("plan", [], exit_codes.FAILED, error.faults)
            return exit_codes.FAILED
        raise
    watcher = watcher_for(as_json)
    run = start(declared, wanted, watcher)
    try:
        with watcher.shown():
            results = run.plan()
    finally:
        run.close()
    status = exit_status(results)
    if as_json:
        print_document("plan", results, status, declared.warnings)
    else:
        from cli import console  # noqa: PLC0415  # rich is not imported for JSON
        from cli.plan_view import show  # noqa: PLC0415

        show_warnings(declared)
        show(console.out(), results)
    return status
