"""Time as the loop sees it, so that it can be run in another one."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds; only differences mean anything."""

    def now(self) -> float:
        """Time that stands still while the machine is suspended."""

    def asleep(self) -> float:
        """How long the machine has been suspended in all."""

    def wait(self, until: float) -> None:
        """Return at ``until``, or earlier where somebody asks for something."""


class RealClock:
    """The machine's own."""

    def __init__(self) -> None:
        self.wake: int | None = None

    def now(self) -> float:
        """CLOCK_MONOTONIC."""
        return time.monotonic()

    def asleep(self) -> float:
        """CLOCK_BOOTTIME counts suspends, CLOCK_MONOTONIC does not."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()

    def wait(self, until: float) -> None:
        """Sleep; a signal ends it early."""
        left = until - time.monotonic()
        if left > 0:
            time.sleep(left)
