"""Installing from a live system, operation by operation."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace

import pytest

from rigwright.catalog import catalog
from rigwright.choice.install.disks import Content
from rigwright.choice.install.rescue import Ground
from rigwright.choice.install.target import DataDisks
from rigwright.facts.live_system import TOOLS, LiveSystem
from rigwright.installer.payload import File
from rigwright.installer.rescue import SCRIPTS
from rigwright.operations.install import steps, workshop
from tasks.install import STEPS
from tests.unit.choice.install.test_rescue import DATA, HOST, LIVE, NVME, layout
from tests.unit.operations.harness import Case, run

SECRET = File(b"-----BEGIN OPENSSH PRIVATE KEY-----\n", secret=True)
AGREED = Ground(NVME, "blank", None, (), (DATA,), NVME.path)
ERASURE = {
    "host_name": HOST,
    "layout": layout(),
    "release": catalog().release("trixie"),
    "data": DataDisks(),
    "agreed": AGREED,
    "wipe": False,
}
OCCUPIED = replace(LIVE, disks=(replace(NVME, contents=(Content("/dev/nvme0n1p1", "part", "xfs"),)), DATA))

CASES = [
    Case("tools that are there", workshop.tools, {}, {LiveSystem: LIVE}),
    Case(
        "tools that are missing",
        workshop.tools,
        {},
        {LiveSystem: replace(LIVE, tools=frozenset(TOOLS) - {"debootstrap"}, keyring=False)},
        has=["apt-get -q -y --no-install-recommends install debian-archive-keyring debootstrap </dev/null"],
        why=["missing on the live system: debian-archive-keyring, debootstrap"],
    ),
    Case(
        "no apt to install them by",
        workshop.tools,
        {},
        {LiveSystem: replace(LIVE, tools=frozenset(), debian_like=False, system="SystemRescue 12")},
        refuses="SystemRescue 12 lacks debootstrap",
    ),
    Case(
        "the agreed disk",
        steps.erased,
        ERASURE,
        {LiveSystem: LIVE},
        commands=["sh /run/rigwright-install/erase.sh"],
        why=["/dev/nvme0n1 (SPCC-0001, 2000 GB, SPCC M.2 PCIe SSD) holds nothing"],
    ),
    Case(
        "not what was agreed to: something is on it now",
        steps.erased,
        ERASURE,
        {LiveSystem: OCCUPIED},
        refuses="the disks are not what they were when this was agreed to",
    ),
    Case(
        "not what was agreed to: another disk has appeared",
        steps.erased,
        ERASURE,
        {LiveSystem: replace(LIVE, disks=(NVME, DATA, replace(DATA, path="/dev/sdb", serial="WD-0003")))},
        refuses="the disks are not what they were when this was agreed to",
    ),
    Case(
        "a second disk of that serial number has appeared",
        steps.erased,
        ERASURE,
        {LiveSystem: replace(LIVE, disks=(NVME, DATA, replace(NVME, path="/dev/nvme1n1")))},
        refuses="expected one disk with this serial number",
    ),
    Case(
        "a step",
        steps.taken,
        {"script": "boot", "why": "for the firmware"},
        commands=["sh /run/rigwright-install/boot.sh"],
        why=["for the firmware"],
    ),
    Case("a restart", steps.restarted, {}, has=["sleep 3; systemctl reboot || reboot"], why=["asked for"]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_installing(case: Case) -> None:
    case.check()


def test_keys_are_in_no_command() -> None:
    step = run(workshop.laid_out, {"files": {"payload/key": SECRET}}, {})
    (command,) = step.commands
    assert "BEGIN" not in command
    assert command.startswith("umask 077; mkdir -p /run/rigwright-install && chmod 700 /run/rigwright-install")
    assert "rm -rf /run/rigwright-install" not in command, "the new system may be mounted in it"


def test_what_is_laid_out_is_its_owner_s_alone() -> None:
    with tarfile.open(fileobj=io.BytesIO(workshop.packed({"payload/key": SECRET, "a.sh": File(b"x")}))) as archive:
        entries = archive.getmembers()
        assert [(each.name, each.mode) for each in entries] == [("a.sh", 0o600), ("payload/key", 0o600)]
        file = archive.extractfile("payload/key")
        assert file is not None
        assert file.read() == SECRET.data


def test_every_script_is_run_once_and_the_last_marks_the_disk() -> None:
    assert ("begin", "erase", *(name for name, _, _ in STEPS)) == SCRIPTS
