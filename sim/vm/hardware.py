"""What a machine is made of, as QEMU's command line says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sim.vm.tools import Tools

Firmware = Literal["bios", "uefi"]
Bus = Literal["virtio", "nvme", "sata", "usb"]

CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"

_DEVICES: Mapping[Bus, str] = {
    "virtio": "virtio-blk-pci",
    "nvme": "nvme",
    "sata": "ide-hd",
    "usb": "usb-storage",
}


@dataclass(frozen=True)
class Drive:
    """A disk in the machine: `file` is its image on this machine; `serial` what the guest's kernel reads of it.

    `format`: of the image. `durable`: what the guest has flushed outlives QEMU's death; a disk that is not is faster.
    """

    file: Path
    serial: str
    format: Literal["qcow2", "raw"] = "qcow2"
    bus: Bus = "virtio"
    durable: bool = False


@dataclass(frozen=True)
class Kernel:
    """A kernel that the machine is started with past its own bootloader."""

    image: Path
    initrd: Path
    command_line: str


@dataclass(frozen=True)
class Hardware:
    """The machine but for its disks. `forwarded`: ports of the machine → ports of this one's 127.0.0.1."""

    memory_mib: int = 2048
    cpus: int = 2
    firmware: Firmware = "bios"
    forwarded: Mapping[int, int] | None = None


def arguments(tools: Tools, hardware: Hardware, drives: list[Drive], folder: Path, kernel: Kernel | None) -> list[str]:
    """QEMU's arguments but for the accelerator's. The firmware's variables, the monitor's socket and what the console
    says are in `folder`.
    """
    at = tools.at
    found = ["-machine", "q35", "-smp", str(hardware.cpus), "-m", str(hardware.memory_mib)]
    found += ["-display", "none", "-vga", "std", "-nodefaults"]
    found += ["-serial", f"file:{at(folder / 'console.log')}"]
    found += ["-qmp", f"unix:{at(folder / 'monitor')},server=on,wait=off"]
    found += ["-device", "qemu-xhci,id=usb", "-device", "virtio-rng-pci"]
    forwards = "".join(
        f",hostfwd=tcp:127.0.0.1:{here}-:{there}" for there, here in sorted((hardware.forwarded or {}).items())
    )
    found += ["-netdev", f"user,id=net0{forwards}", "-device", "virtio-net-pci,netdev=net0,id=nic0"]
    if hardware.firmware == "uefi":
        found += ["-drive", f"if=pflash,format=raw,readonly=on,file={CODE}"]
        found += ["-drive", f"if=pflash,format=raw,file={at(folder / 'variables.fd')}"]
    for number, drive in enumerate(drives):
        cache = "writeback" if drive.durable else "unsafe"
        found += ["-drive", f"if=none,id=disk{number},file={at(drive.file)},format={drive.format},cache={cache}"]
        found += ["-device", f"{_DEVICES[drive.bus]},drive=disk{number},serial={drive.serial},bootindex={number + 1}"]
    if kernel is not None:
        found += ["-kernel", at(kernel.image), "-initrd", at(kernel.initrd), "-append", kernel.command_line]
    return found
