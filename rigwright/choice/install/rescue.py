"""An installation from a live system: whether it may begin, on which disk, and what is there now. Nothing is done here.

A disk that `rig install` has begun on is known by its partition table's own UUID, which follows from the host and the
disk's serial number; that all of it was done, by the label of /, which is written last of all.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rigwright.catalog.releases import Release
from rigwright.choice.install.disks import Content, ProbedDisk
from rigwright.choice.install.layout import DiskLayout
from rigwright.choice.install.target import MEMBERS, DataDisks, DiskRefused, target_disk
from rigwright.facts.live_system import TARGET, LiveState
from rigwright.spec.install import Network

MARK = "rig-"
"""How the label of / begins on a disk where an installation has come to its end."""
MACHINE = "x86_64"
FIRMWARE = {"uefi": "UEFI", "bios": "BIOS (legacy, CSM)"}

State = Literal["blank", "unfinished", "installed", "occupied"]


class RescueRefused(Exception):
    """The live system or the declaration do not allow it. Parts as those of a fault of the declaration."""

    def __init__(self, id: str, key: str, value: str, expected: str, advice: str) -> None:
        self.id, self.key, self.value, self.expected, self.advice = id, key, value, expected, advice
        super().__init__(id, key, value, expected, advice)

    def __str__(self) -> str:
        return f"{self.key} is {self.value!r}: expected {self.expected}. {self.advice} Nothing was changed."


@dataclass(frozen=True)
class Ground:
    """The disk to install on and what is to be known before.

    ``state``: of the disk: 'unfinished': begun by an earlier run; 'installed': done by one, with ``mark``;
    ``ended``: what uses it and is ended first; ``others``: the disks that are not touched.
    """

    disk: ProbedDisk
    state: State
    mark: str | None
    ended: tuple[Content, ...]
    others: tuple[ProbedDisk, ...]
    lasting: str
    """A name of the disk that outlives a restart, where it has one."""


def table_id(host: str, serial: str) -> str:
    """The UUID of the partition table that is made for this host on this disk."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"rigwright:install:{host}:{serial}"))


def interface(network: Network, live: LiveState) -> str:
    """The MAC address of the interface that the host will have: the declared one, or the one that is in use.

    Raises `RescueRefused` where neither says it: the host would come up without a network.
    """
    found = network.mac or live.mac
    if found is None:
        raise RescueRefused(
            "install.rescue-network",
            "install.network.mac",
            "",
            "the MAC address of the host's interface: the live system reaches the world by none that is hardware",
            "Declare it, as `ip link` prints it.",
        )
    return found


def ground(host: str, layout: DiskLayout, release: Release, data: DataDisks, live: LiveState, *, wipe: bool) -> Ground:
    """Where the host is installed. Raises `RescueRefused` and `DiskRefused`."""
    _is_possible(layout, release, live)
    disks = tuple(_without_ours(disk) for disk in live.disks)
    disk = target_disk(layout, disks, data, wipe=wipe)
    others = tuple(each for each in disks if each is not disk)
    ended = tuple(content for content in disk.contents if _has_to_end(content))
    for content in ended:
        _is_of_one_disk(layout.serial, content, disk, others)
    state, mark = _state(host, layout, disk, live)
    return Ground(disk, state, mark, ended, others, _lasting(disk, live))


def _is_possible(layout: DiskLayout, release: Release, live: LiveState) -> None:
    if release.id != "debian":
        raise RescueRefused(
            "install.rescue-release",
            "install.release",
            release.codename,
            "a release of Debian: from a live system only that is installed",
            "`rig installer` makes media for Ubuntu.",
        )
    if live.machine != MACHINE:
        raise RescueRefused(
            "install.rescue-machine",
            "the live system's kernel",
            live.machine,
            f"one for {MACHINE}",
            "Start a 64-bit live system.",
        )
    if live.busy:
        raise RescueRefused(
            "install.rescue-busy",
            "the live system",
            live.system,
            "one on which no installation is running; one is",
            "Wait until it has ended, or restart the live system: an installation that was cut off begins anew.",
        )
    if not live.udev:
        raise RescueRefused(
            "install.rescue-udev",
            "the live system",
            live.system,
            "one with udev running: nothing else says for sure what is on a disk",
            "Start another live system, e.g. Debian live or grml.",
        )
    if live.firmware != layout.firmware:
        raise RescueRefused(
            "install.rescue-firmware",
            "install.firmware",
            layout.firmware,
            f"{live.firmware!r}: the live system was started by {FIRMWARE[live.firmware]}, and a boot loader for "
            f"{FIRMWARE[layout.firmware]} can only be set up where the firmware started it that way",
            f"Start the live system by {FIRMWARE[layout.firmware]} (in the firmware's boot menu), or correct "
            "install.firmware.",
        )
    if live.missing and not live.debian_like:
        raise RescueRefused(
            "install.rescue-tools",
            "the live system",
            live.system,
            f"Debian's {', '.join(live.missing)}, or apt-get to install them",
            "Install these there, or start a live system of Debian, e.g. Debian live or grml.",
        )


def _without_ours(disk: ProbedDisk) -> ProbedDisk:
    """What an earlier run on this live system has left mounted is its own, and is unmounted by the next."""
    contents = []
    for content in disk.contents:
        mounts = tuple(each for each in content.mounts if each != TARGET and not each.startswith(f"{TARGET}/"))
        contents.append(replace(content, mounts=mounts))
    return replace(disk, contents=tuple(contents))


def _has_to_end(content: Content) -> bool:
    return bool(content.mounts) or content.type not in ("disk", "part")


def _is_of_one_disk(serial: str, content: Content, disk: ProbedDisk, others: Sequence[ProbedDisk]) -> None:
    """An array or a volume that is made of other disks, too, is nobody's to end."""
    for other in others:
        if any(each.path == content.path for each in other.contents):
            raise DiskRefused(
                "install.disk-shared",
                serial,
                f"a disk that nothing is shared with; {content.path} is on {disk.path} and on {other.path} too",
                "Take it apart by hand, after saving what is on it (vgreduce, mdadm --fail): the other disk stays as "
                "it is only if it has no part in it.",
            )


def _state(host: str, layout: DiskLayout, disk: ProbedDisk, live: LiveState) -> tuple[State, str | None]:
    if live.tables.get(disk.path, "").lower() != table_id(host, layout.serial):
        return ("occupied" if disk.contents or disk.path in live.tables else "blank"), None
    marks = [live.labels.get(content.path, "") for content in disk.contents if content.fs == "ext4"]
    mark = next((label for label in marks if label.startswith(MARK)), None)
    return ("unfinished", None) if mark is None else ("installed", mark)


def _lasting(disk: ProbedDisk, live: LiveState) -> str:
    """By its model and serial number rather than by a number of its maker's."""
    names = [
        name for name in live.ids.get(disk.path, ()) if not name.rsplit("/", 1)[1].startswith(("wwn-", "nvme-eui"))
    ]
    return min(names, key=lambda name: (len(name), name), default=disk.path)


def told(layout: DiskLayout, found: Ground, live: LiveState) -> list[str]:
    """What will become of which disk, in plain words, one line each."""
    disk = found.disk
    lines = [
        f"Live system: {live.system}, started by {FIRMWARE[live.firmware]}.",
        f"TO BE ERASED: {disk.path}, serial number {disk.serial}, {disk.size / 10**9:.1f} GB, "
        f"{disk.model or 'which names no model'}.",
        f"  on it now: {_now(found)}",
    ]
    parts = [
        f"{each.mount or each.name} {'(the rest)' if each.size_mib is None else f'({each.size_mib} MiB)'}"
        for each in layout.partitions
    ]
    lines.append(f"  to be: {', '.join(parts)}")
    if found.ended:
        lines.append(f"  ended first: {', '.join(_in_use(each) for each in found.ended)}")
    for other in found.others:
        held = ", ".join(_content(each) for each in other.contents) or "nothing that is known"
        lines.append(f"NOT touched: {other.words}; on it: {held}")
    if live.missing:
        lines.append(f"Installed on the live system first: {', '.join(live.missing)}.")
    if live.apt_settings:
        lines.append(f"apt's settings of the live system, carried over: {', '.join(sorted(live.apt_settings))}.")
    return lines


def _now(found: Ground) -> str:
    if found.state == "blank":
        return "nothing"
    contents = ", ".join(_content(each) for each in found.disk.contents) or "an empty partition table"
    if found.state == "unfinished":
        return f"an installation by rig that did not come to its end ({contents}): it begins anew"
    if found.state == "installed":
        return f"an installation by rig that is whole, {found.mark} ({contents})"
    return contents


def _content(content: Content) -> str:
    kind = MEMBERS.get(content.fs or "", content.fs or "no file system that is known")
    mounted = f", mounted at {', '.join(content.mounts)}" if content.mounts else ""
    return f"{content.path} ({kind}{mounted})"


def _in_use(content: Content) -> str:
    return f"{content.path} ({content.type}{''.join(f', {mount}' for mount in content.mounts)})"
