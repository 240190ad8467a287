"""Block devices, what is on them, and where they are mounted."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyinfra.api import FactBase

ENDS = (
    'size=$(blockdev --getsize64 "$disk"); for at in 0 $((size - 1048576)); do '
    'cmp -s -n 1048576 -i $at:0 "$disk" /dev/zero || echo "data of no known kind behind byte $at"; done'
)
"""Shell that says where the first and the last MiB of ``$disk`` hold anything but zeros, or cannot be read.

An encrypted volume without a header, or a member of some array, has no signature that blkid or wipefs would know.
"""

_COMMAND = r"""
export LC_ALL=C
echo "T $(base64 -w0 < /etc/fstab 2>/dev/null)"
[ "@TARGETS@" ] || exit 0
echo "L $(lsblk -J -b -o PATH,TYPE,SIZE,SERIAL,RO,MOUNTPOINT 2>/dev/null | base64 -w0)"
blkid -c /dev/null -o export 2>/dev/null | sed 's/^/B /'
for target in @TARGETS@; do
    # What is mounted by whoever looks at it is looked at.
    [ "$(findmnt -n -M "$target" -o FSTYPE 2>/dev/null | tail -n 1)" = autofs ] && ls "$target" >/dev/null 2>&1
    findmnt -M "$target" >/dev/null 2>&1 || [ ! -e "$target" ] || {
        names=$(ls -A "$target" | head -n 5)
        [ "$names" ] && echo "C $(printf '%s\n' "$target" "$names" | base64 -w0)"
    }
    echo "M $(findmnt -J -M "$target" -o TARGET,SOURCE,FSTYPE,OPTIONS 2>/dev/null | base64 -w0)"
done
for wanted in @SERIALS@; do
    for disk in $(lsblk -dnp -o NAME 2>/dev/null); do
        [ -b "$disk" ] && [ "$(lsblk -dn -o SERIAL "$disk" 2>/dev/null | sed 's/ *$//')" = "$wanted" ] || continue
        echo "D $disk|$wanted"
        { wipefs -n "$disk" || echo "wipefs cannot read it"; } 2>&1 | sed -e '/^DEVICE /d' -e 's/^/W /'
        blkid -p -o export "$disk" 2>&1 | sed -e '/^DEVNAME=/d' -e 's/^/P /'
        { @ENDS@; } | sed 's/^/Z /'
    done
done
true
"""


@dataclass(frozen=True)
class Filesystem:
    """What blkid says of one device that holds something: ``uuid`` and ``type`` of its file system."""

    path: str
    uuid: str
    type: str


@dataclass(frozen=True)
class Mount:
    """One mount: ``source`` as findmnt prints it, without a subvolume; ``options`` in force."""

    target: str
    source: str
    type: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Drive:
    """One whole drive.

    ``holds`` is everything that was found on it: signatures, partitions, mounts, data; empty: nothing.
    """

    path: str
    serial: str
    size: int
    holds: tuple[str, ...]


@dataclass(frozen=True)
class DisksState:
    """What `Disks` found.

    ``drives``: those with one of the serial numbers asked for; ``mounts``: without those that only wait for somebody to
    look; ``covered``: what lies in a folder at which nothing is mounted, the first few names, by mount point.
    """

    filesystems: tuple[Filesystem, ...] = ()
    mounts: tuple[Mount, ...] = ()
    fstab: str = ""
    drives: tuple[Drive, ...] = ()
    serials: dict[str, str] = field(default_factory=dict)
    """Serial numbers of all drives, by path."""
    covered: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def filesystem(self, uuid: str) -> Filesystem | None:
        """The file system of this UUID."""
        return next((fs for fs in self.filesystems if fs.uuid.lower() == uuid.lower()), None)

    def mounted_at(self, target: str) -> Mount | None:
        """What is mounted there; the uppermost, where mounts are stacked."""
        return next((mount for mount in reversed(self.mounts) if mount.target == target), None)


class Disks(FactBase[DisksState]):
    """All of it in one command.

    Raw lines: ``T <fstab>``; ``L <lsblk's JSON>``; ``B UUID=…``: blkid's export format; for each mount point
    ``C <names in it>`` and ``M <findmnt's JSON>`` (all in base64); then for each drive asked for ``D /dev/sdb|SERIAL``,
    ``W`` lines of wipefs, ``P`` lines of blkid -p and ``Z`` lines of `ENDS`. Without a mount point only fstab is read:
    looking at drives wakes them.
    """

    def command(self, targets: Sequence[str], serials: Sequence[str]) -> str:
        """Look at these mount points, and closely at the drives with these serial numbers."""
        quoted = " ".join(map(shlex.quote, targets))
        asked = _COMMAND.replace('"@TARGETS@"', shlex.quote(quoted)).replace("@TARGETS@", quoted)
        return asked.replace("@ENDS@", ENDS).replace("@SERIALS@", " ".join(map(shlex.quote, serials)))

    def process(self, output: list[str]) -> DisksState:
        """Read it."""
        decoded = {"L": "", "T": ""}
        mounts: list[dict[str, Any]] = []
        exported: list[dict[str, str]] = [{}]
        covered: dict[str, tuple[str, ...]] = {}
        looked_at: list[tuple[str, str, list[str]]] = []
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind in decoded:
                decoded[kind] = base64.b64decode(rest).decode("utf-8", "surrogateescape")
            elif kind == "M" and rest:
                mounts += json.loads(base64.b64decode(rest))["filesystems"]
            elif kind == "C":
                target, *names = base64.b64decode(rest).decode("utf-8", "replace").splitlines()
                covered[target] = tuple(names)
            elif kind == "B":
                name, equals, value = rest.partition("=")
                if not equals or name in exported[-1]:
                    exported.append({})
                if equals:
                    exported[-1][name] = value
            elif kind == "D":
                path, _, serial = rest.partition("|")
                looked_at.append((path, serial, []))
            elif kind in ("W", "P") and looked_at and _telling(kind, rest):
                looked_at[-1][2].append(" ".join(rest.split()))
            elif kind == "Z" and looked_at and not looked_at[-1][2]:
                looked_at[-1][2].append(rest)
        devices = list(_flat(json.loads(decoded["L"] or '{"blockdevices": []}')["blockdevices"]))
        return DisksState(
            filesystems=tuple(
                Filesystem(entry["DEVNAME"], entry["UUID"], entry.get("TYPE", ""))
                for entry in exported
                if "DEVNAME" in entry and "UUID" in entry
            ),
            mounts=tuple(mount for mount in map(_mount, mounts) if mount.type != "autofs"),
            fstab=decoded["T"],
            drives=tuple(_drive(path, serial, found, devices) for path, serial, found in looked_at),
            serials={device["path"]: str(device["serial"]).strip() for device in devices if device.get("serial")},
            covered=covered,
        )


def _telling(kind: str, said: str) -> bool:
    """Whether it says what is there; blkid says much more of it than anybody wants to know."""
    name, equals, _ = said.partition("=")
    return bool(said.strip()) and (kind == "W" or not equals or name in ("TYPE", "PTTYPE", "LABEL", "UUID"))


def _flat(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from _flat(node.get("children", []))


def _mount(entry: dict[str, Any]) -> Mount:
    source = (entry["source"] or "").partition("[")[0]
    return Mount(entry["target"], source, entry["fstype"] or "", tuple((entry["options"] or "").split(",")))


def _drive(path: str, serial: str, found: list[str], devices: list[dict[str, Any]]) -> Drive:
    holds = list(found)
    size = 0
    for device in devices:
        if device["path"] != path:
            continue
        size = int(device["size"] or 0)
        holds += [f"{child['type']} {child['path']}" for child in _flat(device.get("children", []))]
        holds += [f"mounted at {device['mountpoint']}"] if device.get("mountpoint") else []
        holds += ["read-only"] if device.get("ro") else []
    return Drive(path, serial, size, tuple(dict.fromkeys(holds)))
