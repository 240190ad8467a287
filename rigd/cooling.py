"""Fans that do not cool: less power, step by step, and back up when it holds."""

from __future__ import annotations

FULL_S = 20.0
"""So long at full speed: what a fan can do, it has done by then."""
MARGIN_K = 10
"""Below slowdown by less than this, and no cooler, it has to be less power."""
STEP = 0.9
STEP_S, BACK_S = 5.0, 60.0
BACK_K = 5
STALL_S = 10.0


class Cooling:
    """Of one card: which share of its limit the fans can cool."""

    def __init__(self) -> None:
        self.share = 1.0
        self.why: str | None = None
        self._full_since: float | None = None
        self._warmest_c = 0
        self._step_at = 0.0
        self._began_c = 0
        self._stalled_since: dict[int, float] = {}

    def stalled(self, now: float, fan: int, told_percent: int, rpm: int | None) -> bool:
        """Whether this fan has stood for long though it was told to turn."""
        if rpm is None or rpm > 0 or told_percent <= 0:
            self._stalled_since.pop(fan, None)
            return False
        return now - self._stalled_since.setdefault(fan, now) >= STALL_S

    def follow(
        self, now: float, core_c: int, slowdown_c: int, full: bool, stalled: int, least_share: float = 0.1
    ) -> None:
        """Judge anew. ``full``: all fans are told to turn at 100 %; ``stalled``: how many stand."""
        if not full:
            self._full_since = None
        elif self._full_since is None:
            self._full_since, self._warmest_c = now, core_c
        long_full = self._full_since is not None and now - self._full_since >= FULL_S
        near = core_c >= slowdown_c - MARGIN_K
        rising = core_c >= self._warmest_c
        self._warmest_c = max(self._warmest_c, core_c) if full else 0
        if long_full and near and rising:
            self._lower(
                now,
                core_c,
                least_share,
                f"{core_c} °C with the fans at full speed for {now - (self._full_since or now):.0f} s",
            )
        elif stalled and near:
            self._lower(now, core_c, least_share, f"{core_c} °C, and {stalled} of its fans stand still")
        elif self.share < 1 and core_c <= self._began_c - BACK_K and now - self._step_at >= BACK_S:
            self.share = min(1.0, self.share / STEP)
            self._step_at = now
            self.why = None if self.share >= 1 else self.why

    def _lower(self, now: float, core_c: int, least_share: float, why: str) -> None:
        if self.share >= 1:
            self._began_c = core_c
        if self.share >= 1 or now - self._step_at >= STEP_S:
            self.share = max(least_share, self.share * STEP)
            self._step_at = now
        self.why = why
