"""Fan curves: temperature to speed."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]


def percent_at(curve: Sequence[Point], celsius: float) -> float:
    """The speed at a temperature: linear between points, flat outside them. Per cent."""
    below = curve[0]
    if celsius <= below[0]:
        return below[1]
    for point in curve[1:]:
        if celsius <= point[0]:
            share = (celsius - below[0]) / (point[0] - below[0])
            return below[1] + share * (point[1] - below[1])
        below = point
    return below[1]


class Band:
    """A temperature that follows a rise at once and a fall only beyond a band, so that a fan does not hunt."""

    def __init__(self, width_k: float) -> None:
        self._width_k = width_k
        self._held: float | None = None

    def follow(self, celsius: float) -> float:
        """The temperature to act on."""
        if self._held is None or celsius > self._held:
            self._held = celsius
        elif celsius < self._held - self._width_k:
            self._held = celsius + self._width_k
        return self._held

    def forget(self) -> None:
        """Begin anew: what was is no guide."""
        self._held = None
