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
    declared = {catalog.gpus[card.model].generation for card in rig.hardware.gpus if card.model in catalog.gpus}
    on_bus = {generation_of(card, catalog) for card in found}
    return frozenset(declared | {generation for generation in on_bus if generation})


def generation_of(card: PciGpu, catalog: Catalog) -> str | None:
    """The generation of a card on the bus, None where nobody here knows it."""
    by_device = {device: model.generation for model in catalog.gpus.values() for device in model.devices}
    return by_device.get(card.device.removeprefix("0x"), card.generation)


def unknown_cards(catalog: Catalog, found: Iterable[PciGpu]) -> list[str]:
    """Cards on the bus of which nobody here knows which kernel modules drive them, as people would name them."""
    unknown = [card for card in found if generation_of(card, catalog) is None]
    return [f"{card.address} ({card.name or '10de:' + card.device.removeprefix('0x')})" for card in unknown]
