"""What the machine knows of each host: a folder under /run with its record, keys and log; and how leftovers go."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from sim.cache import cache_dir, locked
from sim.errors import SimulationError
from sim.gpu.model import Gpu, from_record
from sim.host import cgroup
from sim.host.disk import Disk
from sim.host.network import Network, free_index, restore_forwarding

RUN = Path("/run/rigwright-sim")


@dataclass(frozen=True)
class Process:
    """A process, safe from reuse of its number: `started` is its start time in clock ticks since the machine's boot."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this number now."""
        return cls(pid, _started(pid) or 0)

    @property
    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        return _started(self.pid) == self.started

    def save(self, file: Path) -> None:
        """Writes it down, whole or not at all."""
        _write_whole(file, dataclasses.asdict(self))

    @classmethod
    def load(cls, file: Path) -> Process:
        """The process that `save` wrote. Raises FileNotFoundError."""
        return cls(**json.loads(file.read_text()))

    def end(self, number: int = signal.SIGKILL) -> None:
        """Sends it a signal, unless it is gone."""
        if self.alive:
            os.kill(self.pid, number)


@dataclass
class Record:
    """One host. `owner` is the process whose end ends the host; None for one that stays until it is taken down."""

    id: str
    name: str
    release: str
    token: str
    index: int
    disk: str
    owner: Process | None
    machine_boot: str
    gpus: list[Gpu] = dataclasses.field(default_factory=list)
    nspawn_arguments: list[str] = dataclasses.field(default_factory=list)
    supervisor: Process | None = None

    @property
    def folder(self) -> Path:
        """Where its record, keys and log are."""
        return hosts_dir() / self.id

    @property
    def network(self) -> Network:
        """Its place in the machine's network."""
        return Network(self.token, self.index)

    def save(self) -> None:
        """Writes the record, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _write_whole(self.folder / "record.json", dataclasses.asdict(self))

    @property
    def abandoned(self) -> bool:
        """Whether nobody will end this host any more."""
        if self.machine_boot != machine_boot():
            return True
        return self.owner is not None and not self.owner.alive

    def tear_down(self) -> None:
        """Ends its processes and removes its network, its disk and this record. Safe to do twice."""
        with locked(RUN / f"{self.token}.lock"):
            if self.supervisor is not None and self.supervisor.pid != os.getpid():
                self.supervisor.end()
            cgroup.remove(self.token)
            self.network.down()
            Disk(Path(self.disk)).destroy()
            shutil.rmtree(self.folder, ignore_errors=True)
        with locked(registry_lock()):
            if not records():
                restore_forwarding()
        (RUN / f"{self.token}.lock").unlink(missing_ok=True)


def hosts_dir() -> Path:
    """The folder with one folder a host."""
    return RUN / "hosts"


def disks_dir() -> Path:
    """The folder with the hosts' disks."""
    return cache_dir() / "hosts"


def registry_lock() -> Path:
    """Held while a host is entered, so that two never take one name or one address."""
    return RUN / "lock"


def enter(name: str, release: str, *, id: str | None, gpus: list[Gpu], owner: Process | None) -> Record:
    """Enters a new host in the machine's list, with an id (made from `name` when None) and an address of its own.

    Raises SimulationError when a host of that id is there.
    """
    with locked(registry_lock()):
        present = records()
        if id is not None and id in {record.id for record in present}:
            raise SimulationError(f"a host {id} is already there: python -m sim down {id}")
        token = secrets.token_hex(3)
        record = Record(
            id=id or f"{name}-{token}",
            name=name,
            release=release,
            token=token,
            index=free_index({record.index for record in present}),
            disk=str(disks_dir() / f"{name}-{token}"),
            owner=owner,
            machine_boot=machine_boot(),
            gpus=gpus,
        )
        record.save()
    return record


def load(folder: Path) -> Record:
    """The record in a host's folder. Raises FileNotFoundError."""
    raw = json.loads((folder / "record.json").read_text())
    for field in ("owner", "supervisor"):
        raw[field] = Process(**raw[field]) if raw[field] else None
    raw["gpus"] = [from_record(gpu) for gpu in raw["gpus"]]
    return Record(**raw)


def records() -> list[Record]:
    """Every host on this machine, by id."""
    found = []
    for folder in sorted(hosts_dir().glob("*")):
        try:
            found.append(load(folder))
        except FileNotFoundError:
            continue  # taken down since the folder was listed
    return found


def sweep() -> list[str]:
    """Takes down the hosts whose owner is gone, and disks that no host has; gives the ids of those hosts."""
    disks = list(disks_dir().glob("*"))  # before the records: a disk's record is older than the disk
    present = records()
    gone = [record for record in present if record.abandoned]
    for record in gone:
        record.tear_down()
    owned = {Path(record.disk) for record in present}
    for disk in disks:
        if disk not in owned:
            Disk(disk).destroy()
    return [record.id for record in gone]


def machine_boot() -> str:
    """The id of this machine's boot: what a host was before it is gone."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _write_whole(file: Path, content: object) -> None:
    aside = file.with_name(f".{file.name}")
    aside.write_text(json.dumps(content, indent=1))
    aside.rename(file)


def _started(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])
