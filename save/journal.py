"""How far putting things in place has come: what is interrupted there is finished by the next run, from this alone."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from save.places import STATE

FILE = STATE / "restore.json"


@dataclass
class Placing:
    """One path. ``exclude``: what stays of what is there; ``beside``: files whose names begin with the path, and that
    go aside with what is there: SQLite's."""

    path: str
    exclude: list[str]
    beside: list[str]


@dataclass
class Journal:
    """``stopped``: units that were running and have to run again; ``aside``: paths whose old content is on its way out
    of the way; ``done``: paths that are in place."""

    snapshot: str
    repository: str
    placings: list[Placing]
    reloaded: list[str]
    stopped: list[str]
    aside: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def write(self, file: Path = FILE) -> None:
        """Keep it, through a power cut, too."""
        new = file.with_suffix(".new")
        with new.open("w", encoding="utf-8") as out:
            json.dump(asdict(self), out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        new.replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read(file: Path = FILE) -> Journal | None:
    """Of a run that was interrupted; None: of none."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Journal(**{**told, "placings": [Placing(**each) for each in told["placings"]]})


def ended(file: Path = FILE) -> None:
    """All is in place."""
    file.unlink(missing_ok=True)
