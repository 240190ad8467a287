"""`rig models fit`: what each model takes of its cards' memory."""

from __future__ import annotations

import json

import click

from cli import exit_codes
from cli.declared import load
from rigwright.choice.fit import GIB, Fit, fits

OVERLOOKED = ("fit.too-large", "fit.cache-block", "runtimes.not-locked", "models.not-locked")


@click.command("fit")
@click.argument("hosts", nargs=-1, metavar="[HOSTS]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def fit(hosts: tuple[str, ...], as_json: bool) -> int:
    """Show for each model of HOSTS (default: all) whether it fits, and the longest context that would. Offline.

    In GiB: weights and cache of all cards together; beside them what the runtime and the driver take on each. From what
    models.lock has of the model's own metadata.

    Exit status 0: everything fits; 1: something does not, or the declaration has other faults.
    """
    from rigwright.catalog import catalog  # noqa: PLC0415

    declared = load(hosts, (), (), overlooked=OVERLOOKED)
    found = [(rig.name, each) for rig in declared.rigs.values() for each in fits(rig, catalog())]
    if as_json:
        click.echo(json.dumps([{"host": host, **_document(each)} for host, each in found], indent=2))
    else:
        _show(found)
    return exit_codes.HOLDS if all(each.fits for _, each in found) else exit_codes.FAILED


def _document(each: Fit) -> dict[str, object]:
    return {
        "runtime": each.runtime,
        "model": each.model,
        "cards": each.cards,
        "weights_bytes": each.weights,
        "cache_bytes": each.cache,
        "overhead_bytes": each.overhead,
        "each_card_bytes": each.each,
        "each_card_has_bytes": each.have,
        "fits": each.fits,
        "most_context_tokens": {kind: each.most_context(kind) for kind in ("f16", "q8_0", "q4_0")},
    }


def _show(found: list[tuple[str, Fit]]) -> None:
    from rich.table import Table  # noqa: PLC0415

    from cli import console  # noqa: PLC0415

    if not found:
        console.out().print("No runtime serves a model whose metadata is locked, on cards that are known.")
        return
    heads = (
        "host",
        "runtime",
        "model",
        "cards",
        "weights",
        "cache",
        "beside",
        "each card",
        "has",
        "",
        "longest context",
    )
    table = Table(*heads, box=None, header_style="bold", pad_edge=False)
    for host, each in found:
        sizes = (each.weights, each.cache, each.overhead, each.each, each.have)
        verdict = "[green]fits[/]" if each.fits else "[red]does not fit[/]"
        longest = ", ".join(f"{kind} {each.most_context(kind)}" for kind in ("f16", "q8_0", "q4_0"))
        row = (f"{size / GIB:.1f}" for size in sizes)
        table.add_row(host, each.runtime, each.model, str(each.cards), *row, verdict, longest)
    console.out().print(table)
