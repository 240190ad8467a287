"""The cards' own time, for a program that is run against them faster than the clock on the wall goes."""

from __future__ import annotations

from sim.gpu.cards import Cards


class CardsClock:
    """Seconds since the cards' state was made (speed 0). Waiting moves them on."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards
        self.slept_s = 0.0

    def now(self) -> float:
        """Simulated seconds."""
        return self._cards.now_s()

    def asleep(self) -> float:
        """How long the machine was suspended, as whoever simulates says."""
        return self.slept_s

    def wait(self, until: float) -> None:
        """Let the time pass."""
        self._cards.advance(max(0.0, until - self.now()))
