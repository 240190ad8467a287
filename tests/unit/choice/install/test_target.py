"""Which disk may be erased, and every reason why none may: the whole text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import NamedTuple

import pytest

from rigwright.choice.install.disks import Content, ProbedDisk, probed
from rigwright.choice.install.layout import DiskLayout, layout_of
from rigwright.choice.install.target import DataDisks, DiskRefused, data_disks, target_disk
from rigwright.spec.rig import Rig

GB = 10**9
UUID = "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"
NVME = ProbedDisk("/dev/nvme0n1", "SPCC-0001", 2000 * GB, "SPCC M.2 PCIe SSD", "eui.01")
OTHER = ProbedDisk("/dev/sda", "WD-0002", 4000 * GB, "WDC WD40EFRX")
NAMELESS = ProbedDisk("/dev/sdb", "", 16 * GB, "Flash Disk")


def layout(serial: str = "SPCC-0001") -> DiskLayout:
    install = {"release": "trixie", "disk": {"serial": serial}}
    return layout_of(Rig.model_validate({"name": "x", "install": install}))


def holding(*contents: Content) -> ProbedDisk:
    return replace(NVME, contents=contents)


def part(number: int, fs: str | None = None, *mounts: str, uuid: str | None = None, type: str = "part") -> Content:
    return Content(f"/dev/nvme0n1p{number}", type, fs, uuid, mounts)


class Refusal(NamedTuple):
    id: str
    disks: list[ProbedDisk]
    text: str
    serial: str = "SPCC-0001"
    data: DataDisks = DataDisks()
    wipe: bool = False
    """Asked for, and refused all the same."""


REFUSED = {
    "wrong serial": Refusal(
        "install.disk-missing",
        [NVME, OTHER, NAMELESS],
        "expected the serial number of a disk that is here: /dev/nvme0n1 (SPCC-0001, 2000 GB, SPCC M.2 PCIe SSD); "
        "/dev/sda (WD-0002, 4000 GB, WDC WD40EFRX); /dev/sdb (no serial number, 16 GB, Flash Disk); did you mean "
        "'SPCC-0001'? Correct it, or look why the disk is not there: its cable, its slot, the firmware's setup.",
        serial="SPCC-O001",
        wipe=True,
    ),
    "a missing disk": Refusal(
        "install.disk-missing",
        [OTHER],
        "expected the serial number of a disk that is here: /dev/sda (WD-0002, 4000 GB, WDC WD40EFRX). Correct it, or "
        "look why the disk is not there: its cable, its slot, the firmware's setup.",
        wipe=True,
    ),
    "part of a serial number": Refusal(
        "install.disk-missing",
        [NVME],
        "expected the serial number of a disk that is here: /dev/nvme0n1 (SPCC-0001, 2000 GB, SPCC M.2 PCIe SSD); did "
        "you mean 'SPCC-0001'? Correct it, or look why the disk is not there: its cable, its slot, the firmware's "
        "setup.",
        serial="SPCC-000",
        wipe=True,
    ),
    "no disk": Refusal(
        "install.no-disk",
        [],
        "expected a disk with this serial number; there is no disk at all here. Look at cables, and in the firmware's "
        "setup whether the controller is on (AHCI or NVMe, not RAID).",
        wipe=True,
    ),
    "two equal disks": Refusal(
        "install.disk-twice",
        [NVME, replace(NVME, path="/dev/sdc", model="USB Bridge"), OTHER],
        "expected one disk with this serial number; /dev/nvme0n1 (SPCC-0001, 2000 GB, SPCC M.2 PCIe SSD) and /dev/sdc "
        "(SPCC-0001, 2000 GB, USB Bridge) have the same. Unplug the one that is not meant: USB enclosures often show "
        "a serial number of their own, all the same one.",
        wipe=True,
    ),
    "multipath": Refusal(
        "install.disk-twice",
        [holding(Content("/dev/mapper/mpatha", "mpath")), replace(NVME, path="/dev/sdc")],
        "expected one disk with this serial number; /dev/nvme0n1 (SPCC-0001, 2000 GB, SPCC M.2 PCIe SSD) and /dev/sdc "
        "(SPCC-0001, 2000 GB, SPCC M.2 PCIe SSD) are several ways to one disk (multipath). Disks behind several ways "
        "are not installed on: leave one of them connected.",
        wipe=True,
    ),
    "a data disk by UUID": Refusal(
        "install.disk-is-data",
        [holding(part(1, "ext4", uuid=UUID.upper()))],
        f"expected a disk that is not a data disk; base.disks.models is on it: /dev/nvme0n1p1, UUID {UUID.upper()}. "
        "Correct install.disk, or take the entry out of base.disks if its data may go.",
        data=DataDisks(uuids={UUID: "models"}),
        wipe=True,
    ),
    "a data disk by serial number": Refusal(
        "install.disk-is-data",
        [NVME],
        "expected a disk that is not a data disk; base.disks.models has this serial number. Correct install.disk, or "
        "take the entry out of base.disks if its data may go.",
        data=DataDisks(serials={"SPCC-0001": "models"}),
        wipe=True,
    ),
    "read-only": Refusal(
        "install.disk-read-only",
        [replace(NVME, read_only=True)],
        "expected a disk that can be written; /dev/nvme0n1 (SPCC-0001, 2000 GB, SPCC M.2 PCIe SSD) is read-only. Look "
        "for a switch on it, and at the kernel's messages: a drive that fails turns itself read-only.",
        wipe=True,
    ),
    "too small": Refusal(
        "install.disk-too-small",
        [replace(NVME, size=8 * GB)],
        "expected at least 9.1 GB, which install.layout needs; /dev/nvme0n1 (SPCC-0001, 8 GB, SPCC M.2 PCIe SSD) is "
        "smaller. Make the partitions smaller, or take another disk.",
        wipe=True,
    ),
    "what the system runs from": Refusal(
        "install.disk-in-use",
        [holding(part(1, "vfat", "/boot/efi"), part(2, "ext4", "/"))],
        "expected a disk that the running system does not run from; /dev/nvme0n1 holds its /boot/efi, /. Start another "
        "system: the installation's media, or a rescue system.",
        wipe=True,
    ),
    "the live system's medium": Refusal(
        "install.disk-in-use",
        [holding(part(1, "iso9660", "/run/live/medium"))],
        "expected a disk that the running system does not run from; /dev/nvme0n1 holds its /run/live/medium. Start "
        "another system: the installation's media, or a rescue system.",
        wipe=True,
    ),
    "mounted": Refusal(
        "install.disk-used",
        [holding(part(1, "ext4", "/mnt"), part(2, "swap", "[SWAP]"))],
        "expected a disk that nothing else relies on; of /dev/nvme0n1 (SPCC-0001, 2000 GB, SPCC M.2 PCIe SSD) "
        "/dev/nvme0n1p1 is mounted at /mnt, /dev/nvme0n1p2 is swap in use. If all of that may go, say --wipe.",
    ),
    "LVM and an array": Refusal(
        "install.disk-used",
        [holding(part(1, "LVM2_member"), part(2, "linux_raid_member"))],
        "expected a disk that nothing else relies on; of /dev/nvme0n1 (SPCC-0001, 2000 GB, SPCC M.2 PCIe SSD) "
        "/dev/nvme0n1p1 is a volume of LVM, /dev/nvme0n1p2 is a part of an array (md). If all of that may go, say "
        "--wipe.",
    ),
    "a file system over two disks": Refusal(
        "install.disk-used",
        [
            holding(part(1, "btrfs", uuid=UUID)),
            replace(OTHER, contents=(Content("/dev/sda1", "part", "btrfs", UUID),)),
        ],
        "expected a disk that nothing else relies on; of /dev/nvme0n1 (SPCC-0001, 2000 GB, SPCC M.2 PCIe SSD) "
        "/dev/nvme0n1p1 is a part of a file system that is also on /dev/sda. If all of that may go, say --wipe.",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_this_text(case: Refusal) -> None:
    for wipe in {False, case.wipe}:
        with pytest.raises(DiskRefused) as refused:
            target_disk(layout(case.serial), case.disks, case.data, wipe=wipe)
        assert refused.value.id == case.id
        assert str(refused.value) == f"install.disk is {case.serial!r}: {case.text} Nothing was changed."


@pytest.mark.parametrize("case", [case for case in REFUSED.values() if not case.wipe], ids=lambda case: case.text[-70:])
def test_what_may_go_goes_when_asked_for(case: Refusal) -> None:
    assert target_disk(layout(), case.disks, case.data, wipe=True) == case.disks[0]


@pytest.mark.parametrize(
    "disks",
    [
        [OTHER, NVME, NAMELESS],
        [holding(part(1, "vfat"), part(2, "ext4", uuid=UUID)), OTHER],
        [holding(part(1, "btrfs", uuid=UUID)), replace(OTHER, contents=(Content("/dev/sda1", "part", "btrfs", "x"),))],
        [NVME, replace(OTHER, contents=(Content("/dev/sda1", "part", "ext4", UUID, ("/",)),))],
    ],
    ids=["blank", "an old system", "a file system of its own", "what others hold does not count"],
)
def test_it_is_taken(disks: list[ProbedDisk]) -> None:
    known = DataDisks(uuids={"another": "models"}, serials={"WD-0002": "archive"})
    assert target_disk(layout(), disks, known).serial == "SPCC-0001"


def test_data_disks_are_known_by_what_is_declared() -> None:
    disks = {"models": {"uuid": UUID.upper(), "mount": "/a"}, "archive": {"format": "WD-0002", "mount": "/b"}}
    rig = Rig.model_validate({"name": "x", "base": {"disks": disks}})
    assert data_disks(rig) == DataDisks({UUID: "models"}, {"WD-0002": "archive"})


def test_lsblk_is_read() -> None:
    """util-linux 2.38, Debian 12: a disk with LVM, a blank one, an optical drive and zram."""
    found = {
        "blockdevices": [
            {"path": "/dev/sda", "type": "disk", "size": 4000787030016, "serial": "WD-0002", "wwn": "0x50014ee2",
             "model": "WDC WD40EFRX-68N32N0", "ro": False, "fstype": None, "uuid": None, "mountpoints": [None],
             "children": [
                 {"path": "/dev/sda1", "type": "part", "size": 4000785104896, "serial": None, "wwn": "0x50014ee2",
                  "model": None, "ro": False, "fstype": "LVM2_member", "uuid": "a-b", "mountpoints": [None],
                  "children": [
                      {"path": "/dev/mapper/vg-home", "type": "lvm", "size": 1, "serial": None, "wwn": None,
                       "model": None, "ro": False, "fstype": "ext4", "uuid": UUID, "mountpoints": ["/home", "/srv"]},
                  ]},
             ]},
            {"path": "/dev/vda", "type": "disk", "size": 21474836480, "serial": "rig-system ", "wwn": None,
             "model": None, "ro": True, "fstype": "swap", "uuid": None, "mountpoints": ["[SWAP]"]},
            {"path": "/dev/sr0", "type": "rom", "size": 1073741312, "serial": "QM00003", "wwn": None,
             "model": "QEMU DVD-ROM", "ro": False, "fstype": None, "uuid": None, "mountpoints": [None]},
            {"path": "/dev/zram0", "type": "disk", "size": 1024, "serial": None, "wwn": None,
             "model": None, "ro": False, "fstype": None, "uuid": None, "mountpoints": ["[SWAP]"]},
            {"path": "/dev/sdz", "type": "disk", "size": 0, "serial": "CARD", "wwn": None,
             "model": "Card Reader", "ro": False, "fstype": None, "uuid": None, "mountpoints": [None]},
        ]
    }  # fmt: skip
    sda, vda = probed(json.dumps(found))
    assert (sda.path, sda.serial, sda.wwn, sda.size) == ("/dev/sda", "WD-0002", "0x50014ee2", 4000787030016)
    assert sda.contents == (
        Content("/dev/sda1", "part", "LVM2_member", "a-b"),
        Content("/dev/mapper/vg-home", "lvm", "ext4", UUID, ("/home", "/srv")),
    )
    assert vda == ProbedDisk(
        "/dev/vda",
        "rig-system",
        21474836480,
        read_only=True,
        contents=(Content("/dev/vda", "disk", "swap", None, ("[SWAP]",)),),
    )


@pytest.mark.parametrize("text", ["", "lsblk: unknown column", "[]", "{}"])
def test_what_is_not_lsblks_is_no_empty_machine(text: str) -> None:
    with pytest.raises(ValueError, match="not what `lsblk"):
        probed(text)
