"""What a rule says about a declaration."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold, at one key."""

    id: str
    """Stable, e.g. 'power.supply-overloaded'."""
    key: str
    """Dotted key path: its origin is the fault's place."""
    value: object
    """What stands there; None: nothing does, or it says nothing."""
    expected: str
    advice: str
    """What to do, in a sentence."""
    nearest: str | None = None
    severity: Literal["error", "warning"] = "error"
    rests_on: tuple[str, ...] = ()
    """Further keys without which it would not be said ('*': any entry). Where one is not known, it may be untrue."""

    def follows_from(self, unknown: Collection[str]) -> bool:
        """Whether it may only be said because one of these keys, or what it stands in, is not known."""
        return any(_holds(other, own) for own in (self.key, *self.rests_on) for other in unknown)


def _holds(outer: str, inner: str) -> bool:
    """Whether a key is another one, or stands above it."""
    steps, below = outer.split("."), inner.split(".")
    return len(steps) <= len(below) and all(
        one == other or "*" in (one, other) for one, other in zip(steps, below, strict=False)
    )


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that is spelled most like this one, quoted; capitals do not count."""
    by_lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), list(by_lower), 1, 0.5)
    return repr(by_lower[near[0]]) if near else None
