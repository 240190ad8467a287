"""Which generations of cards a host has: as declared, and as found."""

from __future__ import annotations

from collections.abc import Iterable

from rigwright.catalog import Catalog
from rigwright.facts.gpus import PciGpu
from rigwright.spec.rig import Rig


def generations(rig: Rig, catalog: Catalog, found: Iterable[PciGpu]) -> frozenset[str]:
    """Generations of the declared cards and of those on the bus; empty where nothing is known.

    A card on the bus is known by its device id or, where the catalogue lacks that, by its chip's name in pci.ids.
    """
    by_device = {device: model.generation for model in catalog.gpus.values() for device in model.devices}
    declared = {catalog.gpus[card.model].generation for card in rig.hardware.gpus if card.model in catalog.gpus}
    on_bus = {by_device.get(card.device.removeprefix("0x"), card.generation) for card in found}
    return frozenset(declared | {generation for generation in on_bus if generation})
