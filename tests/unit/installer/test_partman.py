"""What partman is told before it looks at any disk: run with a made-up debconf and made-up disks."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from rigwright.installer.preseed import debian_files
from tests.unit.installer.order import reference

CONFMODULE = """
db_subst() { echo "subst $*" >>@/log; }
db_fset() { :; }
db_input() { echo "input $*" >>@/log; }
db_go() { :; }
db_get() { RET=$(cat "@/told/${1##*/}" 2>/dev/null); }
"""
PROGRAMS = {
    "udevadm": "",
    "logger": "",
    "blockdev": 'echo "ro $*" >>@/log',
    "debconf-loadtemplate": 'echo "load $2" >>@/log',
    "debconf-set-selections": 'mkdir -p @/told; cp "$1" @/selections; [ -e @/deaf ] || echo /dev/vda >@/told/disk',
    "sleep": "kill $PPID",
}


@dataclass
class Installer:
    """The installer's machine, with /dev/vda and, beside it, SATA's /dev/sda."""

    root: Path

    def run(self, find_disk: str) -> str:
        """Run partman.sh; how it ended: 'goes on' or 'waits'."""
        (self.root / "bin").mkdir()
        (self.root / "sys/block/vda").mkdir(parents=True)
        (self.root / "sys/block/sda/device").mkdir(parents=True)
        (self.root / "sys/block/sda/device/delete").write_text("")
        for name, text in PROGRAMS.items():
            program = self.root / "bin" / name
            program.write_text(f"#!/bin/sh\n{text}\n".replace("@", str(self.root)))
            program.chmod(0o755)
        (self.root / "confmodule").write_text(CONFMODULE.replace("@", str(self.root)))
        (self.root / "find-disk.sh").write_text(find_disk)
        (self.root / "mounts").write_text("")
        script = debian_files(reference())["rigwright/partman.sh"].data.decode()
        # That of temporary files first: our own root lies there.
        for old, new in (
            ("/tmp/", ""),
            ("/usr/share/debconf/confmodule", "confmodule"),
            ("/rigwright/", ""),
            ("/dev/console", "console"),
            ("/sys/block", "sys/block"),
            ("/proc/mounts", "mounts"),
        ):
            script = script.replace(old, f"{self.root}/{new}")
        environment = {**os.environ, "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"}
        done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, timeout=30, check=False)
        return "goes on" if done.returncode == 0 else "waits"

    def text(self, name: str) -> str:
        path = self.root / name
        return path.read_text() if path.exists() else ""


@pytest.fixture
def installer(tmp_path: Path) -> Installer:
    return Installer(tmp_path)


def test_the_disk_is_told_and_the_others_go_out_of_sight(installer: Installer) -> None:
    assert installer.run("echo /dev/vda") == "goes on"
    assert installer.text("selections") == (
        "d-i partman-auto/disk string /dev/vda\n"
        "d-i partman-auto/method string regular\n"
        "d-i grub-installer/bootdev string /dev/vda\n"
    )
    assert installer.text("sys/block/sda/device/delete") == "1\n"
    assert "/dev/sda is out of sight while this runs" in installer.text("console")


def test_a_refusal_is_shown_and_never_ends(installer: Installer) -> None:
    assert installer.run("echo 'No disk here has it.' >&2; exit 1") == "waits"
    assert installer.text("selections") == "", "partman is told nothing"
    assert installer.text("sys/block/sda/device/delete") == ""
    assert "subst rigwright/refused WHY No disk here has it." in installer.text("log")
    assert "input critical rigwright/refused" in installer.text("log")
    assert "nothing is installed: No disk here has it." in installer.text("console")


def test_an_installer_that_did_not_take_it_does_not_go_on(installer: Installer) -> None:
    (installer.root / "deaf").write_text("")
    assert installer.run("echo /dev/vda") == "waits"
    assert "The installer could not be told that the disk is /dev/vda." in installer.text("log")
