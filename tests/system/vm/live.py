"""A machine that was started from a live system, with blank disks, and the project of the host that it is to become."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.trial import Trial, merged, write_project
from sim import programs
from sim.host.mirror import machine_mirror
from sim.host.reachable import Reachable
from sim.vm import monitor
from sim.vm.image import Image, image
from sim.vm.machine import Machine
from sim.vm.tools import tools
from tests.system.live_host import live_root
from tests.system.locked_models import write_lock
from tests.system.site import REPOSITORY, Site

SYSTEM = "S5GXNX0T123456"
DATA = "WD-DATA1"
HOST = "basement"
MAC = "52:54:00:12:34:56"
"""What QEMU gives a machine's first network card."""
OWNER = "owner"


def live() -> Image:
    """The live system's medium."""
    return image(live_root(), name="live")


@dataclass(frozen=True)
class Home:
    """The owner's place: his project, his key, and the key that the host is known by, as declared."""

    site: Site
    key: Path
    host_key: Path
    known_hosts: Path

    @property
    def public(self) -> str:
        """The declared host key, as `KIND KEY`."""
        return " ".join(self.host_key.with_suffix(".pub").read_text().split()[:2])


def home(folder: Path, machine: Reachable, *, firmware: str, **changes: Any) -> Home:
    """A project that declares the host at the machine's address: known by its declared key, entered by its owner's."""
    key, host_key = _new_key(folder / "owner"), _new_key(folder / "host")
    public = " ".join(host_key.with_suffix(".pub").read_text().split()[:2])
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[{machine.address}]:{machine.ssh_port} {public}\n")
    declared = merged(declaration(key, host_key, firmware), changes)
    way = {
        "ssh_hostname": machine.address,
        "ssh_port": machine.ssh_port,
        "ssh_user": "root",
        "ssh_key": str(key),
        "ssh_known_hosts_file": str(known_hosts),
    }
    project = write_project(folder / "project", REPOSITORY, {HOST: Trial(None, merged(declared, way))})
    write_lock(project)
    return Home(Site(project), key, host_key, known_hosts)


def declaration(key: Path, host_key: Path, firmware: str) -> Mapping[str, Any]:
    """What the host is to be."""
    mirror = machine_mirror()
    return {
        "base": {"hostname": HOST, "timezone": "Europe/Vienna", "locale": "en_GB.UTF-8"},
        "access": {"users": {OWNER: {"keys": [key.with_suffix(".pub").read_text().strip()], "sudo": "nopasswd"}}},
        "driver": {"source": "none"},
        "containers": {"state": "absent"},
        "install": {
            "release": "trixie",
            "disk": {"serial": SYSTEM},
            "firmware": firmware,
            "layout": {"esp_mib": 260} if firmware == "uefi" else {"boot_mib": 512},
            "network": {"mac": MAC},
            "keyboard": "de",
            "mirror": mirror.archive,
            "security_mirror": mirror.security,
            "kernel_options": ["console=ttyS0"],
            "host_key": {"file": str(host_key)},
        },
    }


def way_in(machine: Reachable, user: str = "root") -> list[str]:
    """`rig install`'s options for a live system whose screen shows this fingerprint."""
    known = [line.split(maxsplit=1)[1] for line in machine.known_hosts.read_text().splitlines()]
    file = machine.known_hosts.parent / "shown.pub"
    file.write_text(next(key for key in known if key.startswith("ssh-ed25519")) + "\n")
    fingerprint = programs.run(["ssh-keygen", "-lf", str(file)]).split()[1]
    at = f"{user}@{machine.address}:{machine.ssh_port}"
    return ["--at", at, "--fingerprint", fingerprint, "--ssh-key", str(machine.ssh_key)]


def install(here: Home, machine: Reachable, *more: str) -> subprocess.CompletedProcess[str]:
    """`rig install`, without a question."""
    return here.site.run("rig", "install", HOST, *way_in(machine), "--yes", *more, timeout=3600)


def contents(machine: Machine, serial: str) -> str:
    """The hash of every byte of a disk, as it is on this machine, whether the machine runs or not."""
    raw = machine.record.disks / f"{serial}.raw"
    words = ["qemu-img", "convert", "-U", "-O", "raw", tools().at(machine.disk_file(serial))]
    tools().run([*words, f"{tools().at(raw.parent)}/{raw.name}"])
    try:
        with raw.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    finally:
        raw.unlink()


def fill_data_disk(machine: Machine) -> None:
    """Files on the data disk, and bytes behind its file system that nothing accounts for.

    Flushed to the device, which `sync` alone does not: until then QEMU keeps to itself where in its image they are.
    """
    device = f"/dev/disk/by-id/virtio-{DATA}"
    machine.run(
        f"mkfs.ext4 -q -L models {device} 200M && mount {device} /mnt && cp /bin/bash /mnt/ && umount /mnt && "
        f"dd if=/dev/urandom of={device} bs=1M seek=700 count=4 conv=notrunc,fsync status=none"
    )


@contextmanager
def usb_twin(machine: Machine, serial: str) -> Iterator[Path]:
    """A disk in a USB enclosure that shows the serial number of another: its image on this machine."""
    file, socket = machine.record.disks / "twin.raw", machine.record.folder / "monitor"
    with file.open("wb") as image_file:
        image_file.truncate(64 * 1024**2)
    where = {"driver": "file", "filename": tools().at(file)}
    monitor.ask(socket, "blockdev-add", {"driver": "raw", "node-name": "twin", "file": where})
    monitor.ask(
        socket,
        "device_add",
        {"driver": "usb-storage", "id": "twin-disk", "drive": "twin", "serial": serial, "bus": "usb.0"},
    )
    machine.run(
        f"for _ in $(seq 120); do [ $(lsblk -dno SERIAL | grep -cx {serial}) = 2 ] && exit 0; sleep 1; done; exit 1"
    )
    try:
        yield file
    finally:
        monitor.ask(socket, "device_del", {"id": "twin-disk"})


def put_in(machine: Machine, serial: str, raw: Path) -> None:
    """Have a disk of a machine that is off hold what an image holds."""
    words = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", tools().at(raw)]
    tools().run([*words, tools().at(machine.disk_file(serial))])


def known_as(here: Home, machine: Machine) -> None:
    """What was installed is known by the declared key, at the machine's address, and open to the owner's."""
    machine.opened_by(here.key, [here.public])
    here.known_hosts.write_text(f"[{machine.address}]:{machine.ssh_port} {here.public}\n")


def _new_key(file: Path) -> Path:
    programs.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", file.name, "-f", str(file)])
    return file
