"""What is known of earlier runs: how the last one ended, and which repository is this installation's."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from save.places import STATE

FILE = STATE / "record.json"


@dataclass(frozen=True)
class Record:
    """``place``: where this installation's snapshots go; ``repositories``: the identities of those that it has made
    some in, or was restored from; ``began``, ``ended``, ``succeeded``, ``checked``: seconds since the epoch, 0:
    never; ``why``: why the last run failed, empty where it did not; ``remarks``: what its reader should know."""

    place: str = ""
    repositories: tuple[str, ...] = ()
    began: float = 0
    ended: float = 0
    succeeded: float = 0
    checked: float = 0
    why: str = ""
    remarks: tuple[str, ...] = ()

    def own(self, place: str, repository: str) -> Record:
        """From here on this repository is this installation's, too."""
        known = (*(each for each in self.repositories if each != repository), repository)
        return replace(self, place=place, repositories=known)

    def gone(self) -> Record:
        """What was at its place is given up."""
        return replace(self, place="")


def read(file: Path = FILE) -> Record:
    """Of earlier runs; one that cannot be read counts as none: then nothing is taken for granted."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        lists = {name: tuple(found.get(name, ())) for name in ("repositories", "remarks")}
        return Record(**{**found, **lists})
    except (OSError, ValueError, TypeError, AttributeError):
        return Record()


def write(record: Record, file: Path = FILE) -> None:
    """Replace it in one step."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    with new.open("w", encoding="utf-8") as out:
        json.dump(asdict(record), out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def begun(record: Record) -> Record:
    """A run begins: until it has ended there is no saying that it did well."""
    return replace(record, began=time.time(), why="it did not come to its end", remarks=())


def failed(record: Record, why: str) -> Record:
    """It failed."""
    return replace(record, ended=time.time(), why=why)


def succeeded(record: Record, remarks: list[str]) -> Record:
    """It came to its end."""
    now = time.time()
    return replace(record, ended=now, succeeded=now, why="", remarks=tuple(remarks))
