"""The loop in simulated time, against simulated cards."""

from __future__ import annotations

from collections.abc import Callable

from rigd.loop import Loop
from sim.gpu.cards import Cards


class SimulatedClock:
    """The cards' own time."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards
        self.slept_s = 0.0

    def now(self) -> float:
        return self._cards.now_s()

    def asleep(self) -> float:
        return self.slept_s

    def wait(self, until: float) -> None:
        self._cards.advance(max(0.0, until - self.now()))


def run(loop: Loop, cards: Cards, seconds: float, each: Callable[[], None] = lambda: None, poll_s: float = 1.0) -> None:
    """Tick for so long; ``each`` is called after every tick and the time that passes then."""
    clock = SimulatedClock(cards)
    end = clock.now() + seconds
    while clock.now() < end - 1e-9:
        loop.tick()
        clock.wait(clock.now() + poll_s)
        each()
