"""Swap and data disks: exactly what is declared, and nothing of value destroyed."""

from __future__ import annotations

import pytest

from rigwright.facts.disks import Disks, DisksState, Drive, Filesystem, Mount
from rigwright.facts.files import Files
from rigwright.facts.release import Release
from rigwright.facts.swap import ActiveSwap, Swap, SwapState
from rigwright.operations import disks, swap
from rigwright.spec.base import Disk
from tests.unit.operations.harness import Case, file
from tests.unit.operations.releases import release

FSTAB = "UUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\n/swap.img\tnone\tswap\tsw\t0\t0\n"
METAL = release("trixie")
CONTAINER = release("trixie", container="systemd-nspawn")
SDA3 = ActiveSwap("/dev/sda3", "partition", 2097148)
OURS = ActiveSwap("/swapfile", "file", 2097148)
GIB = 1024**3


def _swap(
    *active: ActiveSwap,
    fstab: str = "",
    size: int | None = None,
    automatic: tuple[str, ...] = (),
    on: object = METAL,
) -> dict[object, object]:
    return {Swap: SwapState(active, fstab, size, size is not None, automatic), Release: on}


SWAP = [
    Case("none: there is none", swap.only, {"path": None}, _swap()),
    Case(
        "none: turned off now and at boot", swap.only, {"path": None},
        _swap(SDA3, fstab=FSTAB, automatic=("dev-sda3.swap",)),
        has=[
            "<<<\nUUID=1 / ext4 defaults 0 1\n# swap turned off by rigwright: UUID=2 none swap sw 0 0\n"
            "# swap turned off by rigwright: /swap.img\tnone\tswap\tsw\t0\t0\n",
            "systemctl daemon-reload", "systemctl mask dev-sda3.swap", "swapoff /dev/sda3",
        ],
    ),
    Case("only ours: it stays", swap.only, {"path": "/swapfile"}, _swap(OURS)),
    Case("only ours: others go", swap.only, {"path": "/swapfile"}, _swap(OURS, SDA3), commands=["swapoff /dev/sda3"]),
    Case("in a container the machine's swap is not ours", swap.only, {"path": None}, _swap(SDA3, on=CONTAINER)),
    Case(
        "in a container only files are written", swap.only, {"path": None}, _swap(SDA3, fstab=FSTAB, on=CONTAINER),
        has=["/etc/fstab"], lacks=["swapoff"],
    ),
    Case("file: as declared", swap.file, {"size_gib": 2}, _swap(OURS, size=2 * GIB)),
    Case(
        "file: made aside, then put in place", swap.file, {"size_gib": 2}, _swap(),
        has=[f"fallocate -l {2 * GIB} /swapfile.rigwright && mkswap -q /swapfile.rigwright && mv -fT", "umask 077"],
        lacks=["swapoff"], why=["/swapfile: missing, wanted 2 GiB"],
    ),
    Case(
        "file: another size, in use", swap.file, {"size_gib": 4}, _swap(OURS, size=2 * GIB),
        has=["mkswap -q /swapfile.rigwright && swapoff /swapfile && mv -fT"], why=["/swapfile: 2.0 GiB, wanted 4 GiB"],
    ),
    Case("no file of ours: somebody's stays", swap.no_file, {"unit_file": "/u/swapfile.swap"}, {}),
    Case(
        "our file: its unit goes last", swap.no_file, {"unit_file": "/u/swapfile.swap"},
        {Files: {"/u/swapfile.swap": file()}},
        has=["rm -f /swapfile && rm -f /u/swapfile.swap && systemctl daemon-reload"],
    ),
    Case("zram: as declared", swap.zram, {"size_gib": 8}, _swap(ActiveSwap("/dev/zram0", "partition", 8388604))),
    Case(
        "zram: another size", swap.zram, {"size_gib": 8}, _swap(ActiveSwap("/dev/zram0", "partition", 4194300)),
        has=["systemctl daemon-reload && swapoff /dev/zram0 && systemctl restart systemd-zram-setup@zram0.service"],
        why=["/dev/zram0: 4095 MiB, wanted 8 GiB"],
    ),
    Case("zram: not in a container", swap.zram, {"size_gib": 8}, _swap(on=CONTAINER)),
]  # fmt: skip

UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
BLANK = Disk(format="S1", mount="/srv/models", options=["noatime"])
KNOWN = Disk(uuid=UUID, mount="/srv/data", fs="xfs")
LINE = f"UUID={UUID} /srv/data xfs defaults,nofail,x-systemd.device-timeout=90s,x-rigwright.disk=data 0 0"


def _disks(**state: object) -> dict[object, object]:
    return {Disks: DisksState(**state)}  # type: ignore[arg-type]


def _drive(*holds: str) -> Drive:
    return Drive("/dev/sdb", "S1", 2_000_000_000_000, holds)


FORMAT = {"disk_name": "models", "disk": BLANK}
NOATIME = KNOWN.model_copy(update={"options": ["noatime"]})
MOUNT = {"disks": {"data": KNOWN}}
XFS = Filesystem("/dev/sdc", UUID, "xfs")
AT = Mount("/srv/data", "/dev/sdc", "xfs", ("rw", "relatime"))

DISKS = [
    Case(
        "an empty drive of that very number is formatted, and looked at once more before", disks.formatted, FORMAT,
        _disks(drives=(_drive(),)),
        has=["wipefs -n /dev/sdb", "blkid -p /dev/sdb", 'cmp -s -n 1048576 -i $at:0 "$disk"', "is not empty",
             "mkfs.ext4 -q /dev/sdb </dev/null"],
        why=["/dev/sdb (S1): empty, wanted ext4"],
    ),
    Case(
        "it holds our file system already", disks.formatted, FORMAT,
        _disks(drives=(_drive("sdb 0x438 ext4"),), filesystems=(Filesystem("/dev/sdb", "9", "ext4"),)),
    ),
    Case(
        "it holds another file system", disks.formatted, FORMAT,
        _disks(drives=(_drive("TYPE=xfs"),), filesystems=(Filesystem("/dev/sdb", "9", "xfs"),)),
        refuses="(/dev/sdb, 2000 GB) is not empty, and only an empty drive is ever formatted. On it: TYPE=xfs",
    ),
    Case(
        "it holds something that nobody knows", disks.formatted, FORMAT,
        _disks(drives=(_drive("data of no known kind"),)),
        refuses="wipefs -a /dev/sdb && blkdiscard -z -l 1MiB /dev/sdb && blkdiscard -z -o 1999998951424 /dev/sdb",
    ),
    Case("it has partitions", disks.formatted, FORMAT, _disks(drives=(_drive("part /dev/sdb1"),)), refuses="part /"),
    Case("it is mounted", disks.formatted, FORMAT, _disks(drives=(_drive("mounted at /x"),)), refuses="mounted at /x"),
    Case(
        "there is no such drive", disks.formatted, FORMAT, _disks(serials={"/dev/sda": "SYS"}),
        refuses="no drive has the serial number S1; the host's drives: SYS (/dev/sda)",
    ),
    Case(
        "two drives answer to it", disks.formatted, FORMAT, _disks(drives=(_drive(), _drive())),
        refuses="2 drives have the serial number S1",
    ),
    Case("mounted as declared", disks.mounted, MOUNT, _disks(filesystems=(XFS,), mounts=(AT,), fstab=f"{LINE}\n")),
    Case(
        "not mounted, and no line", disks.mounted, MOUNT, _disks(filesystems=(XFS,), fstab="# mine\n"),
        has=[f"<<<\n# mine\n{LINE}\n", "systemctl daemon-reload", "mkdir -p /srv/data && mount /srv/data"],
    ),
    Case(
        "something lies in its place, and would be out of sight", disks.mounted, MOUNT,
        _disks(filesystems=(XFS,), covered={"/srv/data": ("weights", "notes")}),
        refuses="disk data: /srv/data is not empty, and what is in it (weights, notes) would be out of sight",
    ),
    Case(
        "one disk within another: the outer one comes first", disks.mounted,
        {"disks": {"in": KNOWN.model_copy(update={"mount": "/srv/data/in"}), "out": KNOWN}}, _disks(filesystems=(XFS,)),
        has=["mount /srv/data\nmkdir -p /srv/data/in && mount /srv/data/in"],
    ),
    Case(
        "a line of somebody's for the same place gives way, in its place; all others stay", disks.mounted, MOUNT,
        _disks(filesystems=(XFS,), mounts=(AT,), fstab="# a\n/dev/sdc /srv/data xfs rw 0 0\nUUID=1 / ext4 rw 0 1\n"),
        has=[f"<<<\n# a\n{LINE}\nUUID=1 / ext4 rw 0 1\n"],
    ),
    Case(
        "a line of ours that nothing declares any more goes", disks.mounted, {"disks": {}},
        _disks(fstab=f"UUID=1 / ext4 rw 0 1\n{LINE}\n"), has=["<<<\nUUID=1 / ext4 rw 0 1\n"], lacks=["umount"],
    ),
    Case("nothing declared, nothing ours", disks.mounted, {"disks": {}}, _disks(fstab="\nUUID=1 / ext4 rw 0 1")),
    Case(
        "mounted with other options", disks.mounted, {"disks": {"data": NOATIME}},
        _disks(filesystems=(XFS,), mounts=(AT,), fstab=LINE.replace("defaults", "noatime") + "\n"),
        commands=["mount -o remount /srv/data"],
    ),
    Case(
        "no such file system", disks.mounted, MOUNT, _disks(filesystems=(Filesystem("/dev/sda1", "7", "ext4"),)),
        refuses=f"no file system has the UUID {UUID}; the host's file systems: 7 (/dev/sda1, ext4)",
    ),
    Case(
        "another type than declared", disks.mounted, MOUNT, _disks(filesystems=(Filesystem("/dev/sdc", UUID, "ext4"),)),
        refuses="is ext4, declared xfs",
    ),
    Case(
        "something else is mounted there", disks.mounted, MOUNT,
        _disks(filesystems=(XFS,), mounts=(Mount("/srv/data", "/dev/sdd", "xfs", ("rw",)),), fstab=f"{LINE}\n"),
        refuses="/dev/sdd is mounted at /srv/data",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", [*SWAP, *DISKS], ids=str)
def test_storage(case: Case) -> None:
    case.check()
