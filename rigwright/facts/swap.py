"""Swap: what is in use, and what would be after a boot."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from pyinfra.api import FactBase

SWAPFILE = "/swapfile"
"""Our swap file; its unit is swapfile.swap."""

_COMMAND = rf"""
export LC_ALL=C
tail -n +2 /proc/swaps 2>/dev/null | while read -r name type size rest; do echo "A $size $type $name"; done
echo "T $(base64 -w0 < /etc/fstab 2>/dev/null)"
if [ -f {SWAPFILE} ]; then
    echo "F $(stat -c '%s %a' {SWAPFILE}) $(blkid -p -o value -s TYPE {SWAPFILE} 2>/dev/null)"
fi
systemctl show -p What,Id,FragmentPath '*.swap' 2>/dev/null
true
"""


@dataclass(frozen=True)
class ActiveSwap:
    """One swap in use: path, kind (``file`` or ``partition``) and size in KiB (a page less than its file or device)."""

    path: str
    kind: str
    size_kib: int


@dataclass(frozen=True)
class SwapState:
    """What `Swap` found.

    ``file_size``: bytes of /swapfile, None without it; ``file_ready``: it has a swap signature and mode 600;
    ``automatic``: units that systemd made by itself for swap partitions that fstab does not name.
    """

    active: tuple[ActiveSwap, ...]
    fstab: str
    file_size: int | None
    file_ready: bool
    automatic: tuple[str, ...]


class Swap(FactBase[SwapState]):
    """All of it in one command.

    Raw lines: ``A 2097148 file /swap.img``; ``T <fstab in base64>``; ``F 2147483648 600 swap``; then, for each swap
    unit that systemd knows, ``What=/dev/sda3``, ``Id=dev-sda3.swap``,
    ``FragmentPath=/run/systemd/generator.late/dev-sda3.swap``.
    """

    def command(self) -> str:
        """Print it."""
        return _COMMAND

    def process(self, output: list[str]) -> SwapState:
        """Read it."""
        active = []
        fstab = ""
        size: int | None = None
        ready = False
        automatic = []
        unit = ""
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "A":
                kib, swap_kind, path = rest.split(" ", 2)
                active.append(ActiveSwap(path, swap_kind, int(kib)))
            elif kind == "T":
                fstab = base64.b64decode(rest).decode("utf-8", "surrogateescape")
            elif kind == "F":
                byte_count, mode, *signature = rest.split()
                size, ready = int(byte_count), mode == "600" and signature == ["swap"]
            elif line.startswith("Id="):
                unit = line[3:]
            elif line.startswith("FragmentPath=/run/systemd/generator.late/"):
                automatic.append(unit)
        return SwapState(tuple(active), fstab, size, ready, tuple(sorted(automatic)))
