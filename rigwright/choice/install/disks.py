"""Disks as whoever is about to install sees them: lsblk's JSON as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LSBLK = "lsblk -J -b -o NAME,PATH,TYPE,SIZE,SERIAL,WWN,MODEL,RO,FSTYPE,UUID,MOUNTPOINTS"
"""What prints it, as root: only root is told what file systems there are. Without NAME lsblk makes a flat list of it,
and nothing would be on any disk."""
_NO_DISKS = ("/dev/zram", "/dev/ram", "/dev/nbd", "/dev/fd")
"""Devices that lsblk calls disks too."""


@dataclass(frozen=True)
class Content:
    """Something on a disk: the disk itself, a partition, or what is made of partitions (a volume, an array).

    ``type`` and ``fs`` as lsblk has them: ('part', 'ext4'), ('part', 'LVM2_member'), ('lvm', 'ext4').
    """

    path: str
    type: str
    fs: str | None = None
    uuid: str | None = None
    mounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProbedDisk:
    """One disk. ``serial``, ``wwn`` and ``model`` are '' where it does not say; ``size`` in bytes.

    ``contents``: what has a file system, a signature or a mount, or is a partition; empty: the disk is blank.
    """

    path: str
    serial: str
    size: int
    model: str = ""
    wwn: str = ""
    read_only: bool = False
    contents: tuple[Content, ...] = ()

    @property
    def words(self) -> str:
        """'/dev/nvme0n1 (S1, 2000 GB, Silicon Power)'."""
        told = [self.serial or "no serial number", f"{self.size / 10**9:.0f} GB", self.model]
        return f"{self.path} ({', '.join(filter(None, told))})"


def probed(lsblk: str) -> tuple[ProbedDisk, ...]:
    """The disks in what `LSBLK` printed. Raises ValueError where that is no JSON of lsblk's."""
    try:
        found = json.loads(lsblk)["blockdevices"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"not what `{LSBLK}` prints: {lsblk[:80]!r}") from error
    if loose := [each["path"] for each in found if each["type"] == "part"]:
        raise ValueError(f"lsblk does not say of which disks {', '.join(loose)} are partitions")
    return tuple(
        _disk(each)
        for each in found
        if each["type"] == "disk" and int(each["size"] or 0) and not each["path"].startswith(_NO_DISKS)
    )


def _disk(entry: dict[str, Any]) -> ProbedDisk:
    own = _content(entry)
    children = [_content(child) for child in _below(entry)]
    contents = [own, *children] if own.fs or own.mounts else children
    return ProbedDisk(
        entry["path"],
        _text(entry, "serial"),
        int(entry["size"]),
        _text(entry, "model"),
        _text(entry, "wwn"),
        read_only=bool(entry["ro"]),
        contents=tuple(dict.fromkeys(contents)),
    )


def _below(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for child in entry.get("children", []):
        yield child
        yield from _below(child)


def _content(entry: dict[str, Any]) -> Content:
    mounts = tuple(each for each in entry.get("mountpoints") or [] if each)
    return Content(entry["path"], entry["type"], entry["fstype"], entry["uuid"], mounts)


def _text(entry: dict[str, Any], name: str) -> str:
    return str(entry[name] or "").strip()
