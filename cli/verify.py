"""`rig verify`: is the host what its declaration says?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import exit_codes
from cli.declared import Unsound, hosts_and_overrides, load
from cli.selection import chosen_layers, layer_and_limit

if TYPE_CHECKING:
    from rigwright.engine.proof import Proof
    from rigwright.spec.faults import Fault


@click.command("verify")
@hosts_and_overrides
@layer_and_limit
@click.option("--all", "everything", is_flag=True, help="List what holds, too.")
@click.option("--strict", is_flag=True, help="End with 3 where anything could not be told, though nothing falls short.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Also write the answers there as JUnit.")
@click.option("--overlook", "overlooked", multiple=True, metavar="ID", hidden=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def command(
    hosts: tuple[str, ...],
    profiles: tuple[str, ...],
    overrides: tuple[str, ...],
    layers: tuple[str, ...],
    limits: tuple[str, ...],
    everything: bool,
    strict: bool,
    junit: Path | None,
    overlooked: tuple[str, ...],
    as_json: bool,
) -> int:
    """Hold HOSTS (default: all) against their declaration: each value holds, falls short, or could not be told.

    What could not be told is counted, with its reason, and is no pass; but where it is all that is left (there is no
    loaded GPU driver in a container, say), it does not fail the proof, unless --strict is given.

    Exit status 0: all that could be told holds; 1: something falls short, or the declaration has faults; 3: a host
    could not be reached, or (--strict) something could not be told.
    """
    wanted = chosen_layers(layers) if layers else ()
    try:
        declared = load(hosts, profiles, overrides, limits, overlooked)
    except Unsound as error:
        if as_json:
            _print_document([], exit_codes.FAILED, error.faults)
            return exit_codes.FAILED
        raise
    from cli import console  # noqa: PLC0415
    from cli.faults import show_faults  # noqa: PLC0415
    from cli.proof_view import show, watched  # noqa: PLC0415  # not for `--help`
    from rigwright.engine.proof import NoTests, prove  # noqa: PLC0415

    chosen = list(declared.rigs)
    with watched(as_json, chosen) as answered:
        try:
            proofs = prove(
                declared.root,
                chosen,
                layers=wanted,
                profiles=profiles,
                overrides=overrides,
                overlooked=overlooked,
                junit=junit,
                answered=answered,
            )
        except NoTests as error:
            raise click.UsageError(str(error)) from error
    status = _exit_status(proofs, strict)
    if as_json:
        _print_document(proofs, status, declared.warnings)
    else:
        show_faults(declared.warnings)
        show(console.out(), proofs, everything)
    return status


def _exit_status(proofs: Sequence[Proof], strict: bool) -> int:
    """The worst: something falls short; something was not reached or, where that counts, not told; nothing of that."""
    from rigwright.engine.proof import Verdict  # noqa: PLC0415

    if any(proof.counts[Verdict.FALLS_SHORT] or (proof.error and proof.reached) for proof in proofs):
        return exit_codes.FAILED
    if any(proof.error or (strict and proof.counts[Verdict.COULD_NOT_TELL]) for proof in proofs):
        return exit_codes.UNREACHED
    return exit_codes.HOLDS


def _print_document(proofs: Sequence[Proof], status: int, faults: Sequence[Fault]) -> None:
    document = {
        "command": "verify",
        "exit_status": status,
        "faults": [fault.as_dict() for fault in faults],
        "hosts": [proof.as_dict() for proof in proofs],
    }
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
