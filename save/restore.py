"""A restore: looked at first, fetched whole, and only then put in place."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from save import databases, journal, manifest, record
from save.compare import Target, by_own_path, compared, targets
from save.errors import NotTold, Trouble
from save.journal import Journal, Placing
from save.lock import held
from save.manifest import Manifest
from save.owners import Owners, owners
from save.place import aside, brought, placed, running
from save.places import ASIDE, FETCHED, MANIFEST, STAGE, STATE
from save.plan import Plan
from save.restic import Restic, pattern
from save.snapshots import nanoseconds, taken_at

Tell = Callable[[str], None]
LISTED = 20
"""So many newer files are named of each path."""
ROOM = 1.05
"""Of what it takes by its size, for what a file system needs beside."""


@dataclass(frozen=True)
class Look:
    """One snapshot held against the host."""

    snapshot: Mapping[str, Any]
    held: Manifest
    owners: Owners
    targets: Sequence[Target]

    @property
    def wanted(self) -> list[Target]:
        """What there is to put back."""
        return [each for each in self.targets if not each.same]

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "snapshot": str(self.snapshot["short_id"]),
            "taken_at": taken_at(dict(self.snapshot)),
            "targets": [
                {**asdict(each), "newer": each.newer[:LISTED], "newer_count": len(each.newer)} for each in self.targets
            ],
        }


def look(plan: Plan, chosen: str | None, paths: Sequence[str]) -> Look:
    """Hold a snapshot (None: the newest) against the host; of it what meets ``paths``. Raises `Trouble`."""
    restic = Restic(plan)
    snapshot = _snapshot(restic.snapshots(plan.host), chosen, plan)
    identity = str(snapshot["id"])
    listed = [each for each in restic.messages("ls", "--no-lock", identity) if each.get("struct_type") == "node"]
    if not any(each["path"] == str(STAGE / MANIFEST) for each in listed):
        raise Trouble(f"snapshot {snapshot['short_id']} is not one that save has made: restic restore knows it")
    held = manifest.parsed(restic.said("dump", "--no-lock", identity, str(STAGE / MANIFEST)))
    nodes = by_own_path(listed)
    known = owners(held.users, held.groups)
    taken_ns = nanoseconds(str(snapshot["time"]))
    found = [compared(each, nodes, taken_ns, known) for each in targets(held, nodes, paths)]
    return Look(snapshot, held, known, found)


def texts(plan: Plan, chosen: str | None, paths: Sequence[str]) -> dict[str, str]:
    """What text files of a snapshot (None: the newest) say, by path; nothing is put anywhere. Raises `Trouble`."""
    restic = Restic(plan)
    identity = str(_snapshot(restic.snapshots(plan.host), chosen, plan)["id"])
    return {path: restic.said("dump", "--no-lock", identity, path) for path in paths}


def unfinished() -> str | None:
    """The snapshot that an interrupted restore was putting in place; None: there is none."""
    found = journal.read()
    return found.snapshot if found else None


def restore(plan: Plan, chosen: str | None, paths: Sequence[str], over_newer: bool, tell: Tell) -> None:
    """Put it back. ``over_newer``: although something on the host is of after the snapshot.

    Raises `NotTold` before anything is done, and `Trouble`; run again, it goes on where it was interrupted.
    """
    with held(wait=False):
        interrupted = journal.read()
        if interrupted is not None:
            tell(f"an interrupted restore of snapshot {interrupted.snapshot} is finished first")
            _finish(plan, interrupted, tell)
        found = look(plan, chosen, paths)
        newer = [path for each in found.wanted for path in each.newer]
        if newer and not over_newer:
            raise NotTold(f"newer than the snapshot: {', '.join(newer[:5])}{' ...' if len(newer) > 5 else ''}")
        identity = Restic(plan).identity()
        if not found.wanted:
            tell("all of it is as in the snapshot")
            record.write(record.read().own(plan.repository, identity))
            return
        _check_room(found)
        _clean()
        fetched = _fetched(plan, found, tell)
        for each in found.wanted:
            brought(fetched / each.path.lstrip("/"), each.path)
        os.sync()
        placing = Journal(
            snapshot=str(found.snapshot["short_id"]),
            repository=identity,
            placings=[Placing(each.path, list(each.exclude), _beside(each)) for each in found.wanted],
            reloaded=_units(each.reloaded for each in found.wanted),
            stopped=running(_units(each.stopped for each in found.wanted)),
        )
        placing.write()
        _finish(plan, placing, tell)


def _finish(plan: Plan, placing: Journal, tell: Tell) -> None:
    placed(placing, tell)
    record.write(record.read().own(plan.repository, placing.repository))
    journal.ended()
    _clean()
    left = [each.path for each in placing.placings if aside(each.path).exists()]
    if left:
        tell(f"what was there before lies beside it, as *{ASIDE}: {', '.join(left)}")


def _snapshot(found: Sequence[dict[str, Any]], chosen: str | None, plan: Plan) -> dict[str, Any]:
    if not found:
        raise Trouble(f"{plan.repository} holds no snapshot of {plan.host}")
    if chosen is None:
        return found[-1]
    matching = [each for each in found if str(each["id"]).startswith(chosen)]
    if len(matching) != 1:
        there = ", ".join(str(each["short_id"]) for each in found)
        raise Trouble(f"{len(matching)} snapshots of {plan.host} begin with {chosen}; there are {there}")
    return matching[0]


def _clean() -> None:
    for left in STATE.glob(f"{FETCHED}*"):
        shutil.rmtree(left, ignore_errors=True)


def _fetched(plan: Plan, found: Look, tell: Tell) -> Path:
    """All that is wanted, under a folder by its own paths, with its owners of here."""
    tell(f"fetching snapshot {found.snapshot['short_id']}")
    folder = Path(tempfile.mkdtemp(prefix=FETCHED, dir=STATE))
    paths = [each.path for each in found.wanted]
    staged = [f"{STAGE}{path}" for path in paths]
    include = [word for path in (*paths, *staged) for word in ("--include", pattern(path))]
    restic = Restic(plan)
    restic.said("unlock")  # only of locks that nobody holds any more: the installation that died may have left one
    restic.said("restore", str(found.snapshot["id"]), "--target", str(folder), *include)
    for database in (database for each in found.wanted for database in each.databases):
        copy, place = (folder / path.lstrip("/") for path in (f"{STAGE}{database}", database))
        place.parent.mkdir(parents=True, exist_ok=True)
        copy.rename(place)
    found.owners.given(folder)
    missing = [each.path for each in found.wanted if not os.path.lexists(folder / each.path.lstrip("/"))]
    if missing:
        raise Trouble(f"not all of the snapshot came: {', '.join(missing)}. Nothing was changed")
    return folder


def _check_room(found: Look) -> None:
    needed: dict[Path, float] = {STATE: ROOM * sum(each.bytes for each in found.wanted)}
    for each in found.wanted:
        place = next(folder for folder in Path(each.path).parents if folder.is_dir())
        if place.stat().st_dev != STATE.stat().st_dev:
            needed[place] = needed.get(place, 0) + ROOM * each.bytes
    for place, size in needed.items():
        free = shutil.disk_usage(place).free
        if free < size:
            raise Trouble(f"{place}: {size / 1e9:.1f} GB are needed there, {free / 1e9:.1f} GB are free")


def _beside(target: Target) -> list[str]:
    """SQLite's files of the old database, where the database alone is replaced; else they go aside with its folder."""
    return databases.beside(target.path) if target.path in target.databases else []


def _units(each: Any) -> list[str]:
    return sorted({unit for units in each for unit in units})
