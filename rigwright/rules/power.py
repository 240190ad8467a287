"""Every supply can carry what hangs on it.

What a supply has to carry for hours: the power limits of its cards as they are after boot (a card fed in a way that
only partner cards are: theirs), and, for the first supply, the processor, the board with what is on it, and what the
cards of other supplies draw from their slots. That must stay within the catalogue's share (80 %) of the rating.
"""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.rules.finding import Finding
from rigwright.spec.hardware import Gpu
from rigwright.spec.rig import Rig


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Supplies that carry more than they should, and ratings that are not the model's."""
    for name, psu in rig.hardware.psus.items():
        model = catalog.machine.supplies.get(psu.model or "")
        if model is not None and psu.rated_w is not None and psu.rated_w > model.rated_w:
            yield Finding(
                "power.rating",
                f"hardware.psus.{name}.rated_w",
                psu.rated_w,
                f"at most {model.rated_w} W, which is what {psu.model} is rated at",
                "Remove the key: the catalogue knows the rating.",
            )
        rated = psu.rated_w or (model.rated_w if model else None)
        if rated is not None:
            yield from _load(rig, catalog, name, rated)


def _load(rig: Rig, catalog: Catalog, supply: str, rated: int) -> Iterator[Finding]:
    budget = catalog.machine.budget
    parts = list(_parts(rig, catalog, supply))
    total = sum(watts for _, watts in parts)
    usable = int(rated * budget.sustained_share)
    if total > usable:
        sum_of = " + ".join(f"{watts} W {what}" for what, watts in parts)
        yield Finding(
            "power.supply-overloaded",
            f"hardware.psus.{supply}",
            None,
            f"at most {usable} W on {supply!r} ({budget.sustained_share:.0%} of {rated} W, the rest is for peaks), "
            f"and it carries {total} W: {sum_of}",
            "Move a card to another supply, take one out, or use a larger supply.",
            rests_on=("hardware.gpus.*.riser",),
        )


def _parts(rig: Rig, catalog: Catalog, supply: str) -> Iterator[tuple[str, int]]:
    """What the supply carries, in words and W."""
    hardware, budget = rig.hardware, catalog.machine.budget
    main = next(iter(hardware.psus)) == supply
    for gpu in hardware.gpus:
        model = catalog.gpus.get(gpu.model)
        if model is None:
            continue
        limit = model.limit_w(list(gpu.cables))
        from_slot = min(budget.slot_w, limit) if _draws_from_slot(gpu) else 0
        if gpu.supply == supply:
            yield f"{gpu.model} in {gpu.slot}", limit if main else limit - from_slot
        elif main and from_slot:
            yield f"slot {gpu.slot}", from_slot
    if main:
        cpu = catalog.machine.cpus.get(hardware.cpu or "")
        if cpu is not None:
            yield f"{hardware.cpu}", cpu.tdp_w
        yield "board, memory, drives and fans", budget.base_w


def _draws_from_slot(gpu: Gpu) -> bool:
    """A USB riser has a power plug of its own, and takes nothing from the slot."""
    return gpu.riser != "usb"
