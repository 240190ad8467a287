"""The live system that a host was started from: what it can do, which disks it sees, how it was started."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pyinfra.api import FactBase
from pyinfra.api.exceptions import FactProcessError

from rigwright.choice.install.disks import LSBLK, ProbedDisk, probed

WORKSHOP = "/run/rigwright-install"
"""Where an installation has its scripts and keys on the live system: in memory, gone with the next power cut."""
TARGET = f"{WORKSHOP}/target"
"""Where the new system is mounted while it is made."""

TOOLS: Mapping[str, str] = {
    "debootstrap": "debootstrap",
    "sfdisk": "fdisk",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.vfat": "dosfstools",
    "wipefs": "util-linux",
    "flock": "util-linux",
    "udevadm": "udev",
}
"""Program that an installation needs on the live system → its Debian package."""
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
"""What the archive's signature is held against; of package debian-archive-keyring."""

_COMMAND = rf"""
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
[ -d /sys/firmware/efi ] && echo "F uefi" || echo "F bios"
[ "$(ls -A /sys/firmware/efi/efivars 2>/dev/null | head -n 1)" ] && echo V
echo "A $(uname -m)"
(. /etc/os-release && echo "O $ID $ID_LIKE|$PRETTY_NAME") 2>/dev/null
for tool in {" ".join(TOOLS)}; do command -v "$tool" >/dev/null && echo "T $tool"; done
[ -e {KEYRING} ] && echo K
[ "$(ls -A /run/udev/data 2>/dev/null | head -n 1)" ] && echo U
way=$(ip -o route show default 2>/dev/null | head -n 1; ip -o -6 route show default 2>/dev/null | head -n 1)
name=$(printf '%s\n' "$way" | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
[ "$name" ] && [ -e "/sys/class/net/$name/device" ] && echo "M $(cat "/sys/class/net/$name/address")"
for link in /dev/disk/by-id/*; do [ -e "$link" ] && echo "I $(readlink -f "$link") $link"; done
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    [ -f "$file" ] && ! dpkg -S "$file" >/dev/null 2>&1 && grep -q Acquire "$file" || continue
    echo "C $(basename "$file") $(base64 -w0 < "$file")"
done
[ -e {WORKSHOP}/lock ] && ! flock -n {WORKSHOP}/lock true 2>/dev/null && echo B
echo "L $({LSBLK} 2>&1 | base64 -w0)"
echo "P $(lsblk -J -o PATH,PTUUID,LABEL 2>/dev/null | base64 -w0)"
true
"""


@dataclass(frozen=True)
class LiveState:
    """What `LiveSystem` found.

    ``system``: its own name; ``debian_like``: whether packages can be had by apt-get; ``keyring``: whether Debian's
    keys are there; ``mac``: of the interface by which it reaches the world, None: one without hardware; ``tables``:
    path of a device → UUID of the partition table that it has or is part of; ``labels``: path → label of its file
    system; ``ids``: path → its lasting names; ``apt_settings``: name → text of settings about fetching that no package
    brought; ``busy``: an installation is running; ``udev``: it runs; without it lsblk takes a full disk for empty.
    """

    firmware: Literal["uefi", "bios"]
    machine: str
    system: str
    debian_like: bool
    tools: frozenset[str] = frozenset()
    keyring: bool = False
    efi_variables: bool = False
    mac: str | None = None
    busy: bool = False
    udev: bool = True
    disks: tuple[ProbedDisk, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    apt_settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """Debian packages whose programs or keys are missing, sorted."""
        found = {package for tool, package in TOOLS.items() if tool not in self.tools}
        return tuple(sorted(found | (set() if self.keyring else {"debian-archive-keyring"})))


class LiveSystem(FactBase[LiveState]):
    """All of it in one command.

    Raw lines: ``F uefi``; ``V``: the firmware's variables can be written; ``A x86_64``; ``O debian |Debian GNU/Linux
    13``; ``T sfdisk``, one for each tool that is there; ``K``: the keyring; ``U``: udev; ``M 52:54:00:12:34:56``;
    ``I /dev/sda /dev/disk/by-id/…``; ``C 99proxy <base64>``; ``B``: busy; ``L`` and ``P``: lsblk's JSON in base64.
    """

    def command(self) -> str:
        """Ask the live system."""
        return _COMMAND

    def process(self, output: list[str]) -> LiveState:
        """Read it."""
        words: dict[str, list[str]] = {}
        for line in output:
            kind, _, rest = line.partition(" ")
            words.setdefault(kind, []).append(rest)

        def first(kind: str) -> str:
            return words.get(kind, [""])[0]

        names, _, system = first("O").partition("|")
        links: dict[str, tuple[str, ...]] = {}
        for path, _, link in (each.partition(" ") for each in words.get("I", [])):
            links[path] = (*links.get(path, ()), link)
        settings = [each.partition(" ") for each in words.get("C", [])]
        try:
            disks = probed(_decoded(first("L")))
        except ValueError as error:
            raise FactProcessError(f"the live system's disks cannot be read: {error}") from error
        tables, labels = _tables(_decoded(first("P")))
        return LiveState(
            firmware="uefi" if first("F") == "uefi" else "bios",
            machine=first("A"),
            system=system or names.strip() or "unknown system",
            debian_like=bool({"debian", "ubuntu"} & set(names.split())),
            tools=frozenset(words.get("T", [])),
            keyring="K" in words,
            efi_variables="V" in words,
            mac=first("M") or None,
            busy="B" in words,
            udev="U" in words,
            disks=disks,
            tables=tables,
            labels=labels,
            ids=links,
            apt_settings={name: _decoded(text) for name, _, text in settings},
        )


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode("utf-8", "replace")


def _tables(text: str) -> tuple[dict[str, str], dict[str, str]]:
    tables: dict[str, str] = {}
    labels: dict[str, str] = {}
    waiting = list(json.loads(text)["blockdevices"]) if text else []
    while waiting:
        device = waiting.pop()
        waiting += device.get("children", [])
        if device.get("ptuuid"):
            tables[device["path"]] = device["ptuuid"]
        if device.get("label"):
            labels[device["path"]] = device["label"]
    return tables, labels
