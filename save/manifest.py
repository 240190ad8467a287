"""What a snapshot holds, as it says itself: whose state it is, what was copied aside, and who owned it by name."""

from __future__ import annotations

import grp
import json
import os
import pwd
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from save import databases
from save.plan import Item, Plan


@dataclass(frozen=True)
class Manifest:
    """``items``: with the paths that were there; ``databases``: those that lie under the stage; ``users``, ``groups``:
    numbers and names: another installation may have given the numbers away otherwise."""

    host: str
    items: Sequence[Item]
    databases: Sequence[str]
    users: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> list[str]:
        """All of it."""
        return [path for item in self.items for path in item.paths]

    def text(self) -> str:
        """As it lies in the snapshot."""
        return json.dumps(asdict(self), indent=1)


def parsed(text: str) -> Manifest:
    """Of a snapshot."""
    told: dict[str, Any] = json.loads(text)
    return Manifest(**{**told, "items": [Item(**item) for item in told["items"]]})


def taken(plan: Plan, aside: str) -> Manifest:
    """Of the host as it is. ``aside``: how what a restore took out of the way ends; that is not kept."""
    items = [
        Item(each.name, _there(each.paths, aside), each.exclude, each.stopped, each.reloaded) for each in plan.items
    ]
    paths = [path for item in items for path in item.paths]
    left_out = [path for item in items for path in item.exclude]
    users, groups = _owners(paths)
    found = [str(path) for path in databases.found_in(paths, left_out)]
    return Manifest(plan.host, [item for item in items if item.paths], found, users, groups)


def _there(paths: Sequence[str], aside: str) -> list[str]:
    found = {str(path) for each in paths for path in Path("/").glob(each.lstrip("/"))}
    return sorted(path for path in found if not path.endswith(aside))


def _owners(paths: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    seen = [each.lstat() for path in paths for each in _all(Path(path)) if os.path.lexists(each)]
    users = {str(uid): name for uid in {each.st_uid for each in seen} if (name := _user(uid))}
    groups = {str(gid): name for gid in {each.st_gid for each in seen} if (name := _group(gid))}
    return users, groups


def _all(path: Path) -> Iterator[Path]:
    yield path
    for folder, folders, files in os.walk(path):
        yield from (Path(folder, name) for name in (*folders, *files))


def _user(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _group(gid: int) -> str | None:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return None
