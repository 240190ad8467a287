"""Graphics cards (gpus.toml)."""

from __future__ import annotations

from collections.abc import Sequence

from rigwright.catalog.entry import Entry


class Feed(Entry):
    """One way to power a card."""

    cables: tuple[str, ...]
    """Plugs of the supply's cables in use, before an adapter."""
    default_w: int | None = None
    """Power limit after boot of cards that are fed so; None: the reference card's."""
    max_w: int | None = None


class GpuModel(Entry):
    """One model."""

    nvml: str
    """The name that NVML reports."""
    devices: tuple[str, ...]
    """PCI device ids, four hex digits, vendor 10de."""
    generation: str
    """A key of the driver table's generations."""
    compute: str
    """CUDA compute capability, e.g. '8.6'."""
    memory_gb: int
    pcie_gen: int
    pcie_width: int
    default_w: int
    """Power limit after boot, W."""
    min_w: int | None = None
    max_w: int | None = None
    slowdown_c: int | None = None
    """Core temperature at which the card's own hardware halves its clock, °C."""
    fans: int | None = None
    """Fan controllers, as NVML counts them."""
    fan_least_percent: int | None = None
    """The slowest that its fans can be told to turn."""
    feeds: tuple[Feed, ...]

    def feed(self, cables: Sequence[str]) -> Feed | None:
        """The first way to power it with these plugs, in any order; None: there is no such way."""
        return next((feed for feed in self.feeds if sorted(feed.cables) == sorted(cables)), None)

    def range_w(self, cables: Sequence[str]) -> tuple[int | None, int | None]:
        """What the limit of a card that is fed so can be, W: least and most, None where it is not known."""
        fed = [feed.max_w for feed in self.feeds if sorted(feed.cables) == sorted(cables) and feed.max_w]
        return self.min_w, max([*fed, *([self.max_w] if self.max_w else [])], default=None)

    def limit_w(self, cables: Sequence[str]) -> int:
        """The power limit after boot of a card that is fed so, W: the highest where several kinds of card are."""
        fed = [feed.default_w or self.default_w for feed in self.feeds if sorted(feed.cables) == sorted(cables)]
        return max(fed, default=self.default_w)
