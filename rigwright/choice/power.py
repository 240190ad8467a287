"""What each supply may carry for cards, and what of a card's draw hangs on which: shared by rules and rigd."""

from __future__ import annotations

from dataclasses import dataclass

from rigwright.catalog import Catalog
from rigwright.spec.hardware import Gpu
from rigwright.spec.rig import Rig


@dataclass(frozen=True)
class Draw:
    """What of a card's limit hangs on one supply: a fixed part first (from the slot), W, then a share of the rest."""

    fixed_w: int
    share: float

    def of_w(self, limit_w: int, fixed_w: int) -> int:
        """What a card with this limit may draw here; ``fixed_w``: the fixed parts of all its supplies."""
        return self.fixed_w + round(self.share * max(0, limit_w - fixed_w))


def draws(rig: Rig, catalog: Catalog, gpu: Gpu) -> dict[str, Draw]:
    """Supply → what hangs on it. The first supply feeds the board, and the slots with it; a USB riser feeds itself."""
    main = next(iter(rig.hardware.psus), gpu.supply)
    if gpu.supply == main or gpu.riser == "usb":
        return {gpu.supply: Draw(0, 1.0)}
    return {main: Draw(catalog.machine.budget.slot_w, 0.0), gpu.supply: Draw(0, 1.0)}


def drawn_w(rig: Rig, catalog: Catalog, gpu: Gpu, supply: str, limit_w: int) -> int:
    """What a card with this limit may draw from a supply, W."""
    parts = draws(rig, catalog, gpu)
    fixed = sum(each.fixed_w for each in parts.values())
    return parts[supply].of_w(limit_w, min(fixed, limit_w)) if supply in parts else 0


def rated_w(rig: Rig, catalog: Catalog, supply: str) -> int | None:
    """A supply's rating, W; None: neither it nor a model of the catalogue is declared."""
    psu = rig.hardware.psus[supply]
    model = catalog.machine.supplies.get(psu.model or "")
    return psu.rated_w or (model.rated_w if model else None)


def usable_w(rig: Rig, rated: int) -> int:
    """What a supply of this rating may carry for hours, W."""
    return rated * (100 - rig.power.headroom_percent) // 100


def others_w(rig: Rig, catalog: Catalog) -> dict[str, int]:
    """What the first supply carries besides cards, in words and W."""
    cpu = catalog.machine.cpus.get(rig.hardware.cpu or "")
    named = {f"{rig.hardware.cpu}": cpu.tdp_w} if cpu is not None else {}
    return {**named, "board, memory, drives and fans": catalog.machine.budget.base_w}


def budgets_w(rig: Rig, catalog: Catalog) -> dict[str, int]:
    """Supply → what the cards on it may have together, W; supplies without a rating are left out."""
    found = {}
    for number, supply in enumerate(rig.hardware.psus):
        rated = rated_w(rig, catalog, supply)
        if rated is not None:
            found[supply] = usable_w(rig, rated) - (sum(others_w(rig, catalog).values()) if number == 0 else 0)
    return found


def circuit_budget_w(rig: Rig, catalog: Catalog) -> int | None:
    """What all cards may have together so that the machine stays within its circuit, W."""
    if rig.power.circuit_w is None:
        return None
    behind = int(rig.power.circuit_w * catalog.machine.budget.efficiency)
    return behind - sum(others_w(rig, catalog).values())
