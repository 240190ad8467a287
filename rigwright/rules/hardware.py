"""Models are in the catalogue, and cards name supplies that are there."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from rigwright.catalog import Catalog
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.rig import Rig

FEW = 8


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Unknown models of cards, board, processor and supplies; cards on supplies that are not there."""
    hardware, machine = rig.hardware, catalog.machine
    yield from _known("board", "board", hardware.board, machine.boards)
    yield from _known("cpu", "processor", hardware.cpu, machine.cpus)
    if hardware.board in machine.boards and hardware.cpu in machine.cpus:
        socket, other = machine.boards[hardware.board].socket, machine.cpus[hardware.cpu].socket
        if socket != other:
            yield Finding(
                "hardware.socket",
                "hardware.cpu",
                hardware.cpu,
                f"a processor for the board's socket, {socket}: this one is for {other}",
                "Correct the board or the processor.",
            )
    for name, psu in hardware.psus.items():
        yield from _known(f"psus.{name}.model", "power supply", psu.model, machine.supplies)
        if psu.model is None and psu.rated_w is None:
            yield Finding(
                "hardware.supply-unrated",
                f"hardware.psus.{name}",
                None,
                "a model from the catalogue, or rated_w",
                "Add the rating in watts that is printed on it.",
                rests_on=(f"hardware.psus.{name}.model", f"hardware.psus.{name}.rated_w"),
            )
    for index, gpu in enumerate(hardware.gpus):
        yield from _known(f"gpus.{index}.model", "card", gpu.model, catalog.gpus)
        if gpu.supply not in hardware.psus:
            yield Finding(
                "hardware.no-supply",
                f"hardware.gpus.{index}.supply",
                gpu.supply,
                f"a name in hardware.psus: {', '.join(hardware.psus) or 'there is none'}",
                "Name the supply that the card's cables come from.",
                nearest(gpu.supply, hardware.psus),
                rests_on=("hardware.psus.*",),
            )


def _known(key: str, what: str, model: str | None, known: Collection[str]) -> Iterator[Finding]:
    if model is not None and model not in known:
        yield Finding(
            f"hardware.unknown-{what.replace(' ', '-')}",
            f"hardware.{key}",
            model,
            f"a {what} of the catalogue{_some(known)}",
            "Correct the name, or add the model with its figures to rigwright/catalog/.",
            nearest(model, known),
        )


def _some(known: Collection[str]) -> str:
    """The catalogue's names where they are few enough to be read."""
    return f": {', '.join(known)}" if len(known) <= FEW else ""
