"""What the machine reports of its parts: board, processor, memory, slots, drives."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

from pyinfra.api import FactBase

_COMMAND = r"""
export LC_ALL=C
echo "board $(cat /sys/class/dmi/id/board_name 2>/dev/null)"
sed -n 's/^model name[^:]*: /cpu /p' /proc/cpuinfo | sort -u
sed -n 's/^MemTotal: *\([0-9]*\) kB/total \1/p' /proc/meminfo
if command -v dmidecode >/dev/null; then
    dmidecode -t memory 2>/dev/null | sed -n 's/^\tSize: /module /p'
    dmidecode -t slot 2>/dev/null | sed -n 's/^\tDesignation: /slot /p; s/^\tBus Address: /at /p'
fi
echo "drives $(lsblk -J -b -o NAME,TYPE,SIZE,MODEL,SERIAL,RM,TRAN,MOUNTPOINT 2>/dev/null | base64 -w0)"
true
"""
_WHOLE = re.compile(r"^(sd|nvme|vd|hd|xvd|mmcblk)")
"""Names of what is a drive, and no loop, RAM disk or mapping."""


@dataclass(frozen=True)
class SeenDrive:
    """One drive: kernel's name, model and serial number as it tells them, size in bytes; ``system``: / lies on it."""

    name: str
    model: str
    serial: str | None
    size: int
    system: bool


@dataclass(frozen=True)
class MachineState:
    """What `Machine` found.

    ``board``: the firmware's name for it; ``modules``: sizes of the memory modules, GiB, where dmidecode is there;
    ``total_gib``: memory that the kernel has, GiB; ``slots``: PCI address → the board's name of the slot.
    """

    board: str = ""
    cpu: str = ""
    modules: tuple[float, ...] = ()
    total_gib: float = 0.0
    slots: dict[str, str] = field(default_factory=dict)
    drives: tuple[SeenDrive, ...] = ()


class Machine(FactBase[MachineState]):
    """All of it in one command.

    Raw lines: ``board X99 WS-E``, ``cpu Intel(R) Xeon(R) …``, ``total 131923456``, ``module 16 GB``, ``slot PCIE1``,
    ``at 0000:03:00.0``, ``drives <lsblk's JSON in base64>``.
    """

    def command(self) -> str:
        """Ask sysfs, procfs, the firmware's tables and lsblk."""
        return _COMMAND

    @staticmethod
    def default() -> MachineState:
        """Nothing is told."""
        return MachineState()

    def process(self, output: list[str]) -> MachineState:
        """Sort lines by their first word."""
        lines: dict[str, list[str]] = {}
        slots: dict[str, str] = {}
        slot = ""
        for line in output:
            kind, _, rest = line.partition(" ")
            lines.setdefault(kind, []).append(rest.strip())
            if kind == "slot":
                slot = rest.strip()
            elif kind == "at":
                slots[rest.strip().lower()] = slot
        return MachineState(
            board=lines.get("board", [""])[0],
            cpu=lines.get("cpu", [""])[0],
            modules=tuple(size for text in lines.get("module", ()) if (size := _gib(text))),
            total_gib=int(lines.get("total", ["0"])[0] or 0) / 1024**2,
            slots=slots,
            drives=_drives(lines.get("drives", [""])[0]),
        )


def _gib(text: str) -> float:
    """Of dmidecode's ``16 GB`` or ``16384 MB``; 0 for an empty socket."""
    found = re.match(r"^(\d+) ([GM])B$", text)
    return int(found[1]) / (1 if found[2] == "G" else 1024) if found else 0.0


def _drives(encoded: str) -> tuple[SeenDrive, ...]:
    devices = json.loads(base64.b64decode(encoded) or b'{"blockdevices": []}')["blockdevices"]
    return tuple(
        SeenDrive(
            name=each["name"],
            model=str(each.get("model") or "").strip(),
            serial=str(each.get("serial") or "").strip() or None,
            size=int(each["size"] or 0),
            system=_holds_root(each),
        )
        for each in devices
        if each["type"] == "disk" and _WHOLE.match(each["name"]) and not _removable(each)
    )


def _removable(device: dict[str, Any]) -> bool:
    return device.get("rm") in (True, "1") or device.get("tran") == "usb"


def _holds_root(device: dict[str, Any]) -> bool:
    return device.get("mountpoint") == "/" or any(_holds_root(child) for child in device.get("children", ()))
