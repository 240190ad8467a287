"""Swap and disks as they are read."""

from __future__ import annotations

import base64
import json

from rigwright.facts.disks import Disks, DisksState, Drive, Filesystem, Mount
from rigwright.facts.swap import ActiveSwap, Swap


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_swap() -> None:
    found = Swap().process(
        [
            "A 2097148 file /swap.img",
            "A 8388604 partition /dev/zram0",
            f"T {_encoded('UUID=1 none swap sw 0 0')}",
            "F 2147483648 600 swap",
            "What=/dev/sda3",
            "Id=dev-sda3.swap",
            "FragmentPath=/run/systemd/generator.late/dev-sda3.swap",
            "What=/swap.img",
            "Id=swap.img.swap",
            "FragmentPath=/run/systemd/generator/swap.img.swap",
        ]
    )
    assert found.active == (ActiveSwap("/swap.img", "file", 2097148), ActiveSwap("/dev/zram0", "partition", 8388604))
    assert found.fstab == "UUID=1 none swap sw 0 0"
    assert (found.file_size, found.file_ready) == (2147483648, True)
    assert found.automatic == ("dev-sda3.swap",)


def test_a_swap_file_that_others_may_read_is_not_ready() -> None:
    assert not Swap().process(["T ", "F 1024 644 swap"]).file_ready
    assert not Swap().process(["T ", "F 1024 600 "]).file_ready


LSBLK = {
    "blockdevices": [
        {
            "path": "/dev/sda", "type": "disk", "size": 500, "serial": "SYS1 ", "ro": False, "mountpoint": None,
            "children": [
                {"path": "/dev/sda1", "type": "part", "size": 400, "serial": None, "ro": False, "mountpoint": "/"}
            ],
        },
        {"path": "/dev/sdb", "type": "disk", "size": 900, "serial": "DATA2", "ro": False, "mountpoint": None},
    ]
}  # fmt: skip
FINDMNT = {
    "filesystems": [
        {"target": "/srv", "source": "/dev/sdb[/@srv]", "fstype": "btrfs", "options": "rw,noatime,subvol=/@srv"}
    ]
}


def _output(*looked_at: str) -> list[str]:
    return [
        f"T {_encoded('# nothing')}",
        f"L {_encoded(json.dumps(LSBLK))}",
        "B DEVNAME=/dev/sda1",
        "B UUID=11-22",
        "B TYPE=ext4",
        "B ",
        "B DEVNAME=/dev/sdb",
        "B UUID=33-44",
        "B UUID_SUB=55",
        "B TYPE=btrfs",
        "M ",
        f"M {_encoded(json.dumps(FINDMNT))}",
        *looked_at,
    ]


def test_disks() -> None:
    found = Disks().process(_output())
    assert found.filesystems == (
        Filesystem("/dev/sda1", "11-22", "ext4"),
        Filesystem("/dev/sdb", "33-44", "btrfs"),
    )
    assert found.mounted_at("/srv") == Mount("/srv", "/dev/sdb", "btrfs", ("rw", "noatime", "subvol=/@srv"))
    assert found.mounted_at("/nowhere") is None
    assert found.serials == {"/dev/sda": "SYS1", "/dev/sdb": "DATA2"}
    assert found.fstab == "# nothing"


def test_a_drive_is_empty_only_when_nothing_at_all_was_found() -> None:
    assert Disks().process(_output("D /dev/sdb|DATA2")).drives == (Drive("/dev/sdb", "DATA2", 900, ()),)


def test_data_without_a_signature_is_something_on_a_drive() -> None:
    bare = Disks().process(_output("D /dev/sdb|DATA2", "Z data of no known kind behind byte 0"))
    assert bare.drives[0].holds == ("data of no known kind behind byte 0",)
    known = Disks().process(_output("D /dev/sdb|DATA2", "W sdb 0x438 ext4", "Z data of no known kind behind byte 0"))
    assert known.drives[0].holds == ("sdb 0x438 ext4",), "what is known says it better"


def test_a_mount_that_waits_for_somebody_to_look_is_none() -> None:
    waiting = {**FINDMNT["filesystems"][0], "target": "/data", "source": "systemd-1", "fstype": "autofs"}
    found = Disks().process([f"M {_encoded(json.dumps({'filesystems': [waiting]}))}", *_output()])
    assert found.mounted_at("/data") is None
    assert found.mounted_at("/srv") is not None


def test_what_a_disk_would_cover() -> None:
    names = "/srv/models\nweights\nnotes\n"
    assert Disks().process([f"C {_encoded(names)}", *_output()]).covered == {"/srv/models": ("weights", "notes")}


def test_what_a_drive_holds() -> None:
    found = Disks().process(
        _output(
            "D /dev/sda|SYS1",
            "W sda    0x200 gpt       ",
            "P PTUUID=99",
            "P PTTYPE=gpt",
            "P VERSION=1.0",
            "D /dev/sdb|DATA2",
            "W wipefs: error: /dev/sdb: probing initialization failed: Device or resource busy",
            "P blkid: error: /dev/sdb: ambivalent result",
        )
    )
    assert [drive.holds for drive in found.drives] == [
        ("sda 0x200 gpt", "PTTYPE=gpt", "part /dev/sda1"),
        (
            "wipefs: error: /dev/sdb: probing initialization failed: Device or resource busy",
            "blkid: error: /dev/sdb: ambivalent result",
        ),
    ]


def test_without_a_declared_disk_only_fstab_is_read() -> None:
    assert Disks().process([f"T {_encoded('x')}"]) == DisksState(fstab="x")
    assert "[ '' ] || exit 0" in Disks().command(targets=[], serials=[])
    assert "[ '/srv /mnt' ] || exit 0" in Disks().command(targets=["/srv", "/mnt"], serials=[])
