"""Layer `base`, continued: swap and data disks. `test_base.py` brings these tests to pytest."""

from __future__ import annotations

import shlex

import pytest
from testinfra.host import Host

from rigwright.facts.disks import Disks, DisksState
from rigwright.facts.swap import SWAPFILE, Swap, SwapState
from rigwright.operations.disks import GUARD, VISIBLE, uuid_on
from rigwright.spec.base import Disk
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.reading import Answers, ask

ZRAM = "/dev/zram0"
GIB_KIB = 1024 * 1024


@pytest.fixture(scope="session")
def stored(host: Host, rig: Rig) -> Answers:
    """Swap, disks and mounts, in one command."""
    disks = rig.base.disks.values()
    mounts = [disk.mount for disk in disks]
    units = " ".join(f'"$(systemd-escape -p --suffix=mount {shlex.quote(mount)})"' for mount in mounts)
    return ask(
        host,
        {
            "container": "systemd-detect-virt --container",
            "swap": Swap().command(),
            "zram": "systemd-analyze --no-pager cat-config systemd/zram-generator.conf",
            "swap unit": "systemctl is-enabled swapfile.swap",
            "disks": Disks().command(targets=mounts, serials=[disk.format for disk in disks if disk.format]),
            "mount units": f"for u in {units}; do systemctl show -p Id,RequiredBy,WantedBy $u; done" if mounts else ":",
        },
    )


@pytest.fixture(scope="session")
def swapping(stored: Answers) -> SwapState:
    return Swap().process(stored.lines("swap"))


@pytest.fixture(scope="session")
def disks(stored: Answers) -> DisksState:
    return Disks().process(stored.lines("disks"))


@proves("base.swap.kind", "base.swap.size_gib")
def test_swap(stored: Answers, swapping: SwapState, rig: Rig) -> None:
    """The host swaps to what is declared, to nothing else, and will after a boot"""
    kind, size = rig.base.swap.kind, rig.base.swap.size_gib or 0
    if kind == "keep":
        return
    lines = [line for line in swapping.fstab.splitlines() if line.split()[2:3] == ["swap"] and line[0] != "#"]
    assert not lines, f"/etc/fstab turns on other swap at boot: {lines[0]}"
    if kind == "file":
        found = (swapping.file_size or 0) / 1024**3
        assert swapping.file_ready and found == size, f"{SWAPFILE} is {found:g} GiB, declared {size}"
        assert stored["swap unit"] == "enabled", f"{SWAPFILE} is not swapped to after a boot"
    if kind == "zram":
        sizes = [line.partition("=")[2].strip() for line in stored.lines("zram") if line.startswith("zram-size")]
        assert sizes[-1:] == [str(size * 1024)], (
            f"{ZRAM} is made with {sizes[-1:] or 'no size'} MiB, declared {size} GiB"
        )
    if stored["container"] not in ("", "none"):
        could_not_tell("in a container the swap in use is the machine's; what the next boot would use is as declared")
    wanted = {"none": set(), "zram": {ZRAM}, "file": {SWAPFILE}}[kind]
    active = {swap.path: swap.size_kib for swap in swapping.active}
    assert set(active) == wanted, f"swap in use: {', '.join(sorted(active)) or 'none'}; declared: {kind}"
    for path, kib in active.items():
        assert abs(kib - size * GIB_KIB) <= size * GIB_KIB // 100, f"{path} is {kib // 1024} MiB, declared {size} GiB"


@proves("base.disks.mount", "base.disks.uuid", "base.disks.fs")
def test_disks(disks: DisksState, rig: Rig) -> None:
    """Each data disk's file system is mounted at its place"""
    for name, disk in rig.base.disks.items():
        mount = disks.mounted_at(disk.mount)
        assert mount, f"disk {name}: nothing is mounted at {disk.mount}"
        uuid = _uuid(disks, disk)
        mine = [fs for fs in disks.filesystems if fs.path == mount.source]
        found = ", ".join(f"{fs.uuid} ({fs.type})" for fs in mine) or mount.source
        assert uuid and uuid in {fs.uuid for fs in mine}, f"disk {name}: {found} is mounted, declared {uuid}"
        assert mount.type == disk.fs, f"disk {name}: it is {mount.type}, declared {disk.fs}"


@proves("base.disks.options")
def test_disks_at_boot(stored: Answers, disks: DisksState, rig: Rig) -> None:
    """Each data disk is mounted with its options, after a boot too, and the host boots without it"""
    required = [
        line for line in stored.lines("mount units") if line.startswith("RequiredBy=") and line != "RequiredBy="
    ]
    for name, disk in rig.base.disks.items():
        fields = [line.split() for line in disks.fstab.splitlines() if line.split()[1:2] == [disk.mount]]
        assert len(fields) == 1, f"disk {name}: {len(fields)} lines of /etc/fstab are for {disk.mount}"
        device, _, kind, options = fields[0][:4]
        assert device == f"UUID={_uuid(disks, disk)}" and kind == disk.fs, (
            f"disk {name}: /etc/fstab has {device} {kind}"
        )
        missing = {*disk.options, *GUARD} - set(options.split(","))
        assert not missing, f"disk {name}: /etc/fstab lacks {', '.join(sorted(missing))}"
        mount = disks.mounted_at(disk.mount)
        unseen = VISIBLE & set(disk.options) - set(mount.options if mount else ())
        assert not unseen, f"disk {name}: it is mounted without {', '.join(sorted(unseen))}"
    assert not required, f"a boot fails without a data disk: {required[0]}"


def _uuid(disks: DisksState, disk: Disk) -> str | None:
    if disk.uuid:
        found = disks.filesystem(disk.uuid)
        return found.uuid if found else disk.uuid
    drive = next((drive for drive in disks.drives if drive.serial == disk.format), None)
    return uuid_on(disks, drive.path, disk.fs) if drive else None
