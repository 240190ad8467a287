"""`rig restore`: what was saved back in its place, looked at first."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cli import exit_codes
from cli.backup.hosts import LOOK_S, NotDone, Outcome, ask, failed, on_hosts, save
from cli.backup.listing import at

if TYPE_CHECKING:
    from rigwright.engine.run import Run
    from rigwright.spec.load import Declarations

MB = 10**6
NAMED = 5
"""So many newer files are named of each path."""
REMARKS = {
    "ssh": "its SSH host keys are those of the snapshot: who has noted others must forget them",
    "mok": "the key that DKMS signs with is that of the snapshot: modules that were signed with another one since have "
    "to be built anew (dkms build --force, dkms install --force)",
}
"""What one has to know of some of the things that come back."""


@click.command("restore")
@click.argument("host")
@click.option("--snapshot", metavar="ID", help="Of `rig backup list`; default: the newest.")
@click.option(
    "--path", "paths", multiple=True, metavar="PATH", help="Only what lies at, over or under it. May be repeated."
)
@click.option("--yes", is_flag=True, help="Do it without asking; where something newer is in the way, nothing is done.")
@click.option("--over-newer", is_flag=True, help="Also over what was changed on the host after the snapshot.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else; asks nothing.")
def command(host: str, snapshot: str | None, paths: tuple[str, ...], yes: bool, over_newer: bool, as_json: bool) -> int:
    """Put back on HOST what a snapshot holds. First it is shown what would be put back, over what, and which services
    are stopped for it; then it is fetched whole, and only then put in place, each path in one step, with its owner and
    mode. What was there lies beside it afterwards, as *.before-restore. Interrupted, it goes on when it is run again.

    Exit status 0: all of it is as in the snapshot; 1: it failed; 2: nothing was done: the answer was no, there was
    nobody to ask and no --yes, or something newer is in the way and no --over-newer; 3: the host could not be reached.
    """

    def work(declared: Declarations, run: Run) -> list[Outcome]:
        if len(declared.rigs) != 1:
            raise click.UsageError(f"{host} stands for {', '.join(declared.rigs)}: name one of them")
        words = [
            *(["--snapshot", snapshot] if snapshot else []),
            *(word for path in paths for word in ("--path", path)),
        ]
        looked = ask(run, lambda host: json.loads(save(host, "look", *words, limit_s=LOOK_S)))
        name, found = next(iter(looked.items()))
        if not isinstance(found, dict):
            return [failed(name, found)]
        told = told_of(found)
        if not as_json:
            show_found(name, found)
        wanted = [each for each in found["targets"] if differs(each)]
        newer = any(each["newer_count"] for each in wanted)
        if not found["unfinished"] and not wanted:
            return [_done(run, name, words, told, as_json, quiet=True)]
        asked = not yes and not as_json and sys.stdin.isatty()
        if asked and not click.confirm(_question(newer and not over_newer)):
            return [Outcome(name, exit_codes.PENDING, "nothing was done", told)]
        if not asked and not yes:
            return [Outcome(name, exit_codes.PENDING, "nothing was done: there is nobody to ask, and no --yes", told)]
        if newer and not asked and not over_newer:
            why = "nothing was done: something on the host is newer than the snapshot, and no --over-newer"
            return [Outcome(name, exit_codes.PENDING, why, told)]
        over = ["--over-newer"] if over_newer or asked else []
        return [_done(run, name, [*words, *over], told, as_json)]

    return on_hosts("restore", (host,), as_json, work)


def _done(
    run: Run, name: str, words: Sequence[str], told: dict[str, Any], as_json: bool, quiet: bool = False
) -> Outcome:
    (answer,) = ask(run, lambda host: save(host, "restore", *words)).values()
    if not isinstance(answer, str):
        again = (
            f"; `rig restore {shlex.join([name, *words])}` goes on from there" if isinstance(answer, NotDone) else ""
        )
        outcome = failed(name, answer)
        return Outcome(name, outcome.status, f"{outcome.error}{again}", told)
    lines = answer.strip().splitlines()
    if not as_json:
        for line in lines:
            click.echo(f"{name}: {line}")
        for item in () if quiet else dict.fromkeys(each["item"] for each in told["targets"]):
            if item in REMARKS:
                click.echo(f"{name}: {REMARKS[item]}")
    return Outcome(name, exit_codes.HOLDS, told={**told, "done": lines})


def told_of(found: dict[str, Any]) -> dict[str, Any]:
    """What there is to put back, of what the host has looked at: for the document."""
    wanted = [
        {key: each[key] for key in ("path", "item", "files", "bytes", "missing", "changed", "newer_count", "newer")}
        for each in found["targets"]
        if differs(each)
    ]
    return {"snapshot": found["snapshot"], "taken_at": at(found["taken_at"]), "targets": wanted}


def differs(target: dict[str, Any]) -> bool:
    """Whether there is something to put back."""
    return bool(target["missing"] or target["changed"])


def _question(newer: bool) -> str:
    return "Put it back, also over what is newer on the host?" if newer else "Put it back?"


def show_found(name: str, found: dict[str, Any]) -> None:
    """Say what would be put back, and over what."""
    if found["unfinished"]:
        click.echo(f"{name}: an interrupted restore of snapshot {found['unfinished']} is finished first")
    click.echo(f"{name}: snapshot {found['snapshot']} of {at(found['taken_at'])}")
    for each in found["targets"]:
        if not differs(each):
            click.echo(f"  {each['path']}: as in the snapshot")
            continue
        over = f"{each['changed']} are otherwise on the host, {each['missing']} are not there"
        click.echo(f"  {each['path']}: {each['bytes'] / MB:.1f} MB; of its files and folders {over}")
        if each["newer_count"]:
            more = f" and {each['newer_count'] - NAMED} more" if each["newer_count"] > NAMED else ""
            click.echo(f"    newer on the host than the snapshot: {', '.join(each['newer'][:NAMED])}{more}")
        if each["stopped"]:
            click.echo(f"    stopped for it, where it runs, and started again: {', '.join(each['stopped'])}")
