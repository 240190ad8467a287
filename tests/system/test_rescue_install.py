"""`rig install` on a live system that is a container's: everything is real but the firmware and the first boot."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.system.live_host import LiveHost, live_host, start_again
from tests.system.site import BIN, said
from tests.system.vm import live as rescue
from tests.system.vm.live import DATA, HOST, SYSTEM, Home

pytestmark = pytest.mark.system

TARGET = "/run/rigwright-install/target"
MOMENTS = (f"test -d {TARGET}/debootstrap", f"test -e {TARGET}/boot/grub")
"""In the midst of debootstrap, and of what comes after it."""


def cut_off_at(here: Home, live: LiveHost, moment: str) -> None:
    """Begin, and switch the live system off when it is so far."""
    command = ["rig", "install", HOST, *rescue.way_in(live.host), "--yes"]
    running = subprocess.Popen(
        [str(BIN / command[0]), *command[1:]],
        cwd=here.site.project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 900
    while live.host.run(moment, check=False).returncode != 0:
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < deadline, moment
        time.sleep(0.2)
    start_again(live, "bios")
    told, _ = running.communicate(timeout=120)
    assert running.returncode == 3, told
    assert "it is not installed, and the disk is not marked as done" in told


def cut_twice_then_installed(here: Home, live: LiveHost) -> None:
    """Two power cuts; then it is installed, without --wipe: what was begun is known to be our own."""
    for moment in MOMENTS:
        cut_off_at(here, live, moment)
        shown = here.site.run("rig", "install", HOST, *rescue.way_in(live.host), "--plan")
        assert "an installation by rig that did not come to its end" in shown.stdout, said(shown)
    done = rescue.install(here, live.host)
    assert done.returncode == 0, said(done)
    again = rescue.install(here, live.host)
    assert again.returncode == 0, said(again)
    assert "all of this is installed there already" in again.stdout


@pytest.mark.slow
def test_cut_off_it_begins_anew_and_is_never_taken_for_done(tmp_path: Path) -> None:
    with live_host(tmp_path, {SYSTEM: 10, DATA: 1}, firmware="bios") as live:
        here = rescue.home(tmp_path, live.host, firmware="bios")
        before = live.contents(DATA)
        cut_twice_then_installed(here, live)
        assert live.contents(DATA) == before
        left = live.host.run(f"mountpoint {TARGET}; ls /run/rigwright-install", check=False).stdout
        assert "payload" not in left, "the host's private key"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sets", "text"),
    [
        (["install.disk.serial=S5GXNX0T123457"], "did you mean 'S5GXNX0T123456'?"),
        (["install.disk.serial=SPCC-0001"], "expected the serial number of a disk that is here"),
        (["install.firmware=uefi", "install.layout.boot_mib=null"], "the live system was started by BIOS"),
        ([], "have the same. Unplug the one that is not meant"),
    ],
)
def test_refused_without_a_byte_written(tmp_path: Path, sets: list[str], text: str) -> None:
    twin = None if sets else SYSTEM
    with live_host(tmp_path, {SYSTEM: 10, DATA: 1}, firmware="bios", twin=twin) as live:
        here = rescue.home(tmp_path, live.host, firmware="bios")
        before = {serial: live.contents(serial) for serial in live.files}
        done = rescue.install(here, live.host, "--wipe", *(word for each in sets for word in ("--set", each)))
        assert done.returncode == 1, said(done)
        assert text in done.stderr, said(done)
        assert {serial: live.contents(serial) for serial in live.files} == before
