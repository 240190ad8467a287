"""Whether an installation from a live system may begin, on which disk, and what is said of it before."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice.install.disks import LSBLK, Content, ProbedDisk, probed
from rigwright.choice.install.layout import DiskLayout, layout_of
from rigwright.choice.install.rescue import Ground, RescueRefused, ground, interface, table_id, told
from rigwright.choice.install.target import DataDisks, DiskRefused
from rigwright.facts.live_system import TARGET, TOOLS, LiveState
from rigwright.spec.install import Network
from rigwright.spec.rig import Rig

GB = 10**9
HOST = "basement"
SERIAL = "SPCC-0001"
NVME = ProbedDisk("/dev/nvme0n1", SERIAL, 2000 * GB, "SPCC M.2 PCIe SSD")
DATA = ProbedDisk("/dev/sda", "WD-0002", 4000 * GB, "WDC WD40EFRX", contents=(Content("/dev/sda1", "part", "xfs"),))
OURS = table_id(HOST, SERIAL)
LIVE = LiveState(
    "uefi",
    "x86_64",
    "Debian GNU/Linux 13 (trixie)",
    True,
    frozenset(TOOLS),
    keyring=True,
    mac="52:54:00:12:34:56",
    disks=(NVME, DATA),
)


def layout(**install: Any) -> DiskLayout:
    section = {"release": "trixie", "disk": {"serial": SERIAL}, **install}
    return layout_of(Rig.model_validate({"name": HOST, "install": section}))


def on(live: LiveState, *, wipe: bool = False, release: str = "trixie", data: DataDisks | None = None) -> Ground:
    return ground(HOST, layout(), catalog().release(release), data or DataDisks(), live, wipe=wipe)


def holding(*contents: Content, **more: Any) -> LiveState:
    return replace(LIVE, disks=(replace(NVME, contents=contents), DATA), **more)


def part(number: int, fs: str | None, *mounts: str) -> Content:
    return Content(f"/dev/nvme0n1p{number}", "part", fs, None, mounts)


def test_a_blank_disk() -> None:
    found = on(LIVE)
    assert (found.disk, found.state, found.mark, found.ended, found.others) == (NVME, "blank", None, (), (DATA,))


def test_a_disk_with_something_on_it() -> None:
    assert on(holding(part(1, "ext4"))).state == "occupied"
    assert on(replace(LIVE, tables={NVME.path: "0f"})).state == "occupied", "an empty table is a table"


def test_an_installation_is_known_by_its_table_and_its_end_by_the_mark() -> None:
    ours = {NVME.path: OURS.upper()}
    begun = holding(part(1, "vfat"), part(2, "ext4"), tables=ours, labels={"/dev/nvme0n1p2": "root"})
    assert (on(begun).state, on(begun).mark) == ("unfinished", None)
    assert on(holding(tables=ours)).state == "unfinished", "cut off before there were file systems"
    done = replace(begun, labels={"/dev/nvme0n1p2": "rig-0a1b2c3d"})
    assert (on(done).state, on(done).mark) == ("installed", "rig-0a1b2c3d")
    media = replace(done, tables={NVME.path: "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"})
    assert on(media).state == "occupied", "made by something else, whatever it is labelled"


def test_another_host_or_disk_has_another_table() -> None:
    assert len({OURS, table_id("attic", SERIAL), table_id(HOST, "WD-0002")}) == 3
    assert table_id(HOST, SERIAL) == OURS


def test_what_an_earlier_run_left_mounted_is_its_own() -> None:
    found = on(holding(part(1, "vfat", f"{TARGET}/boot/efi"), part(2, "ext4", TARGET), tables={NVME.path: OURS}))
    assert (found.state, found.ended) == ("unfinished", ())
    with pytest.raises(DiskRefused) as refusal:
        on(holding(part(2, "ext4", f"{TARGET}-of-somebody-else")))
    assert refusal.value.id == "install.disk-used"


@pytest.mark.parametrize(
    ("live", "id"),
    [
        (replace(LIVE, disks=(DATA,)), "install.disk-missing"),
        (replace(LIVE, disks=(NVME, replace(NVME, path="/dev/nvme1n1"))), "install.disk-twice"),
        (replace(LIVE, disks=()), "install.no-disk"),
        (replace(LIVE, disks=(replace(NVME, size=8 * GB), DATA)), "install.disk-too-small"),
        (holding(part(2, "ext4", "/mnt")), "install.disk-used"),
        (holding(part(2, "LVM2_member")), "install.disk-used"),
        (holding(part(2, "ext4", "/")), "install.disk-in-use"),
    ],
)
def test_no_disk_that_could_be_another_or_is_relied_on(live: LiveState, id: str) -> None:
    with pytest.raises(DiskRefused) as refusal:
        on(live)
    assert refusal.value.id == id
    assert str(refusal.value).endswith("Nothing was changed.")


def test_with_wipe_what_uses_it_is_ended() -> None:
    volume = Content("/dev/mapper/vg-root", "lvm", "ext4", None, ("/mnt",))
    found = on(holding(part(1, "vfat"), part(2, "LVM2_member"), volume), wipe=True)
    assert found.ended == (volume,)
    swap = part(3, "swap", "[SWAP]")
    assert on(holding(swap), wipe=True).ended == (swap,)


def test_never_what_another_disk_has_a_part_in() -> None:
    volume = Content("/dev/mapper/vg-root", "lvm", "ext4")
    mine = replace(NVME, contents=(part(1, "LVM2_member"), volume))
    other = replace(DATA, contents=(Content("/dev/sda1", "part", "LVM2_member"), volume))
    with pytest.raises(DiskRefused) as refusal:
        on(replace(LIVE, disks=(mine, other)), wipe=True)
    assert refusal.value.id == "install.disk-shared"
    assert "/dev/mapper/vg-root is on /dev/nvme0n1 and on /dev/sda too" in str(refusal.value)


def test_never_a_data_disk() -> None:
    for wipe in (False, True):
        with pytest.raises(DiskRefused) as refusal:
            on(LIVE, wipe=wipe, data=DataDisks(serials={SERIAL: "models"}))
        assert refusal.value.id == "install.disk-is-data"


@pytest.mark.parametrize(
    ("live", "release", "text"),
    [
        (
            replace(LIVE, firmware="bios"),
            "trixie",
            "install.firmware is 'uefi': expected 'bios': the live system was started by BIOS (legacy, CSM), and a "
            "boot loader for UEFI can only be set up where the firmware started it that way. Start the live system by "
            "UEFI (in the firmware's boot menu), or correct install.firmware. Nothing was changed.",
        ),
        (
            LIVE,
            "noble",
            "install.release is 'noble': expected a release of Debian: from a live system only that is installed. "
            "`rig installer` makes media for Ubuntu. Nothing was changed.",
        ),
        (
            replace(LIVE, machine="aarch64"),
            "trixie",
            "the live system's kernel is 'aarch64': expected one for x86_64. Start a 64-bit live system. Nothing was "
            "changed.",
        ),
        (
            replace(LIVE, udev=False),
            "trixie",
            "the live system is 'Debian GNU/Linux 13 (trixie)': expected one with udev running: nothing else says for "
            "sure what is on a disk. Start another live system, e.g. Debian live or grml. Nothing was changed.",
        ),
        (
            replace(LIVE, busy=True),
            "trixie",
            "the live system is 'Debian GNU/Linux 13 (trixie)': expected one on which no installation is running; one "
            "is. Wait until it has ended, or restart the live system: an installation that was cut off begins anew. "
            "Nothing was changed.",
        ),
        (
            replace(LIVE, system="SystemRescue 12", debian_like=False, tools=frozenset(TOOLS) - {"debootstrap"}),
            "trixie",
            "the live system is 'SystemRescue 12': expected Debian's debootstrap, or apt-get to install them. Install "
            "these there, or start a live system of Debian, e.g. Debian live or grml. Nothing was changed.",
        ),
    ],
)
def test_what_cannot_be_from_here(live: LiveState, release: str, text: str) -> None:
    with pytest.raises(RescueRefused) as refusal:
        on(live, release=release)
    assert str(refusal.value) == text


def test_bios_needs_a_live_system_in_bios_mode() -> None:
    with pytest.raises(RescueRefused) as refusal:
        ground(HOST, layout(firmware="bios"), catalog().release("trixie"), DataDisks(), LIVE, wipe=False)
    assert refusal.value.id == "install.rescue-firmware"


def test_other_systems_will_do_where_they_have_the_tools() -> None:
    assert on(replace(LIVE, system="SystemRescue 12", debian_like=False)).state == "blank"


def test_the_lasting_name_is_by_serial_number() -> None:
    ids = {
        NVME.path: ("/dev/disk/by-id/nvme-eui.01", "/dev/disk/by-id/nvme-SPCC_0001_1", "/dev/disk/by-id/nvme-SPCC_0001")
    }
    assert on(replace(LIVE, ids=ids)).lasting == "/dev/disk/by-id/nvme-SPCC_0001"
    assert on(LIVE).lasting == NVME.path


def test_what_is_shown_before_anything_is_asked() -> None:
    live = holding(part(1, "vfat"), part(2, "ext4"), tools=frozenset(TOOLS) - {"debootstrap"}, apt_settings={"99p": ""})
    assert told(layout(), on(live), live) == [
        "Live system: Debian GNU/Linux 13 (trixie), started by UEFI.",
        "TO BE ERASED: /dev/nvme0n1, serial number SPCC-0001, 2000.0 GB, SPCC M.2 PCIe SSD.",
        "  on it now: /dev/nvme0n1p1 (vfat), /dev/nvme0n1p2 (ext4)",
        "  to be: /boot/efi (512 MiB), / (the rest)",
        "NOT touched: /dev/sda (WD-0002, 4000 GB, WDC WD40EFRX); on it: /dev/sda1 (xfs)",
        "Installed on the live system first: debootstrap.",
        "apt's settings of the live system, carried over: 99p.",
    ]


def test_what_is_ended_is_shown() -> None:
    live = holding(part(2, "ext4", "/mnt"))
    assert "  ended first: /dev/nvme0n1p2 (part, /mnt)" in told(layout(), on(live, wipe=True), live)
    assert "  on it now: /dev/nvme0n1p2 (ext4, mounted at /mnt)" in told(layout(), on(live, wipe=True), live)


def test_partitions_are_of_disks() -> None:
    """lsblk prints a flat list unless NAME is among its columns: every disk would then be blank."""
    assert LSBLK.split(" -o ")[1].split(",")[0] == "NAME"
    entry = {"path": "/dev/sda1", "type": "part", "size": 1, "fstype": None, "uuid": None, "ro": False}
    with pytest.raises(ValueError, match="does not say of which disks /dev/sda1 are partitions"):
        probed(json.dumps({"blockdevices": [entry]}))


def test_the_interface_is_the_declared_one_or_the_one_in_use() -> None:
    live = replace(LIVE, mac="52:54:00:12:34:56")
    assert interface(Network(mac="D0:50:99:12:34:56"), live) == "D0:50:99:12:34:56"
    assert interface(Network(), live) == "52:54:00:12:34:56"
    with pytest.raises(RescueRefused) as refusal:
        interface(Network(), replace(LIVE, mac=None))
    assert refusal.value.id == "install.rescue-network"
