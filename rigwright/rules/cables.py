"""Cards are fed the way they can be, and supplies have the plugs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.catalog.gpus import GpuModel
from rigwright.catalog.machine import Supply
from rigwright.rules.finding import Finding
from rigwright.spec.hardware import Psu
from rigwright.spec.rig import Rig


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Plugs that do not fit a card, and more plugs in use than a supply has."""
    for index, gpu in enumerate(rig.hardware.gpus):
        model = catalog.gpus.get(gpu.model)
        if model is not None and model.feed(list(gpu.cables)) is None:
            yield Finding(
                "cables.card",
                f"hardware.gpus.{index}.cables",
                list(gpu.cables),
                f"for {gpu.model} {_ways(model)}",
                "Declare the plugs of the supply's cables that are in use, before an adapter.",
            )
    for name, psu in rig.hardware.psus.items():
        supply = catalog.machine.supplies.get(psu.model or "")
        there = _plugs(psu, supply)
        used = Counter(plug for gpu in rig.hardware.gpus if gpu.supply == name for plug in gpu.cables)
        for plug, count in used.items():
            if there and count > there.get(plug, 0):
                cards = [gpu.slot for gpu in rig.hardware.gpus if gpu.supply == name and plug in gpu.cables]
                yield Finding(
                    "cables.supply",
                    f"hardware.psus.{name}",
                    None,
                    f"at most {there.get(plug, 0)} {plug} plugs in use, which is what the supply has, and the cards in "
                    f"{', '.join(cards)} use {count}",
                    f"Move a card to another supply; if this one has more, declare hardware.psus.{name}.connectors.",
                    rests_on=(f"hardware.psus.{name}.connectors.*",),
                )


def _plugs(psu: Psu, supply: Supply | None) -> dict[str, int]:
    """Plugs that a supply has, by kind; empty where nothing says it."""
    if psu.connectors:
        return {str(kind): count for kind, count in psu.connectors.items()}
    return supply.connectors if supply else {}


def _ways(model: GpuModel) -> str:
    ways = dict.fromkeys(_way(feed.cables) for feed in model.feeds)
    return " or ".join(ways)


def _way(cables: tuple[str, ...]) -> str:
    if not cables:
        return "[] (no cable)"
    return " + ".join(f"{count} x {plug}" for plug, count in Counter(cables).items())
