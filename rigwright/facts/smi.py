"""The cards as the driver's own management library tells of them."""

from __future__ import annotations

from dataclasses import dataclass

from pyinfra.api import FactBase

_FIELDS = "index,name,uuid,pci.bus_id,driver_version,persistence_mode,pcie.link.width.current"


@dataclass(frozen=True)
class Card:
    """One card: ``bus_id`` as the bus has it ("0000:03:00.0"), ``width``: PCIe lanes in use now, None where unknown."""

    index: int
    name: str
    uuid: str
    bus_id: str
    driver: str
    persistence: bool | None
    width: int | None


class Smi(FactBase[list[Card]]):
    """Cards in NVML's order; none where no driver answers.

    Raw lines: ``0, NVIDIA GeForce RTX 3090, GPU-…, 00000000:03:00.0, 580.105.08, Enabled, 8``.
    """

    def command(self) -> str:
        """Ask nvidia-smi, not for ever: it can hang on a card that fell off the bus."""
        return (
            f"LC_ALL=C timeout 30 nvidia-smi --query-gpu={_FIELDS} --format=csv,noheader,nounits 2>/dev/null"
            " | grep -E '^[0-9]+, .*GPU-' || true"
        )

    @staticmethod
    def default() -> list[Card]:
        """None."""
        return []

    def process(self, output: list[str]) -> list[Card]:
        """Read one card a line."""
        return [_card(line) for line in output if line.count(", ") >= 6]


class CardPrograms(FactBase[dict[int, str]]):
    """Process id → program, of those that compute on a card. Raw lines: ``4711, /usr/bin/python3``."""

    def command(self) -> str:
        """Ask nvidia-smi, not for ever."""
        return (
            "LC_ALL=C timeout 30 nvidia-smi --query-compute-apps=pid,process_name --format=csv,noheader 2>/dev/null"
            " | grep -E '^[0-9]+, ' || true"
        )

    @staticmethod
    def default() -> dict[int, str]:
        """None."""
        return {}

    def process(self, output: list[str]) -> dict[int, str]:
        """Read one program a line; one that uses several cards stands there for each."""
        return {int(number): program for number, _, program in (line.partition(", ") for line in output)}


def _card(line: str) -> Card:
    index, name, uuid, bus_id, driver, persistence, width = (part.strip() for part in line.split(", ", 6))
    domain, _, place = bus_id.partition(":")
    return Card(
        index=int(index),
        name=name,
        uuid=uuid,
        bus_id=f"{domain[-4:]}:{place}".lower(),
        driver=driver,
        persistence={"Enabled": True, "Disabled": False}.get(persistence),
        width=int(width) if width.isdigit() else None,
    )
