"""Rules over the way in."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.rules.finding import Finding
from rigwright.spec.connection import Connection
from rigwright.spec.rig import Rig


def find(rig: Rig, connection: Connection) -> Iterator[Finding]:
    """What does not hold."""
    yield from ()
