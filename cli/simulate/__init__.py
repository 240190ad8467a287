"""`rig simulate`: the declared fans, limits and budgets against a model of the cards, before the cards see them."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import exit_codes
from cli.declared import hosts_and_overrides, load
from sim.gpu.cards import FAULTS, SCHEDULES

if TYPE_CHECKING:
    from cli.simulate.run import Fault, Record, Scene
    from cli.simulate.summary import Summary
    from rigwright.spec.rig import Rig

_FAULTS = tuple(kind for kind in FAULTS if kind != "call-fails")
"""Those that last: calls that fail so many times are for tests."""
MOST_LINES = 20


@click.command("simulate")
@hosts_and_overrides
@click.option(
    "--load",
    "loads",
    multiple=True,
    metavar="[CARD:]LOAD",
    help=f"What the cards work on: {', '.join(SCHEDULES)}; for one card by its slot or number. Default: training.",
)
@click.option("--ambient", type=click.FloatRange(-10, 60), default=25.0, show_default=True, help="The room, °C.")
@click.option("--hours", type=click.FloatRange(0.02, 48), default=1.0, show_default=True, help="How long.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[:CARD][@MIN]",
    help=f"What breaks, of which card (0), after how many minutes (10): {', '.join(_FAULTS)}. May be repeated.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the loads' chance.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="Draw it into this file, .svg or .png. May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, and no charts.")
def command(
    hosts: tuple[str, ...],
    profiles: tuple[str, ...],
    overrides: tuple[str, ...],
    loads: tuple[str, ...],
    ambient: float,
    hours: float,
    faults: tuple[str, ...],
    seed: int,
    out: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Run rigd as declared for a host against simulated cards, faster than real, and draw what becomes of them.

    HOSTS: the one host of the inventory that is meant (default: the first). Nothing is connected to. The cards are a
    model: what each of its figures is from stands in sim/gpu/models.toml. Needs a C compiler.

    Exit status: 0; 1: a card reached its slowdown temperature, or limits passed a supply's budget.
    """
    from cli.simulate.charts import ENDINGS  # noqa: PLC0415

    for file in out:
        if file.suffix not in ENDINGS:
            raise click.BadParameter(
                f"{file}: expected a name that ends with {' or '.join(ENDINGS)}", param_hint="--out"
            )
        if not file.absolute().parent.is_dir():
            raise click.BadParameter(f"{file}: there is no folder {file.absolute().parent}", param_hint="--out")
    declared = load(hosts, profiles, overrides)
    if hosts and len(declared.rigs) > 1:
        raise click.UsageError(f"one host is simulated at a time, and {', '.join(declared.rigs)} are named: name one.")
    name, rig = next(iter(declared.rigs.items()))
    scene = _scene(rig, loads, ambient, hours, faults, seed)
    record = _simulated(rig, scene, quiet=as_json)
    from cli.simulate.summary import summarize  # noqa: PLC0415

    summary = summarize(record, settle_s=min(600.0, scene.seconds / 2))
    if as_json:
        lines = [{"at_s": round(at, 1), "text": text} for at, text in record.lines]
        document = {"command": "simulate", "host": name, **summary.as_dict(), "journal": lines}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _show(name, record, summary)
    for file in out:
        from cli.simulate.charts import draw  # noqa: PLC0415

        draw(record, file, f"{name}: simulated, {_words(scene)}")
        click.echo(f"{file} written", err=True)
    return exit_codes.HOLDS if summary.sound else exit_codes.FAILED


# What it is put through


def _scene(rig: Rig, loads: Sequence[str], ambient: float, hours: float, faults: Sequence[str], seed: int) -> Scene:
    from cli.simulate.run import Scene  # noqa: PLC0415
    from rigwright.choice.rigd import kept  # noqa: PLC0415

    if not rig.hardware.gpus:
        raise click.ClickException(f"{rig.name}: hardware.gpus is empty: there is no card to simulate.")
    if not kept(rig):
        raise click.ClickException(f"{rig.name}: rigd or the driver is declared absent: nothing keeps the cards.")
    schedules = ["training"] * len(rig.hardware.gpus)
    for text in loads:
        card, _, schedule = text.rpartition(":")
        if schedule not in SCHEDULES:
            raise click.BadParameter(f"{text!r}: expected one of {', '.join(SCHEDULES)}", param_hint="--load")
        for index in [_card(rig, card, text, "--load")] if card else range(len(schedules)):
            schedules[index] = schedule
    return Scene(schedules, ambient, hours * 3600, seed, [_fault(rig, text, hours) for text in faults])


def _fault(rig: Rig, text: str, hours: float) -> Fault:
    from cli.simulate.run import Fault  # noqa: PLC0415

    found = re.fullmatch(r"([a-z-]+)(?::([^@]+))?(?:@(\d+(?:\.\d+)?))?", text)
    if found is None or found[1] not in _FAULTS:
        raise click.BadParameter(
            f"{text!r}: expected KIND, KIND:CARD or KIND:CARD@MINUTES, with a kind of {', '.join(_FAULTS)}",
            param_hint="--fault",
        )
    at_s = 60 * float(found[3]) if found[3] else min(600.0, hours * 3600 / 3)
    if at_s >= hours * 3600:
        raise click.BadParameter(f"{text!r}: the run ends after {hours * 60:g} minutes", param_hint="--fault")
    card = None if found[1] == "mismatch" else _card(rig, found[2] or "0", text, "--fault")
    return Fault(found[1], card, at_s)


def _card(rig: Rig, name: str, text: str, option: str) -> int:
    """A declared card's place, by its slot or its place."""
    slots = [gpu.slot for gpu in rig.hardware.gpus]
    if name in slots:
        return slots.index(name)
    if name.isdigit() and int(name) < len(slots):
        return int(name)
    raise click.BadParameter(
        f"{text!r}: expected a card of {rig.name}: {', '.join(slots)}, or 0 to {len(slots) - 1}", param_hint=option
    )


def _simulated(rig: Rig, scene: Scene, *, quiet: bool) -> Record:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    from cli import console  # noqa: PLC0415
    from cli.simulate.run import simulate  # noqa: PLC0415
    from cli.simulated import simulated_cards  # noqa: PLC0415
    from rigwright.catalog import catalog  # noqa: PLC0415
    from rigwright.choice.rigd import configuration  # noqa: PLC0415
    from sim.errors import SimulationError  # noqa: PLC0415

    gpus = simulated_cards(rig)
    err = console.err()
    shown = err.is_terminal and not quiet
    columns = (TextColumn("simulating"), BarColumn(), TextColumn("{task.completed:.0f} of {task.total:.0f} s"))
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True, disable=not shown) as progress:
        task = progress.add_task("", total=scene.seconds)
        try:
            return simulate(
                configuration(rig, catalog()),
                gpus,
                scene,
                names=[gpu.slot for gpu in rig.hardware.gpus],
                progress=lambda done: progress.update(task, completed=done),
            )
        except SimulationError as error:
            raise click.ClickException(str(error)) from error


# What became of it


def _words(scene: Scene) -> str:
    loads = ", ".join(dict.fromkeys(scene.loads))
    return f"{loads}, {scene.ambient_c:g} °C, {scene.seconds / 3600:g} h"


def _show(name: str, record: Record, summary: Summary) -> None:
    from rich.text import Text  # noqa: PLC0415

    from cli import console  # noqa: PLC0415
    from cli.simulate.charts import terminal  # noqa: PLC0415
    from cli.simulate.tables import card_table, supply_table  # noqa: PLC0415

    out = console.out()
    width = min(shutil.get_terminal_size((100, 24)).columns, 140)
    colour = sys.stdout.isatty() and out.color_system is not None
    out.print(Text(f"{name}: {_words(record.scene)}, simulated", "bold"))
    click.echo(terminal(record, width, colour=colour))
    out.print(card_table(summary))
    if summary.supplies:
        out.print(supply_table(summary))
    if record.lines:
        out.print(Text("What rigd wrote to the journal", "bold"))
    for at, text in record.lines[:MOST_LINES]:
        out.print(Text(f"  {int(at) // 60:>4}:{int(at) % 60:02}  {text}"), soft_wrap=True)
    if len(record.lines) > MOST_LINES:
        out.print(Text(f"  and {len(record.lines) - MOST_LINES} more (--json has them all)"))
