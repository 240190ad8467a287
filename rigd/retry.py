"""When something that failed is tried again: later each time, never in a busy loop."""

from __future__ import annotations


class Retry:
    """Back-off: 1, 2, 4 … ``longest_s`` seconds."""

    def __init__(self, longest_s: float = 60.0) -> None:
        self._longest_s = longest_s
        self._pause_s = 0.0
        self._due = 0.0
        self.failures = 0

    def due(self, now: float) -> bool:
        """Whether it may be tried."""
        return now >= self._due

    def failed(self, now: float) -> None:
        """It did not work; wait longer than the last time."""
        self.failures += 1
        self._pause_s = min(self._longest_s, self._pause_s * 2 or 1.0)
        self._due = now + self._pause_s

    def worked(self) -> None:
        """It did: the next failure is a first one."""
        self._pause_s = self._due = 0.0
        self.failures = 0
