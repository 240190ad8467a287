"""Data disks: each known by one thing, mounted where it harms nobody, formatted only where it is named twice."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from rigwright.catalog import Catalog
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.base import Disk
from rigwright.spec.rig import Rig

SYSTEM = (
    "/", "/home", "/root", "/tmp", "/var", "/var/cache", "/var/lib", "/var/lib/apt", "/var/lib/dpkg",
    "/var/lib/rigwright", "/var/lib/systemd", "/var/log", "/var/tmp",
)  # fmt: skip
"""Mount points without which a host does not work, or nobody can log in; what else lies below them may be a disk."""

WHOLLY_SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr")
"""The same, and all that lies below them."""


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What does not hold of base.disks."""
    seen: dict[tuple[str, str], str] = {}
    serials = {drive.serial for drive in rig.hardware.storage.values() if drive.serial is not None}
    for name, disk in rig.base.disks.items():
        key = f"base.disks.{name}"
        yield from _identity(key, disk)
        yield from _mount(key, disk)
        yield from _serial(key, disk, serials)
        yield from _twice(name, disk, seen)


def _identity(key: str, disk: Disk) -> Iterator[Finding]:
    if (disk.uuid is None) == (disk.format is None):
        both = disk.uuid is not None
        yield Finding(
            "base.disk-identity",
            key,
            None,
            "exactly one of uuid (a file system that is there) and format (the serial number of a drive that may "
            f"be formatted): {'both are' if both else 'neither is'} given",
            "Remove one." if both else "Add uuid, as `lsblk -o NAME,UUID` prints it on the host.",
            rests_on=(f"{key}.uuid", f"{key}.format"),
        )


def _mount(key: str, disk: Disk) -> Iterator[Finding]:
    place = PurePosixPath(posixpath.normpath(disk.mount))
    if str(place) in SYSTEM or any(place.is_relative_to(folder) for folder in WHOLLY_SYSTEM):
        yield Finding(
            "base.disk-mount",
            f"{key}.mount",
            disk.mount,
            "a mount point for data: without the disk the host could not boot, or nobody could log in, though data "
            "disks may be missing",
            "Choose another, e.g. '/srv'.",
        )
    if "noauto" in disk.options and "x-systemd.automount" not in disk.options:
        yield Finding(
            "base.disk-noauto",
            f"{key}.options.{disk.options.index('noauto')}",
            "noauto",
            "no 'noauto', or 'x-systemd.automount' beside it: after a boot the disk would not be there",
            "Remove it: a disk that is missing delays a boot by ten seconds and does nothing worse.",
        )


def _serial(key: str, disk: Disk, serials: Collection[str]) -> Iterator[Finding]:
    if disk.format is not None and serials and disk.format not in serials:
        yield Finding(
            "base.disk-serial",
            f"{key}.format",
            disk.format,
            f"a serial number in hardware.storage: {', '.join(sorted(serials))}",
            "Correct it, or declare the drive: only a drive that is named twice is ever formatted.",
            nearest(disk.format, serials),
            rests_on=("hardware.storage.*.serial",),
        )


def _twice(name: str, disk: Disk, seen: dict[tuple[str, str], str]) -> Iterator[Finding]:
    """``seen``: what the disks before it have, and which of them."""
    for what, value in (("mount", disk.mount), ("uuid", disk.uuid), ("format", disk.format)):
        if value is None:
            continue
        other = seen.setdefault((what, value), name)
        if other != name:
            yield Finding(
                f"base.disk-{what}-twice",
                f"base.disks.{name}.{what}",
                value,
                f"a {what} of its own: base.disks.{other} has the same",
                "Correct one of the two.",
            )
