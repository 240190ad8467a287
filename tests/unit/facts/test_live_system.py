"""What the live system said, as it was recorded, and as data."""

from __future__ import annotations

import base64
import json
import subprocess

import pytest
from pyinfra.api.exceptions import FactProcessError

from rigwright.choice.install.disks import Content, ProbedDisk
from rigwright.facts.live_system import TOOLS, LiveState, LiveSystem

DISK = {
    "path": "/dev/vdb", "type": "disk", "size": 10737418240, "serial": "S5GXNX0T123456", "wwn": None, "model": None,
    "ro": False, "fstype": None, "uuid": None, "mountpoints": [None],
    "children": [
        {"path": "/dev/vdb1", "type": "part", "size": 1, "serial": None, "wwn": None, "model": None, "ro": False,
         "fstype": "ext4", "uuid": "u", "mountpoints": [None]},
    ],
}  # fmt: skip
TABLES = {"path": "/dev/vdb", "ptuuid": "T", "label": None,
          "children": [{"path": "/dev/vdb1", "ptuuid": "T", "label": "root"}]}  # fmt: skip


def packed(*devices: object) -> str:
    return base64.b64encode(json.dumps({"blockdevices": devices}).encode()).decode()


def read(*lines: str) -> LiveState:
    return LiveSystem().process([f"L {packed()}", f"P {packed()}", *lines])


def test_all_of_it() -> None:
    setting = base64.b64encode(b'Acquire::http::Proxy "http://p";\n').decode()
    said = [
        "F uefi", "V", "A x86_64", "O debian |Debian GNU/Linux 13 (trixie)", "T sfdisk", "T flock", "K", "U",
        "M 52:54:00:12:34:56", "I /dev/vdb /dev/disk/by-id/virtio-S5GXNX0T123456", "I /dev/vdb /dev/disk/by-id/b",
        f"C 99proxy {setting}", "B", f"L {packed(DISK)}", f"P {packed(TABLES)}",
    ]  # fmt: skip
    assert LiveSystem().process(said) == LiveState(
        firmware="uefi",
        machine="x86_64",
        system="Debian GNU/Linux 13 (trixie)",
        debian_like=True,
        tools=frozenset({"sfdisk", "flock"}),
        keyring=True,
        efi_variables=True,
        mac="52:54:00:12:34:56",
        busy=True,
        disks=(
            ProbedDisk(
                "/dev/vdb", "S5GXNX0T123456", 10737418240, contents=(Content("/dev/vdb1", "part", "ext4", "u", ()),)
            ),
        ),
        tables={"/dev/vdb": "T", "/dev/vdb1": "T"},
        labels={"/dev/vdb1": "root"},
        ids={"/dev/vdb": ("/dev/disk/by-id/virtio-S5GXNX0T123456", "/dev/disk/by-id/b")},
        apt_settings={"99proxy": 'Acquire::http::Proxy "http://p";\n'},
    )


def test_what_it_does_not_say_is_not_there() -> None:
    assert read("F bios", "A i686") == LiveState("bios", "i686", "unknown system", debian_like=False, udev=False)


@pytest.mark.parametrize(
    ("said", "like"),
    [("grml debian|grml", True), ("ubuntu debian|Ubuntu 24.04", True), ("arch |SystemRescue", False)],
)
def test_who_has_apt(said: str, like: bool) -> None:
    assert read(f"O {said}").debian_like is like


def test_packages_for_what_is_missing() -> None:
    assert LiveState("bios", "x86_64", "x", True, frozenset(TOOLS), keyring=True).missing == ()
    assert LiveState("bios", "x86_64", "x", True, frozenset(TOOLS) - {"mkfs.vfat", "debootstrap"}).missing == (
        "debian-archive-keyring",
        "debootstrap",
        "dosfstools",
    )


def test_disks_that_cannot_be_read_are_an_error() -> None:
    wrong = base64.b64encode(b"lsblk: unknown column: MOUNTPOINTS").decode()
    with pytest.raises(FactProcessError, match="the live system's disks cannot be read: not what `lsblk"):
        LiveSystem().process([f"L {wrong}"])


def test_the_command_is_shell() -> None:
    done = subprocess.run(["sh", "-n"], input=LiveSystem().command(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
