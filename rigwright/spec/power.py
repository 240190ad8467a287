"""Power: what each card may draw, and what their supplies and the circuit can carry. Kept by rigd."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rigwright.catalog import catalog
from rigwright.spec.model import Model, key

CardName = Annotated[
    str,
    Field(
        pattern=r"^(GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        r"|[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]|[A-Za-z0-9][A-Za-z0-9_-]{0,62})$",
        description="a card: its slot in hardware.gpus, its UUID, its PCI address ('0000:03:00.0'), "
        "or its NVML index ('0')",
    ),
]


class PowerOfCard(Model):
    """What one card is declared otherwise than all."""

    limit_w: int | None = key(None, "power limit of this card, W; None: as for all", ge=1, le=3000)
    least_w: int | None = key(None, "what its limit may be lowered to, W; None: as for all", ge=1, le=3000)
    priority: int | None = key(None, "weight of this card, 1 to 10; None: as for all", ge=1, le=10)


class Power(Model):
    """Power limits and budgets."""

    limit_w: int | None = key(None, "power limit of each card, W; None: the card's own default", ge=1, le=3000)
    least_w: int | None = key(
        None, "what sharing may lower a limit to, W; None: the least that the card takes", ge=1, le=3000
    )
    priority: int = key(1, "weight of a card where power is shared, 1 to 10", ge=1, le=10)
    shared: bool = key(
        False,
        "True: limits may sum up to more than the supplies can carry, and rigd lowers them so that they never do",
    )
    headroom_percent: int = key(
        default_factory=lambda: round(100 - 100 * catalog().machine.budget.sustained_share),
        description="part of each supply's rating that is left for peaks, per cent",
        ge=0,
        le=80,
    )
    circuit_w: int | None = key(
        None, "what the whole machine may draw from the wall, W; None: no bound", ge=100, le=20000
    )
    raise_w_per_s: int = key(10, "limits are lowered at once, and raised by so much at most, W/s", ge=1, le=1000)
    cards: dict[CardName, PowerOfCard] = key(
        default_factory=dict,
        description="what single cards are given instead",
        form="a mapping of cards to their limits, {'PCIE5': {'limit_w': 250}}",
    )
