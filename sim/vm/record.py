"""What the machine knows of its virtual machines: a folder each, and how what nobody ends any more goes."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from sim.cache import cache_dir, remove_tree
from sim.host.record import RUN, Process, machine_boot


@dataclass(frozen=True)
class Record:
    """One virtual machine. `folder`: its monitor, console and keys; `disks`: its disks, which may be large."""

    folder: Path
    disks: Path

    @property
    def qemu(self) -> Process | None:
        """Its QEMU, while that runs."""
        try:
            process = Process.load(self.folder / "qemu.json")
        except FileNotFoundError:
            return None
        return process if process.alive else None

    @property
    def abandoned(self) -> bool:
        """Whether nobody will end it any more."""
        try:
            owner = json.loads((self.folder / "owner.json").read_text())
        except FileNotFoundError:
            return False  # being entered
        return owner["boot"] != machine_boot() or not Process(owner["pid"], owner["started"]).alive

    def remove(self) -> None:
        """Ends its QEMU and removes all of it. Safe to do twice."""
        if (process := self.qemu) is not None:
            process.end()
        remove_tree(self.disks)
        shutil.rmtree(self.folder, ignore_errors=True)


def enter(name: str) -> Record:
    """Folders for a new virtual machine, which belongs to this process."""
    sweep()
    token = f"{name}-{secrets.token_hex(3)}"
    record = Record(_folders() / token, disks_dir() / token)
    record.folder.mkdir(parents=True)
    record.disks.mkdir(parents=True)
    owner = Process.of(os.getpid())
    aside = record.folder / ".owner.json"
    aside.write_text(json.dumps({"pid": owner.pid, "started": owner.started, "boot": machine_boot()}))
    aside.rename(record.folder / "owner.json")
    return record


def sweep() -> list[str]:
    """Removes the machines whose owner is gone, and disks that no machine has; gives their names."""
    disks = list(disks_dir().glob("*"))  # before the records: a disk's record is older than the disk
    present = [Record(folder, disks_dir() / folder.name) for folder in sorted(_folders().glob("*"))]
    gone = [record for record in present if record.abandoned]
    for record in gone:
        record.remove()
    known = {record.disks for record in present}
    for disk in disks:
        if disk not in known:
            remove_tree(disk)
    return [record.folder.name for record in gone]


def disks_dir() -> Path:
    """The folder with the machines' disks."""
    return cache_dir() / "vms"


def _folders() -> Path:
    return RUN / "vms"
