"""`rig install`, start to end: from a live system to a machine that boots from its own disk, and what is refused.

Software emulation takes tens of minutes for one installation: UEFI is gone through whole on a machine; for BIOS, with
the power cut in the midst, the live system is a container's, and the machine boots what came of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.vm.machine import Disk, Machine
from tests.system.live_host import live_host
from tests.system.site import said
from tests.system.test_rescue_install import cut_twice_then_installed
from tests.system.vm import live as rescue
from tests.system.vm.live import DATA, HOST, OWNER, SYSTEM, Home

pytestmark = pytest.mark.vm

DISKS = (Disk(SYSTEM, 10), Disk(DATA, 1))


def installed(here: Home, machine: Machine) -> None:
    """It runs from its own disk, as declared, and what is declared can be applied to it."""
    facts = machine.run(
        "hostname; findmnt -no SOURCE /; stat -c %a /etc/machine-id; cat /proc/cmdline; readlink /etc/localtime; "
        "cat /etc/default/locale; ip -br link show lan0; ls /usr/sbin/policy-rc.d /root/rigwright-install 2>&1; true"
    ).stdout
    disk = machine.run(f"readlink -f /dev/disk/by-id/virtio-{SYSTEM}").stdout.strip()
    assert f"\n{disk}" in facts
    for text in (f"{HOST}\n", "console=ttyS0", "/usr/share/zoneinfo/Europe/Vienna", "LANG=en_GB.UTF-8", "lan0"):
        assert text in facts
    assert facts.count("No such file or directory") == 2, "nothing of the installation is left behind"
    assert machine.run("systemctl is-system-running", check=False).stdout.strip() == "running"
    assert machine.run("sudo -n id -u", user=OWNER).stdout.strip() == "0"
    assert machine.run("grep -c '^[^:]*:[$]' /etc/shadow", check=False).stdout.strip() == "0", "nobody has a password"
    assert machine.run("awk '$1 !~ /^#/ && $1 !~ /^UUID=/' /etc/fstab").stdout.strip() == ""
    assert "rig-" in machine.run("findmnt -no LABEL /").stdout
    plan = here.site.run("rig", "plan", HOST, timeout=900)
    assert plan.returncode == 2, said(plan)
    assert "host key" not in plan.stdout + plan.stderr


def left_alone(machine: Machine, before: dict[str, str]) -> None:
    """No byte of these disks has changed."""
    assert {serial: rescue.contents(machine, serial) for serial in before} == before


def test_uefi_start_to_end(tmp_path: Path) -> None:
    with Machine(rescue.live(), disks=DISKS, firmware="uefi", resumed=False) as machine:
        here = rescue.home(tmp_path, machine, firmware="uefi")
        rescue.fill_data_disk(machine)
        before = {DATA: rescue.contents(machine, DATA)}
        done = rescue.install(here, machine)
        assert done.returncode == 0, said(done)
        assert f"TO BE ERASED: /dev/vdb, serial number {SYSTEM}" in done.stdout
        assert f"({DATA}, 1 GB); on it: /dev/vdc (ext4)" in done.stdout
        assert here.public in done.stdout
        secret = here.host_key.read_text().splitlines()[1]
        assert secret not in said(done)
        assert machine.run("ls /run/rigwright-install/payload 2>&1", check=False).returncode != 0
        left_alone(machine, before)
        again = rescue.install(here, machine)
        assert again.returncode == 0, said(again)
        assert "all of this is installed there already" in again.stdout
        machine.power_off()
        machine.medium_in = False
        rescue.known_as(here, machine)
        machine.start(timeout=900)
        installed(here, machine)
        assert "debian" in machine.run("efibootmgr").stdout
        left_alone(machine, before)


def test_bios_after_two_power_cuts(tmp_path: Path) -> None:
    """Installed at this machine's own speed, from a live system in a container, and then booted for real."""
    machine = Machine(name=HOST, disks=DISKS, firmware="bios")
    machine.create()
    try:
        with live_host(tmp_path, {SYSTEM: 10, DATA: 1}, firmware="bios") as live:
            here = rescue.home(tmp_path, machine, firmware="bios")
            before = live.contents(DATA)
            cut_twice_then_installed(here, live)
            assert live.contents(DATA) == before
            rescue.put_in(machine, SYSTEM, live.files[SYSTEM])
        rescue.known_as(here, machine)
        machine.start(timeout=900)
        installed(here, machine)
        assert " /boot ext4 " in machine.run("cat /etc/fstab").stdout
    finally:
        machine.destroy()


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, Home, dict[str, str]]]:
    """A machine by UEFI, the disk that is meant with a file system on it; and what every byte of its disks was."""
    with Machine(rescue.live(), disks=DISKS, firmware="uefi", resumed=False) as machine:
        here = rescue.home(tmp_path_factory.mktemp("home"), machine, firmware="uefi")
        rescue.fill_data_disk(machine)
        machine.run(f"mkfs.ext4 -q /dev/disk/by-id/virtio-{SYSTEM}")
        yield machine, here, {serial: rescue.contents(machine, serial) for serial in (SYSTEM, DATA)}


REFUSED = {
    "a wrong serial number": (["install.disk.serial=S5GXNX0T123457"], [], "did you mean 'S5GXNX0T123456'?"),
    "a disk that is not there": (["install.disk.serial=SPCC-0001"], [], "expected the serial number of a disk that is"),
    "the live system's own disk": (["install.disk.serial=SYSTEM"], ["--wipe"], "the running system does not run from"),
    "a disk that is too small": ([f"install.disk.serial={DATA}"], [], "at least 8.9 GB, which install.layout needs"),
    "what is on it, unasked": ([], [], "expected an empty disk, since nobody is asked (--yes)"),
    "a declared BIOS": (["install.firmware=bios"], [], "expected 'uefi': the live system was started by UEFI"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_without_a_byte_written(refusing: tuple[Machine, Home, dict[str, str]], case: str) -> None:
    machine, here, before = refusing
    sets, more, text = REFUSED[case]
    done = rescue.install(here, machine, *more, *(word for each in sets for word in ("--set", each)))
    assert done.returncode == 1, said(done)
    assert text in done.stderr, said(done)
    left_alone(machine, before)


def test_a_mounted_disk_is_refused(refusing: tuple[Machine, Home, dict[str, str]]) -> None:
    machine, here, before = refusing
    machine.run(f"mount -o ro,noload /dev/disk/by-id/virtio-{SYSTEM} /mnt")
    try:
        done = rescue.install(here, machine)
        assert done.returncode == 1, said(done)
        assert "mounted at /mnt. If all of that may go, say --wipe." in done.stderr
        left_alone(machine, before)
    finally:
        machine.run("umount /mnt")


def test_two_disks_of_one_serial_number_are_refused(refusing: tuple[Machine, Home, dict[str, str]]) -> None:
    machine, here, before = refusing
    with rescue.usb_twin(machine, SYSTEM) as twin:
        done = rescue.install(here, machine, "--wipe")
        assert done.returncode == 1, said(done)
        assert "expected one disk with this serial number; " in done.stderr
        assert f"/dev/vdb ({SYSTEM}, 11 GB)" in done.stderr
        assert f"/dev/sda ({SYSTEM}, 0 GB" in done.stderr
        assert "have the same. Unplug the one that is not meant" in done.stderr
        left_alone(machine, before)
        assert not any(twin.read_bytes()), "nor the other one"
