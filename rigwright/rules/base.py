"""Rules over the base system: names, disks, swap, upgrades."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from rigwright.catalog import Catalog
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.rig import Rig

SYSTEM = (
    "/", "/home", "/root", "/tmp", "/var", "/var/cache", "/var/lib", "/var/lib/apt", "/var/lib/dpkg",
    "/var/lib/rigwright", "/var/lib/systemd", "/var/log", "/var/tmp",
)  # fmt: skip
"""Mount points without which a host does not work, or nobody can log in; what else lies below them may be a disk."""

WHOLLY_SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr")
"""The same, and all that lies below them."""

_NOT_IN_APT = re.compile(r'["%#\x00-\x1f\x7f]')
"""What ends a text in apt.conf, begins an escape or a directive there, or is no text."""


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What does not hold of layer `base`."""
    yield from _timezone(rig)
    yield from _swap(rig)
    yield from _disks(rig)
    yield from _never(rig)
    if rig.base.ntp_servers and not rig.base.time_sync:
        yield Finding(
            "base.ntp-unused",
            "base.ntp_servers",
            rig.base.ntp_servers,
            "no servers while base.time_sync is False",
            "Set time_sync to True, or remove the servers.",
        )


def _never(rig: Rig) -> Iterator[Finding]:
    for index, pattern in enumerate(rig.base.unattended_upgrades.never):
        key = f"base.unattended_upgrades.never.{index}"
        if unwritable := _NOT_IN_APT.search(pattern):
            yield Finding(
                "base.never-unwritable",
                key,
                pattern,
                f"no {unwritable[0]!r}: apt's configuration cannot hold it as it stands",
                "Remove it: no package has such a name.",
            )
            continue
        try:
            re.compile(pattern)
        except re.error as error:
            yield Finding(
                "base.never-pattern", key, pattern, f"a Python regular expression: {error}", "Correct the pattern."
            )


def _timezone(rig: Rig) -> Iterator[Finding]:
    zone = rig.base.timezone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, IsADirectoryError):
        known = available_timezones()
        if known:  # a machine without a time zone database cannot tell; the host then does
            yield Finding(
                "base.timezone",
                "base.timezone",
                zone,
                "the IANA name of a time zone, e.g. 'Europe/Berlin'",
                "Correct the name.",
                nearest(zone, known),
            )


def _swap(rig: Rig) -> Iterator[Finding]:
    swap, ram = rig.base.swap, rig.hardware.ram_gib
    if swap.kind in {"zram", "file"} and swap.size_gib is None:
        yield Finding(
            "base.swap-size",
            "base.swap.size_gib",
            None,
            f"a size in GiB, which swap of kind {swap.kind!r} needs",
            "Add size_gib.",
            rests_on=("base.swap.kind",),
        )
    if swap.kind in {"none", "keep"} and swap.size_gib is not None:
        yield Finding(
            "base.swap-size",
            "base.swap.size_gib",
            swap.size_gib,
            f"no size: swap of kind {swap.kind!r} has none",
            "Remove it, or choose kind 'zram' or 'file'.",
            rests_on=("base.swap.kind",),
        )
    if swap.kind == "zram" and ram is not None and (swap.size_gib or 0) > 2 * ram:
        yield Finding(
            "base.swap-zram",
            "base.swap.size_gib",
            swap.size_gib,
            f"at most {2 * ram} GiB: compressed memory gains no more than twice the {ram} GiB that there are",
            "Make it smaller, or use a file.",
        )


def _disks(rig: Rig) -> Iterator[Finding]:
    seen: dict[tuple[str, str], str] = {}
    serials = {drive.serial for drive in rig.hardware.storage.values() if drive.serial is not None}
    for name, disk in rig.base.disks.items():
        key = f"base.disks.{name}"
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
        for what, value in (("mount", disk.mount), ("uuid", disk.uuid), ("format", disk.format)):
            if value is None:
                continue
            other = seen.setdefault((what, value), name)
            if other != name:
                yield Finding(
                    f"base.disk-{what}-twice",
                    f"{key}.{what}",
                    value,
                    f"a {what} of its own: base.disks.{other} has the same",
                    "Correct one of the two.",
                )
