"""Machines as they are after their first boot, written down once: a later one wakes up as such in seconds."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cache import built_once, key_of
from sim.vm.accelerator import KVM, accelerator
from sim.vm.image import Image
from sim.vm.tools import tools

if TYPE_CHECKING:
    from sim.vm.machine import Shape

_FORMAT = 1  # raise it when a state cannot be taken in any more although its inputs are the same


@dataclass(frozen=True)
class Saved:
    """A state: memory and devices, the disk that goes with it, and the firmware's variables."""

    folder: Path

    @property
    def state(self) -> Path:
        """Memory and devices."""
        return self.folder / "state"

    @property
    def disk(self) -> Path:
        """The system's disk as it was then; a machine lays a layer over it."""
        return self.folder / "system.qcow2"

    @property
    def variables(self) -> Path:
        """The firmware's variables (on UEFI only)."""
        return self.folder / "variables.fd"


def saved_state(image: Image, shape: Shape) -> Saved | None:
    """The state of a machine of that shape, booted and saved if it is not there yet; None where devices forbid it."""
    if any(disk.bus == "nvme" for disk in shape.disks):
        return None  # QEMU's NVMe cannot be taken from one process to another
    processor = _processor() if accelerator() == KVM else ""
    inputs = [_FORMAT, dataclasses.asdict(shape), accelerator(), processor, tools().root.parent.name]

    def build(aside: Path) -> None:
        from sim.vm.machine import Machine  # noqa: PLC0415  # a machine wakes up from a state

        with Machine(
            image,
            disks=shape.disks,
            firmware=shape.firmware,
            memory_mib=shape.memory_mib,
            cpus=shape.cpus,
            ports=shape.ports,
            durable=shape.durable,
            resumed=False,
        ) as machine:
            machine.save_state(aside / "state")
            shutil.move(machine.record.disks / "system.qcow2", aside)
            if shape.firmware == "uefi":
                shutil.copyfile(machine.record.folder / "variables.fd", aside / "variables.fd")

    return Saved(built_once(image.folder / f"saved-{key_of(inputs)}", build))


def _processor() -> str:
    """What this machine's processor can do: a state that was saved on a better one cannot be taken in."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return line
    return ""
