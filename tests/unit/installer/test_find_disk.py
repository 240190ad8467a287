"""The script that finds the one disk, run for real on made-up machines: sysfs as files, udev as a program of ours."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from rigwright.installer.preseed import find_disk_script
from tests.unit.installer.order import MARK, UUID, odd, reference

UDEVADM = """#!/bin/sh
cat "$RIGWRIGHT_UDEV/${5##*/}" 2>/dev/null
"""
GB = 10**9


@dataclass
class Machine:
    """Disks as the kernel shows them."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in ("sys/block", "udev", "bin"):
            (self.root / folder).mkdir(parents=True)
        program = self.root / "bin/udevadm"
        program.write_text(UDEVADM)
        program.chmod(0o755)
        for name in ("mounts", "swaps"):
            (self.root / name).write_text("")
        self.environment = {
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
            "RIGWRIGHT_SYS": str(self.root / "sys"),
            "RIGWRIGHT_UDEV": str(self.root / "udev"),
            "RIGWRIGHT_MOUNTS": str(self.root / "mounts"),
            "RIGWRIGHT_SWAPS": str(self.root / "swaps"),
        }

    def uefi(self) -> Machine:
        (self.root / "sys/firmware/efi").mkdir(parents=True)
        return self

    def disk(self, name: str, size: int = 2000 * GB, ro: int = 0, **udev: str) -> Machine:
        block = self.root / "sys/block" / name
        (block / "device").mkdir(parents=True)
        (block / "size").write_text(f"{size // 512}\n")
        (block / "ro").write_text(f"{ro}\n")
        return self.told(name, **udev)

    def part(self, disk: str, name: str, **udev: str) -> Machine:
        (self.root / "sys/block" / disk / name / "holders").mkdir(parents=True)
        return self.told(name, **udev)

    def held(self, disk: str, name: str, holder: str) -> Machine:
        (self.root / "sys/block" / disk / name / "holders" / holder).mkdir()
        return self

    def told(self, name: str, **udev: str) -> Machine:
        (self.root / "udev" / name).write_text("".join(f"{key}={value}\n" for key, value in udev.items()))
        return self

    def find(self, script: str) -> tuple[int, str, str]:
        done = subprocess.run(
            ["sh", "-s"], input=script, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr.strip()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path).uefi().disk("sda", 4000 * GB, ID_SERIAL_SHORT="WD-0002", ID_SERIAL="WDC_WD-0002")


SCRIPT = find_disk_script(reference())
WIPING = find_disk_script(replace(reference(), wipe=True))


def nvme(machine: Machine, name: str = "nvme0n1", **more: object) -> Machine:
    more = {"ID_SERIAL_SHORT": "SPCC-0001", "ID_SERIAL": "SPCC_M.2_SPCC-0001_1", **more}
    return machine.disk(name, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "udev",
    [
        {"ID_SERIAL": "SPCC-0001"},
        {"ID_SERIAL": "SPCC_M.2_SPCC-0001", "ID_SERIAL_SHORT": "SPCC-0001"},
        {"ID_SERIAL": "x", "ID_SERIAL_SHORT": "5000c500a", "ID_SCSI_SERIAL": "SPCC-0001"},
    ],
    ids=["virtio", "ata and nvme", "scsi"],
)
def test_it_is_found_by_the_serial_number_that_lsblk_shows(machine: Machine, udev: dict[str, str]) -> None:
    assert machine.disk("sdb", **udev).find(SCRIPT) == (0, "/dev/sdb\n", "")


def test_it_is_found_by_the_kernels_own_where_udev_says_nothing(machine: Machine) -> None:
    machine.disk("nvme0n1")
    (machine.root / "sys/block/nvme0n1/device/serial").write_text("SPCC-0001           \n")
    assert machine.find(SCRIPT) == (0, "/dev/nvme0n1\n", "")


def test_an_old_system_in_plain_partitions_is_no_reason(machine: Machine) -> None:
    nvme(machine).part("nvme0n1", "nvme0n1p1", ID_FS_TYPE="vfat").part("nvme0n1", "nvme0n1p2", ID_FS_TYPE="ext4")
    assert machine.find(SCRIPT) == (0, "/dev/nvme0n1\n", "")


def test_no_disk_has_it(machine: Machine) -> None:
    machine.disk("sdb", 16 * GB).disk("sr0", ID_SERIAL_SHORT="SPCC-0001").disk("sdc", 0, ID_SERIAL_SHORT="SPCC-0001")
    assert machine.find(WIPING) == (
        1,
        "",
        "No disk here has the serial number SPCC-0001. Here are: /dev/sda (WD-0002, 4000 GB); /dev/sdb (no serial "
        "number, 16 GB).",
    )


def test_part_of_it_is_not_it(machine: Machine) -> None:
    machine.disk("sdb", ID_SERIAL_SHORT="SPCC-00011").disk("sdc", ID_SERIAL_SHORT="spcc-0001")
    assert machine.find(WIPING)[0] == 1


def test_no_disk_at_all(tmp_path: Path) -> None:
    assert Machine(tmp_path).uefi().find(WIPING) == (
        1,
        "",
        "No disk at all is here; the system belongs on SPCC-0001. Look at cables, and whether the controller is on.",
    )


def test_two_have_it(machine: Machine) -> None:
    assert nvme(nvme(machine), "sdb").find(WIPING) == (
        1,
        "",
        "Several disks have the serial number SPCC-0001: nvme0n1 and sdb. Unplug the one that is not meant.",
    )


def test_it_was_started_the_other_way(tmp_path: Path) -> None:
    status, out, said = nvme(Machine(tmp_path)).find(WIPING)
    assert (status, out) == (1, "")
    assert said.startswith("This machine was started by bios, and uefi is declared (install.firmware).")


def test_it_is_read_only_or_too_small(tmp_path: Path) -> None:
    assert nvme(Machine(tmp_path / "a").uefi(), ro=1).find(WIPING)[2] == "/dev/nvme0n1 (SPCC-0001) is read-only."
    assert nvme(Machine(tmp_path / "b").uefi(), size=9 * GB).find(WIPING)[2] == (
        "/dev/nvme0n1 (SPCC-0001) has 9000000000 bytes; 9128902656 are needed."
    )


def test_it_was_installed_from_this_medium(machine: Machine) -> None:
    nvme(machine).part("nvme0n1", "nvme0n1p2", ID_FS_TYPE="ext4", ID_FS_LABEL=MARK)
    status, out, said = machine.find(WIPING)
    assert (status, out) == (1, "")
    assert said == (
        f"/dev/nvme0n1 (SPCC-0001) was installed from this very medium ({MARK}). Take it out and start again. To "
        "install once more, make new media."
    )


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"ID_FS_TYPE": "LVM2_member"}, "/dev/nvme0n1p1 is a part of something bigger;"),
        ({"ID_FS_TYPE": "linux_raid_member"}, "/dev/nvme0n1p1 is a part of something bigger;"),
        ({"ID_FS_TYPE": "crypto_LUKS"}, "/dev/nvme0n1p1 is a part of something bigger;"),
        ({"holder": "md0"}, "/dev/nvme0n1p1 is in use by md0;"),
        ({"mounts": "/dev/nvme0n1p1 /mnt ext4 rw 0 0\n"}, "/dev/nvme0n1p1 is mounted;"),
        ({"swaps": "/dev/nvme0n1p1 partition 1 0 -2\n"}, "/dev/nvme0n1p1 is mounted;"),
    ],
    ids=["lvm", "md", "luks", "held", "mounted", "swap"],
)
def test_what_relies_on_it_counts_unless_it_may_go(machine: Machine, how: dict[str, str], why: str) -> None:
    told = {key: value for key, value in how.items() if key.startswith("ID_")}
    nvme(machine).part("nvme0n1", "nvme0n1p1", **told)
    if "holder" in how:
        machine.held("nvme0n1", "nvme0n1p1", how["holder"])
    for name in ("mounts", "swaps"):
        (machine.root / name).write_text(how.get(name, ""))
    assert machine.find(SCRIPT) == (
        1,
        "",
        f"/dev/nvme0n1 (SPCC-0001) is not free: {why} If all of that may go: rig installer --wipe.",
    )
    assert machine.find(WIPING) == (0, "/dev/nvme0n1\n", "")


def test_data_disks_are_never_taken_also_when_all_may_go(tmp_path: Path) -> None:
    script = find_disk_script(odd(wipe=True))
    machine = Machine(tmp_path).disk("vda", ID_SERIAL="S 1'[x]")
    assert machine.find(script) == (0, "/dev/vda\n", "")
    machine.part("vda", "vda3", ID_FS_UUID=UUID.upper())
    assert machine.find(script) == (
        1,
        "",
        f"/dev/vda (S 1'[x]) holds a declared data disk: /dev/vda3, UUID {UUID.upper()}.",
    )
    other = find_disk_script(odd(wipe=True, disk={"serial": "DATA 2"}))
    machine = Machine(tmp_path / "b").disk("vdb", ID_SERIAL="DATA 2")
    assert machine.find(other) == (1, "", "/dev/vdb (DATA 2) is declared as a data disk.")


def test_a_part_of_a_data_disks_number_is_another_number(tmp_path: Path) -> None:
    machine = Machine(tmp_path).disk("vdb", ID_SERIAL="DATA")
    assert machine.find(find_disk_script(odd(disk={"serial": "DATA"}))) == (0, "/dev/vdb\n", "")
