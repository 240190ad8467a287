"""Boards, processors, power supplies, and how power is counted (machine.toml)."""

from __future__ import annotations

from rigwright.catalog.entry import Entry


class Slot(Entry):
    """One slot for a card: lanes and PCIe generation with its neighbours empty."""

    width: int
    gen: int


class Shares(Entry):
    """Slots that take lanes from one another when both are in use."""

    pairs: tuple[tuple[str, str], ...]
    shared_width: int


class Board(Entry):
    """One mainboard."""

    socket: str
    switch: bool = False
    """Whether PCIe switches stand between processor and slots."""
    slots: dict[str, Slot]
    shares: Shares | None = None

    def width(self, slot: str, used: frozenset[str]) -> int:
        """Lanes of a slot while these slots are in use."""
        alone = self.slots[slot].width
        if self.shares is None:
            return alone
        partners = {other for pair in self.shares.pairs if slot in pair for other in pair if other != slot}
        return min(alone, self.shares.shared_width) if partners & used else alone


class Cpu(Entry):
    """One processor."""

    socket: str
    lanes: int
    pcie_gen: int
    tdp_w: int
    cpuinfo: str
    """Text that /proc/cpuinfo's model name contains."""


class Supply(Entry):
    """One power supply."""

    rated_w: int
    connectors: dict[str, int]


class Budget(Entry):
    """How power is counted."""

    sustained_share: float
    efficiency: float
    base_w: int
    slot_w: int


class MachineTable(Entry):
    """machine.toml."""

    boards: dict[str, Board]
    cpus: dict[str, Cpu]
    supplies: dict[str, Supply]
    budget: Budget
