"""What a rule says about a declaration."""

from __future__ import annotations

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
    """What stands there, or what it adds up to; None: nothing stands there."""
    expected: str
    advice: str
    """What to do, in a sentence."""
    nearest: str | None = None
    severity: Literal["error", "warning"] = "error"
