"""What the program that makes backups knows: of its own runs, and of snapshots that are of before this installation."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any

from pyinfra.api import FactBase

from rigwright.choice.backup import RECORD


@dataclass(frozen=True)
class BackupState:
    """``place``: the repository that this installation has made snapshots in, or was restored from; ``succeeded``:
    when the last backup came to a good end, seconds since the epoch, 0: never."""

    place: str = ""
    succeeded: float = 0


class Backups(FactBase[BackupState]):
    """Raw: save's record, ``{"place": "/mnt/rig", "succeeded": 1763881200.5, …}``; nothing where there is none."""

    def command(self) -> str:
        """Print it."""
        return f"cat {RECORD} 2>/dev/null || true"

    @staticmethod
    def default() -> BackupState:
        """Never."""
        return BackupState()

    def process(self, output: list[str]) -> BackupState:
        """Read it; one that is broken says nothing."""
        told = _document("\n".join(output))
        return BackupState(str(told.get("place", "")), float(told.get("succeeded", 0)))


class EarlierSnapshots(FactBase[int]):
    """How many snapshots the repository has of this host's name that are of before this installation.

    Raw: ``{"count": 3, "newest_at": 1763881200.5, …}``; nothing where the program is not there yet or cannot tell,
    which the backup itself will say why.
    """

    def command(self, program: str) -> str:
        """Ask the program."""
        path = shlex.quote(program)
        return f"[ ! -e {path} ] || timeout -k 5 120 python3 -I {path} earlier 2>/dev/null || true"

    @staticmethod
    def default() -> int:
        """None, as far as is known."""
        return 0

    def process(self, output: list[str]) -> int:
        """Read the count."""
        return int(_document("\n".join(output)).get("count", 0))


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
