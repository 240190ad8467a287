"""Power limits of the cards: in force, and as they are after boot."""

from __future__ import annotations

from dataclasses import dataclass

from pyinfra.api import FactBase


@dataclass(frozen=True)
class CardLimit:
    """One card: its power limit in force and the one after boot, W; None where the card does not tell."""

    uuid: str
    limit_w: float | None
    default_w: float | None


class CardLimits(FactBase[list[CardLimit]]):
    """Cards in NVML's order; none where no driver answers. Raw lines: ``GPU-…, 280.00, 350.00``."""

    def command(self) -> str:
        """Ask nvidia-smi, not for ever."""
        return (
            "LC_ALL=C timeout 30 nvidia-smi --query-gpu=uuid,power.limit,power.default_limit"
            " --format=csv,noheader,nounits 2>/dev/null | grep -E '^GPU-' || true"
        )

    @staticmethod
    def default() -> list[CardLimit]:
        """None."""
        return []

    def process(self, output: list[str]) -> list[CardLimit]:
        """Read one card a line."""
        fields = ([part.strip() for part in line.split(",")] for line in output if line.count(",") == 2)
        return [CardLimit(uuid, _watts(limit), _watts(default)) for uuid, limit, default in fields]


def _watts(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
