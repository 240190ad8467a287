"""The loop in simulated time, against simulated cards."""

from __future__ import annotations

from collections.abc import Callable

from rigd.loop import Loop
from sim.gpu.cards import Cards
from sim.gpu.clock import CardsClock


def run(loop: Loop, cards: Cards, seconds: float, each: Callable[[], None] = lambda: None, poll_s: float = 1.0) -> None:
    """Tick for so long; ``each`` is called after every tick and the time that passes then."""
    clock = CardsClock(cards)
    end = clock.now() + seconds
    while clock.now() < end - 1e-9:
        loop.tick()
        clock.wait(clock.now() + poll_s)
        each()
