"""`rig apply`: bring hosts into the declared state."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cli import exit_codes
from cli.declared import Unsound, hosts_and_overrides, load
from cli.running import exit_status, print_document, show_warnings, start, watcher_for
from cli.selection import chosen_layers, layer_and_limit

if TYPE_CHECKING:
    from cli.progress import Silent
    from rigwright.engine.results import HostResult
    from rigwright.engine.run import Run

RESUME = "Run the same again to go on: what is done is not done twice."


@click.command("apply")
@hosts_and_overrides
@layer_and_limit
@click.option("--yes", is_flag=True, help="Do not ask. Needed where there is no terminal to ask at.")
@click.option("--no-reboot", is_flag=True, help="Never reboot, whatever the declaration allows.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else. Needs --yes.")
def command(
    hosts: tuple[str, ...],
    profiles: tuple[str, ...],
    overrides: tuple[str, ...],
    layers: tuple[str, ...],
    limits: tuple[str, ...],
    yes: bool,
    no_reboot: bool,
    as_json: bool,
) -> int:
    """Show the plan for HOSTS (default: all), ask, and make it so. Running it again finishes what was interrupted.

    Exit status 0: in the declared state; 1: something failed, or the declaration has faults; 2: declined, or something
    outstanding that apply does not do, such as a reboot that is not allowed; 3: a host could not be reached; 130:
    interrupted.
    """
    if not yes:
        _somebody_to_ask(as_json)
    wanted = chosen_layers(layers)
    try:
        declared = load(hosts, profiles, (*overrides, "driver.reboot=false") if no_reboot else overrides, limits)
    except Unsound as error:
        if as_json:
            print_document("apply", [], exit_codes.FAILED, error.faults)
            return exit_codes.FAILED
        raise
    if not as_json:
        show_warnings(declared)
    watcher = watcher_for(as_json)
    run = start(declared, wanted, watcher)
    try:
        results, applied = _carried_out(run, watcher, yes)
    finally:
        run.close()
    status = exit_status(results)
    if as_json:
        print_document("apply", results, status, declared.warnings)
    elif applied:
        _report(results, status)
    return status


def _somebody_to_ask(as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        where = "with --json" if as_json else "without a terminal"
        raise click.UsageError(f"nobody can be asked {where}: add --yes to apply without asking, or use `rig plan`.")


def _carried_out(run: Run, watcher: Silent, yes: bool) -> tuple[Sequence[HostResult], bool]:
    """Plan, ask unless ``yes``, apply: what came of it, and whether it went as far as applying."""
    with watcher.shown():
        results = run.plan()
    if not yes:
        _show(results)
        if not _agreed(results):
            return results, False
        run.forget()
    with watcher.shown():
        return run.apply(), True


def _report(results: Sequence[HostResult], status: int) -> None:
    _show(results)
    if status == exit_codes.INTERRUPTED:
        click.echo(f"Interrupted. {RESUME}", err=True)
    elif status in (exit_codes.FAILED, exit_codes.UNREACHED):
        click.echo(RESUME, err=True)


def _agreed(results: Sequence[HostResult]) -> bool:
    changes = [operation for result in results for operation in result.pending]
    if not changes:
        return False
    hosts = [result.host for result in results if result.pending]
    count = f"{len(changes)} change{'s' if len(changes) > 1 else ''}"
    return click.confirm(f"Make {'these' if len(changes) > 1 else 'this'} {count} on {', '.join(hosts)}?")


def _show(results: Sequence[HostResult]) -> None:
    from cli import console  # noqa: PLC0415  # rich is not imported for JSON
    from cli.plan_view import show  # noqa: PLC0415

    show(console.out(), results)
