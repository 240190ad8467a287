"""`base.disks` and `base.swap`: what fstab mounts besides the system, by UUID; what the host swaps to."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import get_args

from rigwright.capture.part import Part, Values
from rigwright.capture.seen import Seen
from rigwright.facts.swap import SWAPFILE
from rigwright.operations.disks import GUARD, MARK
from rigwright.rules.disks import SYSTEM, WHOLLY_SYSTEM
from rigwright.spec.base import Disk

LAYER = "base"
_GIB = 2**30
_NOBODYS = ("defaults", "nofail", "auto", *GUARD)
"""Options that every data disk has, or that say nothing."""
_KINDS = get_args(Disk.model_fields["fs"].annotation)


def captured(seen: Seen) -> Part:
    """Disks, swap."""
    part = Part()
    disks: Values = {}
    for line in seen.swap.fstab.splitlines():
        fields = line.split()
        if line.lstrip().startswith("#") or len(fields) < 4 or not fields[1].startswith("/"):
            continue
        _disk(seen, fields, disks, part)
    swap = _swap(seen, part)
    part.values[LAYER] = {"swap": swap, **({"disks": disks} if disks else {})}
    return part


def _disk(seen: Seen, fields: list[str], disks: Values, part: Part) -> None:
    device, mount, kind, options = fields[:4]
    place = PurePosixPath(mount)
    if str(place) in SYSTEM or any(place.is_relative_to(folder) for folder in WHOLLY_SYSTEM):
        if str(place) not in ("/", "/tmp") and not str(place).startswith("/boot"):
            part.say(LAYER, "disk-of-the-system", f"{mount} is a file system of its own, which is no data disk: the "
                     "installer's affair")  # fmt: skip
        return
    if kind not in _KINDS:
        part.say(LAYER, "disk-kind", f"{mount} is mounted as {kind}: only {', '.join(_KINDS)} are declared as data "
                 "disks. Its line in /etc/fstab stays as it is")  # fmt: skip
        return
    given = [option for option in options.split(",") if option and not option.startswith(MARK)]
    uuid = _uuid(seen, device, mount)
    if uuid is None:
        part.say(LAYER, "disk-unknown", f"{mount} is to be mounted from {device}, and no file system of that name "
                 "shows here: its UUID is not known")  # fmt: skip
        return
    if uuid in _of_the_system(seen):
        part.say(
            LAYER, "disk-of-the-system", f"{mount} is on the file system that the system is on: the installer's affair"
        )
        return
    mark = next((option[len(MARK) :] for option in options.split(",") if option.startswith(MARK)), "")
    name = mark or _named(mount, disks)
    disks[name] = {"uuid": uuid, "mount": mount, "fs": kind, "options": [o for o in given if o not in _NOBODYS]}
    mounted = seen.disks.mounted_at(mount)
    serial = seen.disks.serials.get(_drive_of(mounted.source)) if mounted else None
    if serial:
        part.comments[LAYER, "disks", name] = f"On the drive {serial}."


def _of_the_system(seen: Seen) -> set[str]:
    """UUIDs of the file systems that / and what belongs to it are mounted from."""
    lines = [line.split() for line in seen.swap.fstab.splitlines() if not line.lstrip().startswith("#")]
    return {
        each[0][5:].strip('"') for each in lines if len(each) > 3 and each[0].startswith("UUID=") and each[1] in SYSTEM
    }


def _uuid(seen: Seen, device: str, mount: str) -> str | None:
    name, _, value = device.partition("=")
    if name == "UUID":
        return value.strip('"')
    mounted = seen.disks.mounted_at(mount)
    path = device if device.startswith("/dev/") else mounted.source if mounted else ""
    real = mounted.source if mounted else path
    return next((fs.uuid for fs in seen.disks.filesystems if fs.path in (path, real)), None)


def _drive_of(device: str) -> str:
    """/dev/sdb of /dev/sdb1, /dev/nvme0n1 of /dev/nvme0n1p2."""
    return re.sub(r"(?<=\d)p\d+$|(?<=[a-z])\d+$", "", device)


def _named(mount: str, disks: Values) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", mount.strip("/")).strip("-")[:60] or "data"
    return name if name not in disks else f"{name}-{len(disks)}"


def _swap(seen: Seen, part: Part) -> Values:
    """In a container what is in use is the machine's: there only what a boot would use counts."""
    active = [] if seen.system.container else [each.path for each in seen.swap.active]
    at_boot = [line.split()[0] for line in seen.swap.fstab.splitlines()
               if line.split()[2:3] == ["swap"] and not line.lstrip().startswith("#")]  # fmt: skip
    if seen.enabled("swapfile.swap"):
        at_boot.append(SWAPFILE)
    paths = list(dict.fromkeys([*active, *at_boot]))
    size = seen.daemons.systemd.get(("zram-generator.conf", "zram-size"), "")
    has_zram = "systemd-zram-generator" in seen.packages.installed and size != "0"
    if any("zram" in path for path in active) or (has_zram and size.isdigit()):
        if size.isdigit() and int(size) % 1024 == 0:
            return {"kind": "zram", "size_gib": int(size) // 1024}
        kib = next((each.size_kib for each in seen.swap.active if "zram" in each.path), 0)
        if kib:
            part.comments[LAYER, "swap"] = "Compressed memory; its size was rounded to whole GiB."
            return {"kind": "zram", "size_gib": max(1, round(kib / 2**20))}
        return {"kind": "keep"}
    if paths == [SWAPFILE] and seen.swap.file_size and seen.swap.file_size % _GIB == 0:
        return {"kind": "file", "size_gib": seen.swap.file_size // _GIB}
    if paths:
        part.say(LAYER, "swap", f"The host swaps to {', '.join(paths)}: what the installer made is kept there, and a "
                 "host made from this declaration has what its own installer made")  # fmt: skip
        return {"kind": "keep"}
    return {"kind": "none"}
