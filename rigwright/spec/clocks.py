"""Clocks: ranges that cards' clocks are locked to. Kept by rigd."""

from __future__ import annotations

from rigwright.spec.model import Model, key
from rigwright.spec.power import CardName

SPAN_FORM = "[least, most] in MHz, two whole numbers, [210, 1695]"


class ClocksOfCard(Model):
    """What one card is declared otherwise than all."""

    graphics_mhz: list[int] | None = key(
        None, "range of this card's core clock, MHz; None: as for all", form=SPAN_FORM, min_length=2, max_length=2
    )
    memory_mhz: list[int] | None = key(
        None, "range of this card's memory clock, MHz; None: as for all", form=SPAN_FORM, min_length=2, max_length=2
    )


class Clocks(Model):
    """Clock locks."""

    graphics_mhz: list[int] | None = key(
        None,
        "range that the core clock is locked to, MHz; None: not locked",
        form=SPAN_FORM,
        min_length=2,
        max_length=2,
    )
    memory_mhz: list[int] | None = key(
        None,
        "range that the memory clock is locked to, MHz; None: not locked",
        form=SPAN_FORM,
        min_length=2,
        max_length=2,
    )
    cards: dict[CardName, ClocksOfCard] = key(
        default_factory=dict,
        description="what single cards are given instead",
        form="a mapping of cards to their clocks, {'PCIE5': {'graphics_mhz': [210, 1695]}}",
    )
