"""Fans: how fast they turn at which temperature. Kept by rigd."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rigwright.spec.model import Model, key
from rigwright.spec.power import CardName

CURVE_FORM = "points [°C, per cent], both rising, [[40, 30], [65, 55], [83, 100]]"
Point = Annotated[
    list[int], Field(min_length=2, max_length=2, description="a point of two whole numbers, [°C, per cent]")
]
FanNumber = Annotated[str, Field(pattern=r"^\d{1,2}$", description="a fan's number as text, as NVML counts them: '0'")]


class FansOfCard(Model):
    """What one card is declared otherwise than all."""

    automatic: bool = key(False, "True: this card's fans are left to it (a pump on a fan's plug, a curve of its own)")
    curve: list[Point] | None = key(None, "curve of this card's fans; None: as for all", form=CURVE_FORM)
    memory_curve: list[Point] | None = key(
        None, "the same by the memory's temperature; None: as for all", form=CURVE_FORM
    )
    per_fan: dict[FanNumber, list[Point]] = key(
        default_factory=dict,
        description="a curve of its own for a fan, by its number",
        form="a mapping of fans' numbers to curves, {'1': [[40, 40], [83, 100]]}",
    )
    least_percent: int | None = key(None, "never below, per cent; None: as for all", ge=0, le=100)


class Fans(Model):
    """Fan curves. Linear between points, flat outside; a rise is followed at once."""

    curve: list[Point] | None = key(
        None, "speed by the core's temperature, for each card; None: fans are the cards' own", form=CURVE_FORM
    )
    memory_curve: list[Point] | None = key(
        None, "the same by the memory's temperature, where a card tells it; the hotter of the two wins", form=CURVE_FORM
    )
    least_percent: int | None = key(
        None, "never below, per cent, where a card's own least is lower; None: the card's", ge=0, le=100
    )
    automatic_below_c: int | None = key(
        None, "under this temperature fans are the card's own, and may stop, °C; None: never", ge=20, le=70
    )
    hysteresis_c: int = key(3, "the temperature must fall by so much before a fan slows, °C", ge=0, le=20)
    fall_percent_per_s: float = key(0.2, "a fan slows by so much at most, per cent a second", ge=0.05, le=100)
    cards: dict[CardName, FansOfCard] = key(
        default_factory=dict,
        description="what single cards are given instead",
        form="a mapping of cards to their fans, {'PCIE5': {'automatic': True}}",
    )
