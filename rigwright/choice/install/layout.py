"""What stands on the system disk, as data: the installers' recipes and the rescue installation read the same table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rigwright.spec.hardware import Drive
from rigwright.spec.install import Install
from rigwright.spec.rig import Rig

MIB = 1024**2
GIB_MIB = 1024
EDGE_MIB = 1
"""Left free at either end: partitions begin at a MiB, and the copy of the table is at the end."""
LEAST_ROOT_MIB = 8 * GIB_MIB
"""A distribution, its kernel's headers and a driver with its build; nothing else."""
BIOS_BOOT_MIB = 1

ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
BIOS_BOOT = "21686148-6449-6E6F-744E-656564454649"
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
SWAP = "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"
"""Types of partitions in a GPT (UEFI specification 2.10, 5.3.3; GNU GRUB manual, 3.4; Discoverable Partitions)."""

FileSystem = Literal["vfat", "ext4", "swap"]


@dataclass(frozen=True)
class Partition:
    """One partition. ``fs`` and ``label`` (of the file system) are None where it holds none: the boot loader's own."""

    number: int
    name: str
    """Its name in the table (PARTLABEL)."""
    type_guid: str
    size_mib: int | None
    """None: all that is left; the last one alone."""
    fs: FileSystem | None = None
    mount: str | None = None
    label: str | None = None
    options: tuple[str, ...] = ()
    """Mount options beside the defaults."""


@dataclass(frozen=True)
class DiskLayout:
    """A whole disk: a GPT, whatever the firmware."""

    serial: str
    firmware: Literal["uefi", "bios"]
    partitions: tuple[Partition, ...]

    @property
    def least_bytes(self) -> int:
        """The smallest disk that it fits on."""
        sizes = (LEAST_ROOT_MIB if each.size_mib is None else each.size_mib for each in self.partitions)
        return (sum(sizes) + 2 * EDGE_MIB) * MIB

    def at(self, mount: str) -> Partition | None:
        """The partition mounted there."""
        return next((each for each in self.partitions if each.mount == mount), None)

    @property
    def root(self) -> Partition:
        """The partition of /."""
        root = self.at("/")
        assert root is not None, "every layout has one"
        return root


def system_serial(rig: Rig) -> str | None:
    """The serial number of the disk that is installed on; None: none is declared."""
    if rig.install is None:
        return None
    disk = rig.install.disk
    if disk.serial is not None:
        return disk.serial
    drive = drive_of(rig)
    return drive.serial if drive else None


def drive_of(rig: Rig) -> Drive | None:
    """What hardware.storage says of that disk; None: nothing."""
    if rig.install is None:
        return None
    disk, storage = rig.install.disk, rig.hardware.storage
    if disk.drive is not None:
        return storage.get(disk.drive)
    return next((drive for drive in storage.values() if drive.serial is not None and drive.serial == disk.serial), None)


def disk_layout(install: Install, serial: str) -> DiskLayout:
    """The declared partitions, numbered in their order on the disk; / is the last one."""
    wanted: list[Partition] = []

    def add(name: str, guid: str, size_mib: int | None, fs: FileSystem | None = None, **more: object) -> None:
        wanted.append(Partition(len(wanted) + 1, name, guid, size_mib, fs, **more))  # type: ignore[arg-type]

    sizes = install.layout
    if install.firmware == "uefi":
        add("esp", ESP, sizes.esp_mib, "vfat", mount="/boot/efi", label="ESP", options=("umask=0077",))
    else:
        add("bios-boot", BIOS_BOOT, BIOS_BOOT_MIB)
    if sizes.boot_mib is not None:
        add("boot", LINUX, sizes.boot_mib, "ext4", mount="/boot", label="boot")
    if sizes.swap_gib is not None:
        add("swap", SWAP, sizes.swap_gib * GIB_MIB, "swap", label="swap")
    root_mib = None if sizes.root_gib is None else sizes.root_gib * GIB_MIB
    add("root", LINUX, root_mib, "ext4", mount="/", label="root", options=("errors=remount-ro",))
    return DiskLayout(serial, install.firmware, tuple(wanted))


def layout_of(rig: Rig) -> DiskLayout:
    """The layout of a host that can be installed: section `install` is there, and its rules hold."""
    serial = system_serial(rig)
    assert rig.install is not None, "asked for by whoever installs"
    assert serial is not None, "a rule of section install"
    return disk_layout(rig.install, serial)


def sfdisk_script(layout: DiskLayout) -> str:
    """The table as `sfdisk DEVICE` reads it from standard input."""
    lines = ["label: gpt"]
    for each in layout.partitions:
        size = "" if each.size_mib is None else f"size={each.size_mib}MiB, "
        lines.append(f'{each.number} : {size}type={each.type_guid}, name="{each.name}"')
    return "\n".join(lines) + "\n"
