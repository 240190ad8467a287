"""Values that the kernel holds in files: /proc/sys and /sys."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from pyinfra.api import FactBase

_LOOP = """export LC_ALL=C; for p in {patterns}; do [ -f "$p" ] || continue
w=-; [ -w "$p" ] && w=w; echo "$(stat -f -c %T "$p")|$w|$p|$(tr -s '\\t\\n ' '   ' < "$p" 2>/dev/null)"; done; true"""


@dataclass(frozen=True)
class KernelValue:
    """One file. ``value``: its words, one space between; ``kind``: its file system's type; ``writable``: by root."""

    value: str
    kind: str
    writable: bool

    @property
    def active(self) -> str:
        """The value in force; where the file lists choices, the one in brackets ("none [mq-deadline] kyber")."""
        chosen = re.search(r"\[(\S+)\]", self.value)
        return chosen[1] if chosen else self.value

    def own(self, path: str, container: str | None) -> bool:
        """Whether it is this host's to set: in a container the kernel is the machine's, but for the network.

        A made tree (no sysfs) bound into a container is the container's own.
        """
        shared = self.kind in ("sysfs", "proc") and not path.startswith("/proc/sys/net/")
        return self.writable and not (container and shared)


class KernelValues(FactBase[dict[str, KernelValue]]):
    """Path → value, for each file that exists; ``*`` in a path stands for anything but a slash.

    Raw lines: ``proc|w|/proc/sys/vm/swappiness|60``, ``sysfs|w|/sys/block/sda/queue/scheduler|none [mq-deadline]``.
    """

    def command(self, paths: list[str]) -> str:
        """Read all of them."""
        return _LOOP.format(patterns=" ".join(shlex.quote(path).replace("*", "'*'") for path in paths))

    @staticmethod
    def default() -> dict[str, KernelValue]:
        """None of them exists."""
        return {}

    def process(self, output: list[str]) -> dict[str, KernelValue]:
        """Read one file a line."""
        found = {}
        for line in output:
            kind, writable, path, value = line.split("|", 3)
            found[path] = KernelValue(" ".join(value.split()), kind, writable == "w")
        return found


class BlockQueues(FactBase[dict[str, str]]):
    """Drive ("sda", "nvme0n1") → its kind: "nvme", "ssd" or "hdd". Partitions, loops, RAM and RAID are none.

    Raw lines: ``nvme0n1 0``, ``sda 1`` (name, rotational).
    """

    def command(self) -> str:
        """Walk /sys/block."""
        return (
            "for d in /sys/block/*; do n=${d##*/}; case $n in loop*|ram*|zram*|dm-*|md*|sr*|fd*|nbd*) continue;; esac;"
            ' [ -f "$d/queue/scheduler" ] && echo "$n $(cat "$d/queue/rotational")"; done; true'
        )

    @staticmethod
    def default() -> dict[str, str]:
        """No drive."""
        return {}

    def process(self, output: list[str]) -> dict[str, str]:
        """Tell kinds apart."""
        pairs = (line.split() for line in output)
        return {name: "nvme" if name.startswith("nvme") else "hdd" if turns == "1" else "ssd" for name, turns in pairs}
