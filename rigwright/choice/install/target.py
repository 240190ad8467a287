"""The one disk that may be erased, out of those that are there; or why none may.

Nothing is guessed: no order of names, no size, no "the only one". A disk that is named by its serial number is taken,
and refused where it could be another one than is meant, or holds what others rely on.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rigwright.choice.install.disks import Content, ProbedDisk
from rigwright.choice.install.layout import DiskLayout
from rigwright.spec.rig import Rig

KEY = "install.disk"
MEMBERS = {
    "LVM2_member": "a volume of LVM", "linux_raid_member": "a part of an array (md)", "crypto_LUKS": "encrypted",
    "isw_raid_member": "a part of an array (Intel RST)", "ddf_raid_member": "a part of an array (DDF)",
    "zfs_member": "a part of a ZFS pool", "bcache": "a part of a bcache", "ceph_bluestore": "a Ceph OSD",
    "drbd": "a part of a DRBD",
    "VMFS_volume_member": "a part of a VMFS", "mpath_member": "one of several ways to a disk",
}  # fmt: skip
"""blkid's types of what belongs to something bigger, or cannot be looked into."""
RUNS_FROM = ("/", "/cdrom", "/run/live", "/run/initramfs", "/lib/live", "/media/root-ro", "/hd-media", "/usr", "/boot")
"""Where a running system, a live one also, mounts what it runs from."""


class DiskRefused(Exception):
    """No disk may be erased. ``id`` is stable; ``expected`` and ``advice`` as those of a fault of the declaration."""

    def __init__(self, id: str, serial: str, expected: str, advice: str, nearest: str | None = None) -> None:
        self.id, self.serial, self.expected, self.advice, self.nearest = id, serial, expected, advice, nearest
        super().__init__(id, serial, expected, advice)

    def __str__(self) -> str:
        near = f"; did you mean {self.nearest!r}?" if self.nearest else "."
        return f"{KEY} is {self.serial!r}: expected {self.expected}{near} {self.advice} Nothing was changed."


@dataclass(frozen=True)
class DataDisks:
    """How the host's data disks are known: UUID of the file system, or serial number → name in base.disks."""

    uuids: Mapping[str, str] = field(default_factory=dict)
    serials: Mapping[str, str] = field(default_factory=dict)


def data_disks(rig: Rig) -> DataDisks:
    """What is declared of them."""
    disks = rig.base.disks
    return DataDisks(
        {disk.uuid.lower(): name for name, disk in disks.items() if disk.uuid is not None},
        {disk.format: name for name, disk in disks.items() if disk.format is not None},
    )


def target_disk(layout: DiskLayout, disks: Sequence[ProbedDisk], data: DataDisks, *, wipe: bool = False) -> ProbedDisk:
    """The disk to install on.

    ``wipe``: also where it is mounted, or a member of an array or a volume group, all of which then has to be ended
    first; never where it holds a data disk, or what the running system runs from. File systems in plain partitions
    do not count: the disk is named to be erased.

    Raises `DiskRefused`.
    """
    disk = _the_one(layout.serial, disks)
    _is_no_data(disk, data)
    _is_fit(disk, layout)
    _is_free(disk, disks, wipe)
    return disk


def _the_one(serial: str, disks: Sequence[ProbedDisk]) -> ProbedDisk:
    found = [disk for disk in disks if disk.serial == serial]
    if len(found) == 1:
        return found[0]
    if found:
        raise _twice(serial, found)
    if not disks:
        raise DiskRefused(
            "install.no-disk",
            serial,
            "a disk with this serial number; there is no disk at all here",
            "Look at cables, and in the firmware's setup whether the controller is on (AHCI or NVMe, not RAID).",
        )
    near = difflib.get_close_matches(serial, [disk.serial for disk in disks if disk.serial], 1, 0.6)
    raise DiskRefused(
        "install.disk-missing",
        serial,
        f"the serial number of a disk that is here: {'; '.join(disk.words for disk in disks)}",
        "Correct it, or look why the disk is not there: its cable, its slot, the firmware's setup.",
        near[0] if near else None,
    )


def _twice(serial: str, found: Sequence[ProbedDisk]) -> DiskRefused:
    where = " and ".join(disk.words for disk in found)
    if any(content.type == "mpath" for disk in found for content in disk.contents):
        return DiskRefused(
            "install.disk-twice",
            serial,
            f"one disk with this serial number; {where} are several ways to one disk (multipath)",
            "Disks behind several ways are not installed on: leave one of them connected.",
        )
    return DiskRefused(
        "install.disk-twice",
        serial,
        f"one disk with this serial number; {where} have the same",
        "Unplug the one that is not meant: USB enclosures often show a serial number of their own, all the same one.",
    )


def _is_no_data(disk: ProbedDisk, data: DataDisks) -> None:
    name = data.serials.get(disk.serial)
    why = "has this serial number"
    for content in disk.contents:
        if content.uuid is not None and content.uuid.lower() in data.uuids:
            name, why = data.uuids[content.uuid.lower()], f"is on it: {content.path}, UUID {content.uuid}"
    if name is not None:
        raise DiskRefused(
            "install.disk-is-data",
            disk.serial,
            f"a disk that is not a data disk; base.disks.{name} {why}",
            "Correct install.disk, or take the entry out of base.disks if its data may go.",
        )


def _is_fit(disk: ProbedDisk, layout: DiskLayout) -> None:
    if disk.read_only:
        raise DiskRefused(
            "install.disk-read-only",
            disk.serial,
            f"a disk that can be written; {disk.words} is read-only",
            "Look for a switch on it, and at the kernel's messages: a drive that fails turns itself read-only.",
        )
    if disk.size < layout.least_bytes:
        raise DiskRefused(
            "install.disk-too-small",
            disk.serial,
            f"at least {layout.least_bytes / 10**9:.1f} GB, which install.layout needs; {disk.words} is smaller",
            "Make the partitions smaller, or take another disk.",
        )


def _is_free(disk: ProbedDisk, disks: Sequence[ProbedDisk], wipe: bool) -> None:
    running = [mount for content in disk.contents for mount in content.mounts if _runs_from(mount)]
    if running:
        raise DiskRefused(
            "install.disk-in-use",
            disk.serial,
            f"a disk that the running system does not run from; {disk.path} holds its {', '.join(running)}",
            "Start another system: the installation's media, or a rescue system.",
        )
    used = [f"{content.path} is {what}" for content in disk.contents if (what := _used_as(content))]
    used += _shared(disk, disks)
    if used and not wipe:
        raise DiskRefused(
            "install.disk-used",
            disk.serial,
            f"a disk that nothing else relies on; of {disk.words} {', '.join(used)}",
            "If all of that may go, say --wipe.",
        )


def _runs_from(mount: str) -> bool:
    return mount == "/" or any(mount == each or mount.startswith(f"{each}/") for each in RUNS_FROM if each != "/")


def _used_as(content: Content) -> str | None:
    if content.mounts:
        return f"mounted at {', '.join(content.mounts)}" if content.mounts != ("[SWAP]",) else "swap in use"
    return MEMBERS.get(content.fs or "")


def _shared(disk: ProbedDisk, disks: Sequence[ProbedDisk]) -> list[str]:
    """File systems that span several disks: the same UUID on another one."""
    elsewhere = {
        content.uuid: other
        for other in disks
        if other is not disk
        for content in other.contents
        if content.uuid is not None and content.fs == "btrfs"
    }
    return [
        f"{content.path} is a part of a file system that is also on {elsewhere[content.uuid].path}"
        for content in disk.contents
        if content.fs == "btrfs" and content.uuid in elsewhere
    ]
