"""A throw-away host as a live system with disks of its own: image files of this machine, behind loop devices.

Real: SSH, partitions, file systems, debootstrap, packages, GRUB on the disk. Stand-ins: lsblk shows the loop devices as
disks with serial numbers, and no others; udevadm makes the nodes and links that udev would; that the firmware is UEFI.
"""

from __future__ import annotations

import hashlib
import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sim import programs
from sim.host.root import Root, bare_root
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import derive

GIB = 1024**3
_MAP = "/etc/stand-in-disks"

PACKAGES = """
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq --yes --no-install-recommends install fdisk dosfstools e2fsprogs wget
"""
"""As on Debian's live images: what makes disks is there, debootstrap is not."""

_LSBLK = f"""#!/bin/sh
# Each line of the map: a device, its serial number.
disks=$(cut -d' ' -f1 {_MAP})
case $1 in
    -dnpo) printf '%s\\n' $disks ;;
    -dno) sed -n "s|^$3 ||p" {_MAP} ;;
    -J)
        /usr/bin/lsblk --properties-by file,blkid "$@" $disks | awk '
            BEGIN {{ while ((getline line < "{_MAP}") > 0) {{ split(line, part, " "); serial[part[1]] = part[2] }} }}
            /"path":/ {{ path = $0; gsub(/.*: "|",?$/, "", path) }}
            /"serial": *null/ && path in serial {{ sub(/null/, "\\"" serial[path] "\\"") }}
            {{ sub(/"type": *"loop"/, "\\"type\\":\\"disk\\""); print }}'
        ;;
    *) exec /usr/bin/lsblk "$@" ;;
esac
"""

_UDEVADM = f"""#!/bin/sh
rm -rf /dev/disk/by-uuid && mkdir -p /dev/disk/by-uuid /run/udev/data && touch /run/udev/data/stand-in
for disk in $(cut -d' ' -f1 {_MAP}); do
    name=${{disk##*/}}
    partx --update "$disk" 2>/dev/null || partx --delete "$disk" 2>/dev/null
    rm -f "$disk"p*
    for part in /sys/block/"$name"/"$name"p*; do
        [ -e "$part/dev" ] || continue
        mknod "/dev/${{part##*/}}" b $(tr : ' ' <"$part/dev")
        uuid=$(blkid -p -s UUID -o value "/dev/${{part##*/}}") && ln -s "/dev/${{part##*/}}" "/dev/disk/by-uuid/$uuid"
    done
done
exit 0
"""


def live_root(release: str = "trixie") -> Root:
    """What the live system is made of."""
    return derive(bare_root(release), "live", PACKAGES)


@dataclass(frozen=True)
class LiveHost:
    """``files``: serial number → the disk's image, byte for byte."""

    host: ThrowawayHost
    files: Mapping[str, Path]

    def contents(self, serial: str) -> str:
        """The hash of every byte of a disk."""
        self.host.run("sync")
        with self.files[serial].open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def live_host(
    folder: Path, disks: Mapping[str, float], *, firmware: str, twin: str | None = None
) -> Iterator[LiveHost]:
    """A host started from a live system, with disks: serial number → size in GiB; ``twin``: one is there twice."""
    programs.require("losetup")
    files = {serial: folder / f"{serial}.img" for serial in disks}
    for serial, file in files.items():
        with file.open("wb") as image:
            image.truncate(int(disks[serial] * GIB))
    wanted = list(files.items())
    if twin is not None:
        other = folder / "twin.img"
        with other.open("wb") as image:
            image.truncate(GIB)
        wanted.append((twin, other))
    loops: dict[str, str] = {}
    try:
        for serial, file in wanted:
            loops[programs.run(["losetup", "--find", "--partscan", "--show", str(file)]).strip()] = serial
        with ThrowawayHost("live", root=live_root()) as host:
            _stand_in(host, loops, firmware)
            yield LiveHost(host, files)
    finally:
        for loop in loops:
            _detach(loop)


def start_again(live: LiveHost, firmware: str) -> None:
    """Switch it off in the midst of whatever it does, and start the live system anew: its memory is gone."""
    loops = dict(line.split(" ", 1) for line in live.host.run(f"cat {_MAP}").stdout.splitlines())
    live.host.kill()
    live.host.start()
    _stand_in(live.host, loops, firmware)


def _stand_in(host: ThrowawayHost, loops: Mapping[str, str], firmware: str) -> None:
    host.run(f"cat > {_MAP}", input="".join(f"{loop} {serial}\n" for loop, serial in loops.items()))
    for name, text in (("lsblk", _LSBLK), ("udevadm", _UDEVADM)):
        host.run(f"cat > /usr/local/bin/{name} && chmod 755 /usr/local/bin/{name}", input=text)
    for loop in loops:
        number = loop.removeprefix("/dev/loop")
        host.run(f"[ -b {shlex.quote(loop)} ] || mknod {shlex.quote(loop)} b 7 {number}")
    if firmware == "uefi":
        host.run("mount -t tmpfs firmware /sys/firmware && mkdir /sys/firmware/efi")
    host.run("udevadm settle")


def _detach(loop: str) -> None:
    """Once nothing in a host that is gone holds it any more."""
    programs.run(["losetup", "--detach", loop])
    deadline = time.monotonic() + 30
    while loop in programs.run(["losetup", "--list", "--noheadings", "--output", "NAME"]).split():
        assert time.monotonic() < deadline, f"{loop} is still in use"
        time.sleep(0.2)
