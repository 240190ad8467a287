"""Disks: an empty one is formatted where its number is declared, anything else is left as it is, to the byte."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from tests.system.outcome import changes
from tests.system.site import Site, said, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

SERIAL = "SIMULATED-1"
BARE: dict[str, Any] = {
    "driver": {"source": "none"},
    "containers": {"state": "absent"},
    "base": {
        "packages": {"lm-sensors": None, "htop": None, "tmux": None, "curl": None},
        "needrestart": "absent",
        "smartd": False,
        "time_sync": False,
        "unattended_upgrades": {"enabled": False},
    },
}
"""As little as can be declared: the tests are about disks."""


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Site]]:
    with ThrowawayHost("basement", request.param) as host:
        found = site(tmp_path_factory.mktemp("disks"), {host: BARE})
        found.rig("apply", "--yes", "--layer", "base", check=True)
        yield host, found


@pytest.fixture
def disk(server: tuple[ThrowawayHost, Site], tmp_path: Path) -> Iterator[Path]:
    """A drive of 256 MB with a serial number, simulated by a loop device: gives the file behind it."""
    host, _ = server
    image = tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(256 * 2**20)
    made = subprocess.run(["losetup", "-f", "--show", str(image)], capture_output=True, text=True, check=True)
    device = made.stdout.strip()
    number = device.removeprefix("/dev/loop")
    try:
        host.run(
            f"mknod {device} b 7 {number}; mkdir -p /run/udev/data && "
            f"printf 'I:1\\nE:ID_SERIAL_SHORT={SERIAL}\\n' > /run/udev/data/b7:{number}"
        )
        host.run(f"ln -sf {device} /dev/disk-under-test")
        yield image
    finally:
        host.run(f"umount /srv/data; umount /srv/models; rm -f {device} /run/udev/data/b7:{number}", check=False)
        subprocess.run(["losetup", "-d", device], check=True)


def _apply(server: Site, **disks: Any) -> subprocess.CompletedProcess[str]:
    return server.rig("apply", "--yes", "--layer", "base", "--set", f"base.disks={json.dumps(disks)}")


def _as_declared(server: Site, **disks: Any) -> None:
    assigned = ("--layer", "base", "--set", f"base.disks={json.dumps(disks)}")
    plan = server.document("plan", *assigned)
    assert plan["exit_status"] == 0, changes(plan)
    proof = server.document("verify", *assigned)
    assert proof["exit_status"] == 0, changes(proof)


def _digest(image: Path) -> str:
    with image.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


MODELS = {"format": SERIAL, "mount": "/srv/models", "options": ["noatime"]}


def test_an_empty_drive_is_formatted_once_and_mounted(server: tuple[ThrowawayHost, Site], disk: Path) -> None:
    host, project = server
    done = _apply(project, models=MODELS)
    assert done.returncode == 0, said(done)
    host.run("echo precious > /srv/models/weights")
    _as_declared(project, models=MODELS)
    host.run("umount /srv/models")
    done = _apply(project, models=MODELS)
    assert done.returncode == 0, said(done)
    assert host.run("cat /srv/models/weights").stdout == "precious\n", "the second time it is mounted, no more"


@pytest.mark.parametrize(
    ("filled", "names"),
    [
        ("printf 'label: gpt\\n,,\\n' | sfdisk -q --no-reread /dev/disk-under-test", "PTTYPE=gpt"),
        ("printf 'label: dos\\n,,\\n' | sfdisk -q --no-reread /dev/disk-under-test", "PTTYPE=dos"),
        ("mkfs.ext2 -q -L keep /dev/disk-under-test", "LABEL=keep"),
        ("mkswap -q /dev/disk-under-test", "TYPE=swap"),
        ("echo secret | dd of=/dev/disk-under-test conv=notrunc status=none", "data of no known kind behind byte 0"),
        (
            "echo secret | dd of=/dev/disk-under-test bs=1M seek=255 conv=notrunc status=none",
            "data of no known kind behind byte 267386880",
        ),
        ("printf 'LUKS\\272\\276\\0\\2' | dd of=/dev/disk-under-test conv=notrunc status=none", "crypto_LUKS"),
    ],
)  # fmt: skip
def test_a_drive_that_holds_anything_is_left_to_the_byte(
    server: tuple[ThrowawayHost, Site], disk: Path, filled: str, names: str
) -> None:
    host, project = server
    host.run(filled)
    host.run("sync")
    before = _digest(disk)
    done = _apply(project, models=MODELS)
    assert done.returncode == 1, said(done)
    assert "is not empty, and only an empty drive is ever formatted" in " ".join(done.stdout.split()), said(done)
    assert names in done.stdout, said(done)
    host.run("sync")
    assert _digest(disk) == before


def test_what_the_refusal_advises_is_enough(server: tuple[ThrowawayHost, Site], disk: Path) -> None:
    host, project = server
    host.run("mkfs.ext2 -q /dev/disk-under-test; echo secret | dd of=/dev/disk-under-test bs=1M seek=255 conv=notrunc")
    refused = " ".join(_apply(project, models=MODELS).stdout.split())
    advice = re.search(r"If that may go: (wipefs -a .* -o \d+ /dev/loop\d+)", refused)
    assert advice, refused
    host.run(advice[1])
    done = _apply(project, models=MODELS)
    assert done.returncode == 0, said(done)


def test_a_disk_does_not_cover_what_somebody_put_in_its_place(server: tuple[ThrowawayHost, Site], disk: Path) -> None:
    host, project = server
    host.run("mkfs.ext4 -q -F /dev/disk-under-test; mkdir -p /srv/data && echo precious > /srv/data/notes")
    uuid = host.run("blkid -p -s UUID -o value /dev/disk-under-test").stdout.strip()
    done = _apply(project, data={"uuid": uuid, "mount": "/srv/data"})
    assert done.returncode == 1, said(done)
    assert "/srv/data is not empty, and what is in it (notes)" in " ".join(done.stdout.split()), said(done)
    assert host.run("cat /srv/data/notes").stdout == "precious\n"
    host.run("rm /srv/data/notes")
    done = _apply(project, data={"uuid": uuid, "mount": "/srv/data"})
    assert done.returncode == 0, said(done)
    _as_declared(project, data={"uuid": uuid, "mount": "/srv/data"})


OTHER_UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"


def test_each_value_of_a_disk_falls_short_by_itself(server: tuple[ThrowawayHost, Site], disk: Path) -> None:
    host, project = server
    host.run("mkfs.ext4 -q -F /dev/disk-under-test")
    uuid = host.run("blkid -p -s UUID -o value /dev/disk-under-test").stdout.strip()
    data = {"uuid": uuid, "mount": "/srv/data", "options": ["noatime"]}
    assert _apply(project, data=data).returncode == 0
    _as_declared(project, data=data)
    for other, test, message in (
        ({"uuid": OTHER_UUID}, "test_disks", f"{uuid} (ext4) is mounted, declared {OTHER_UUID}"),
        ({"mount": "/srv/models"}, "test_disks", "nothing is mounted at /srv/models"),
        ({"fs": "xfs"}, "test_disks", "it is ext4, declared xfs"),
        ({"options": ["noatime", "nodev"]}, "test_disks_at_boot", "/etc/fstab lacks nodev"),
    ):
        assert message in _short(project, test, data={**data, **other})
    host.run("umount /srv/data && mount /dev/disk-under-test /srv/data")
    assert "it is mounted without noatime" in _short(project, "test_disks_at_boot", data=data)


def _short(project: Site, test: str, **disks: Any) -> str:
    """What falls short of these disks by that test of the proof."""
    assigned = ("--layer", "base", "--set", f"base.disks={json.dumps(disks)}")
    (answer,) = [each for each in _answers(project, *assigned) if each["test"] == test]
    assert answer["answer"] == "falls short", answer
    return str(answer["message"])


def test_another_number_is_another_drive(server: tuple[ThrowawayHost, Site], disk: Path) -> None:
    before = _digest(disk)
    done = _apply(server[1], models={**MODELS, "format": "SIMULATED-2"})
    assert done.returncode == 1, said(done)
    assert f"no drive has the serial number SIMULATED-2; the host's drives: {SERIAL}" in " ".join(done.stdout.split())
    assert _digest(disk) == before


def test_a_swap_file_is_made_and_goes_again(server: tuple[ThrowawayHost, Site]) -> None:
    """All but the swapping itself, which no container may turn on or off."""
    host, project = server

    def swap(**declared: Any) -> tuple[str, ...]:
        return ("--layer", "base", "--set", f"base.swap={json.dumps(declared)}")

    project.apply(*swap(kind="file", size_gib=1))
    assert host.run("stat -c '%s %a' /swapfile; blkid -p -s TYPE -o value /swapfile").stdout == "1073741824 600\nswap\n"
    assert host.run("systemctl is-enabled swapfile.swap").stdout == "enabled\n"
    plan = project.document("plan", *swap(kind="file", size_gib=1))
    assert plan["exit_status"] == 0, changes(plan)
    (answer,) = [each for each in _answers(project, *swap(kind="file", size_gib=1)) if each["test"] == "test_swap"]
    assert answer["answer"] == "could not tell", answer
    for other, message in (
        (swap(kind="file", size_gib=2), "/swapfile is 1 GiB, declared 2"),
        (swap(kind="zram", size_gib=1), "/dev/zram0 is made with no size"),
    ):
        (answer,) = [each for each in _answers(project, *other) if each["test"] == "test_swap"]
        assert (answer["answer"], message in answer["message"]) == ("falls short", True), answer
    project.apply(*swap(kind="none"))
    assert host.run("ls /swapfile /etc/systemd/system/swapfile.swap", check=False).stdout == ""


def _answers(project: Site, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.document("verify", *arguments)["hosts"][0]["answers"]
    return found


def test_others_lines_of_fstab_stay(server: tuple[ThrowawayHost, Site], disk: Path) -> None:
    host, project = server
    mine = "# mine\n/dev/nowhere /mnt/nowhere ext4 noauto 0 0\n"
    host.run("cat >> /etc/fstab", input=mine)
    uuid = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    host.run(f"mkfs.ext4 -q -U {uuid} /dev/disk-under-test")
    data = {"uuid": uuid, "mount": "/srv/data"}
    assert _apply(project, data=data).returncode == 0
    _as_declared(project, data=data)
    assert _apply(project).returncode == 0
    assert host.run("cat /etc/fstab").stdout.endswith(mine), "ours is gone with its declaration, theirs is there"
    host.run("sed -i '/nowhere\\|# mine/d' /etc/fstab")


def test_chrony_takes_over_where_it_is_declared(server: tuple[ThrowawayHost, Site]) -> None:
    """Last in this file: the host is another one afterwards."""
    host, project = server
    clock = {"base.time_sync": True, "base.ntp_servers": ["10.0.0.123"]}
    chrony = {**clock, "base.packages.chrony": True}
    for declared, running in ((clock, "systemd-timesyncd"), (chrony, "chrony")):
        assigned = [f"{key}={json.dumps(value)}" for key, value in declared.items()]
        arguments = ("--layer", "base", *(word for each in assigned for word in ("--set", each)))
        project.apply(*arguments)
        plan = project.document("plan", *arguments)
        assert plan["exit_status"] == 0, changes(plan)
        answers = {each["test"]: each for each in _answers(project, *arguments)}
        assert answers["test_clock"]["answer"] in ("holds", "could not tell"), answers["test_clock"]
        assert answers["test_ntp_servers"]["answer"] in ("holds", "could not tell"), answers["test_ntp_servers"]
        there = host.run(
            "dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n' chrony systemd-timesyncd", check=False
        ).stdout
        assert [line.split()[1] for line in there.splitlines() if line.startswith("ii ")] == [running]
