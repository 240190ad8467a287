"""What the fans of one card are to do."""

from __future__ import annotations

from rigd.config import Fans
from rigd.curve import Band, percent_at

STALL_STEP_PERCENT = 5
STALL_MOST_PERCENT = 60
"""A fan that stands at this speed does not stall: something holds it."""

AUTOMATIC = -1
"""In place of a speed: the fan is the card's own."""


def same_speed(one: int, other: int) -> bool:
    """Whether two speeds are one: cards round, by their own steps."""
    return (one < 0) == (other < 0) and abs(one - other) <= 2


REST_S = 60.0
"""So long it has to be cool before its fans are handed back: they would start and stop with every burst."""


class FanPlan:
    """Follows temperatures; gives each fan a speed in per cent, or AUTOMATIC."""

    def __init__(self, fans: Fans, count: int, card_least_percent: int) -> None:
        self._fans = fans
        self._count = count
        self._least = [max(float(card_least_percent), fans.least_percent or 0.0)] * count
        self._core, self._memory = Band(fans.hysteresis_c), Band(fans.hysteresis_c)
        self._speed: list[float] | None = None
        self._cool_s = REST_S

    def stands(self, fan: int, told_percent: int) -> bool:
        """Learn that a fan stands at a speed that it was told: it gets more from now on. False: no speed helps."""
        if told_percent >= STALL_MOST_PERCENT:
            return False
        self._least[fan] = max(self._least[fan], told_percent + STALL_STEP_PERCENT)
        return True

    def least_percent(self, fan: int) -> float:
        """The lowest speed that the fan is given."""
        return self._least[fan]

    def wanted(self, core_c: float | None, memory_c: float | None, elapsed_s: float) -> list[int]:
        """Speeds by fan. ``core_c`` None: it cannot be believed, and counts as too hot."""
        if core_c is None:
            self._core.forget()
            self._cool_s = 0.0
            self._speed = [100.0] * self._count
            return [100] * self._count
        if self._rests(core_c, memory_c, elapsed_s):
            self._speed = None
            self._core.forget()
            self._memory.forget()
            return [AUTOMATIC] * self._count
        core = self._core.follow(core_c)
        memory = None if memory_c is None else self._memory.follow(memory_c)
        before = self._speed
        self._speed = []
        for fan in range(self._count):
            speed = max(self._by_curves(fan, core, memory), self._least[fan])
            if before is not None:
                speed = max(speed, before[fan] - self._fans.fall_percent_per_s * elapsed_s)
            self._speed.append(min(100.0, speed))
        return [round(speed) for speed in self._speed]

    def _rests(self, core_c: float, memory_c: float | None, elapsed_s: float) -> bool:
        below = self._fans.automatic_below_c
        if below is None:
            return False
        if self._speed is not None:  # it blows: only well under the threshold it may stop
            below -= self._fans.hysteresis_c
        cool_memory = memory_c is None or self._fans.memory_curve is None or memory_c < self._fans.memory_curve[0][0]
        self._cool_s = self._cool_s + elapsed_s if core_c < below and cool_memory else 0.0
        return self._cool_s >= REST_S

    def _by_curves(self, fan: int, core: float, memory: float | None) -> float:
        speed = percent_at(self._fans.per_fan.get(fan, self._fans.curve), core)
        if memory is not None and self._fans.memory_curve is not None:
            speed = max(speed, percent_at(self._fans.memory_curve, memory))
        return speed
