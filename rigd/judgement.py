"""Whether a temperature can be believed. What cannot counts as too hot."""

from __future__ import annotations

LEAST_C, MOST_C = 1, 125
JUMP_K = 45
"""More than any die moves in a second: a 350 W step through its 0.06 K/W is 21 K (sim/gpu/models.toml)."""
STUCK_S = 60.0
STUCK_W = 80.0
"""A draw that has moved by so much for some seconds moves the temperature: by 5 K or more at 0.06 K/W."""
_MEAN_S = 10.0


class Judge:
    """Of one sensor."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._last_at = 0.0
        self._since = 0.0
        self._mean_w: float | None = None
        self._span_w = (0.0, 0.0)
        self._jumps = 0

    def wrong_with(
        self, now: float, celsius: int | None, power_w: float | None, *, held_for_heat: bool = False
    ) -> str | None:
        """Why this reading cannot be believed; None: it can.

        ``held_for_heat``: the card holds its clock back so that its temperature stands where it does.
        """
        self._follow_power(now, power_w)
        if celsius is None:
            return "the temperature cannot be read"
        if not LEAST_C <= celsius <= MOST_C:
            return f"the temperature reads {celsius} °C"
        before, elapsed = self._last, now - self._last_at
        if before is not None and abs(celsius - before) > JUMP_K * max(1.0, elapsed) and self._jumps < 5:
            self._jumps += 1
            return f"the temperature jumped from {before} to {celsius} °C"
        self._jumps = 0
        if celsius != before or held_for_heat:
            self._begin(now)
        self._last, self._last_at = celsius, now
        moved_w = self._span_w[1] - self._span_w[0]
        if now - self._since > STUCK_S and moved_w > STUCK_W:
            return f"the temperature stands at {celsius} °C though the power went up and down by {moved_w:.0f} W"
        return None

    def forget(self) -> None:
        """Another session: what was is no guide."""
        self.__init__()  # type: ignore[misc]

    def _begin(self, now: float) -> None:
        self._since = now
        mean = self._mean_w or 0.0
        self._span_w = (mean, mean)

    def _follow_power(self, now: float, power_w: float | None) -> None:
        if power_w is None:
            return
        if self._mean_w is None:
            self._mean_w = power_w
            self._begin(now)
        self._mean_w += (power_w - self._mean_w) * min(1.0, max(0.0, now - self._last_at) / _MEAN_S)
        self._span_w = (min(self._span_w[0], self._mean_w), max(self._span_w[1], self._mean_w))
