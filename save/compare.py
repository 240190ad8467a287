"""What would be put back of a snapshot, and over what."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from save import databases
from save.errors import Trouble
from save.manifest import Manifest
from save.owners import Owners
from save.places import ASIDE, STAGE
from save.plan import Item
from save.snapshots import nanoseconds

Nodes = Mapping[str, Mapping[str, Any]]
"""Path → what `restic ls --json` says of it."""


@dataclass
class Target:
    """One path that is put back whole. ``files``, ``bytes``: of it in the snapshot; ``missing``, ``changed``: so many
    of its files are not on the host, or differ there; ``newer``: files on the host that are of after the snapshot, and
    would go aside; ``databases``: those in it."""

    path: str
    item: str
    stopped: Sequence[str]
    reloaded: Sequence[str]
    exclude: Sequence[str]
    databases: Sequence[str]
    files: int = 0
    bytes: int = 0
    missing: int = 0
    changed: int = 0
    newer: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether there is nothing to put back."""
        return not self.missing and not self.changed


def by_own_path(nodes: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """What restic lists, with copies of databases under the paths that they are of."""
    found: dict[str, Mapping[str, Any]] = {}
    stage = f"{STAGE}/"
    for node in nodes:
        path = str(node["path"])
        if path.startswith(stage):
            if node["type"] == "file":
                found[f"/{path.removeprefix(stage)}"] = node
        else:
            found[path] = node
    return found


def targets(manifest: Manifest, nodes: Nodes, wanted: Sequence[str]) -> list[Target]:
    """What is put back: all of it, or of that what lies at, over or under ``wanted``. Raises `Trouble`."""
    found: dict[str, Target] = {}
    met: set[str] = set()
    for item in manifest.items:
        for path in item.paths:
            for each in _chosen(path, wanted, met):
                for whole in _unmounted(each, nodes):
                    if whole in nodes:
                        found[whole] = _target(whole, item, manifest)
    for each in wanted:
        if each not in met or not any(_meet(each, path) for path in found):
            raise Trouble(f"{each} is not in the snapshot; it holds {', '.join(manifest.paths)}")
    return [found[path] for path in sorted(found)]


def compared(target: Target, nodes: Nodes, taken_ns: int, owners: Owners) -> Target:
    """Look at the host, and count. ``taken_ns``: when the snapshot was made, ns since the epoch."""
    inside = {path: node for path, node in nodes.items() if _under(path, target.path)}
    for path, node in inside.items():
        is_file = node["type"] != "dir"
        target.files += is_file
        target.bytes += int(node.get("size", 0)) if node["type"] == "file" else 0
        state = _state(path, node, owners, path in target.databases)
        target.missing += state == "missing"
        target.changed += state == "changed"
    if not target.same:
        known = {each for database in target.databases for each in databases.beside(database)}
        here = (path for path in _here(target) if path not in known)
        target.newer = [path for path in here if _changed_ns(path, path in target.databases) > taken_ns]
    return target


def _chosen(path: str, wanted: Sequence[str], met: set[str]) -> list[str]:
    if not wanted:
        return [path]
    over = [each for each in wanted if _under(path, each)]
    inside = [each for each in wanted if each not in over and _under(each, path)]
    met.update((*over, *inside))
    return [path] if over else inside


def _unmounted(path: str, nodes: Nodes) -> list[str]:
    """A path that something is mounted on cannot be replaced: what lies in it can."""
    if not os.path.ismount(path):
        return [path]
    return [each for each in nodes if str(PurePosixPath(each).parent) == path]


def _target(path: str, item: Item, manifest: Manifest) -> Target:
    exclude = [each for each in item.exclude if _under(each, path)]
    inside = [each for each in manifest.databases if _under(each, path)]
    return Target(path, item.name, item.stopped, item.reloaded, exclude, inside)


def _state(path: str, node: Mapping[str, Any], owners: Owners, is_database: bool) -> str:
    try:
        here = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    owned = owners.same(here, int(node.get("uid", 0)), int(node.get("gid", 0)))
    if not owned or (node["type"] != "symlink" and here.st_mode & 0o777 != int(node["mode"]) & 0o777):
        return "changed"
    if node["type"] == "dir":
        return "same" if stat.S_ISDIR(here.st_mode) else "changed"
    if not is_database and node["type"] == "file" and here.st_size != int(node.get("size", 0)):
        return "changed"
    return "same" if _changed_ns(path, is_database) == nanoseconds(str(node["mtime"])) else "changed"


def _here(target: Target) -> Iterator[str]:
    """Files on the host at a target, but for what stays, and what an earlier restore took aside."""
    if os.path.lexists(target.path) and not Path(target.path).is_dir():
        yield target.path
    for folder, folders, files in os.walk(target.path):
        folders[:] = [name for name in folders if f"{folder}/{name}" not in target.exclude]
        yield from (f"{folder}/{name}" for name in files if not name.endswith(ASIDE))


def _changed_ns(path: str, is_database: bool) -> int:
    if is_database:
        return databases.changed_ns(path)
    try:
        return os.lstat(path).st_mtime_ns
    except FileNotFoundError:
        return 0


def _under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _meet(one: str, other: str) -> bool:
    return _under(one, other) or _under(other, one)
