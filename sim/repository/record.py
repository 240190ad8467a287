"""What the machine knows of each repository server, how it shall answer, and how leftovers go."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from sim.host.record import RUN, Process, machine_boot
from sim.host.record import records as hosts
from sim.repository.network import Network

_FOLDER = RUN / "repositories"


@dataclass
class Record:
    """One server. `owner` is the process whose end ends it; None for one that stays until it is stopped.

    `host` is the id of the host that it was left with: it goes when that one does.
    """

    token: str
    address: str
    owner: Process | None
    machine_boot: str
    server: Process | None = None
    host: str | None = None

    @property
    def folder(self) -> Path:
        """Where its record, its log and what it serves (`www`) are."""
        return _FOLDER / self.token

    @property
    def network(self) -> Network:
        """Its address."""
        return Network(self.token, self.address)

    @property
    def abandoned(self) -> bool:
        """Whether nothing serves it, or nobody will end it any more."""
        orphan = self.owner is not None and not self.owner.alive
        left = self.host is not None and self.host not in {record.id for record in hosts()}
        return self.machine_boot != machine_boot() or orphan or left or self.server is None or not self.server.alive

    def save(self) -> None:
        """Writes the record, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self.folder / "record.json", json.dumps(dataclasses.asdict(self)))

    def tear_down(self) -> None:
        """Ends its process and removes its address and its folder. Safe to do twice."""
        if self.server is not None and self.server.pid != os.getpid():
            self.server.end(signal.SIGKILL)
        self.network.down()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Answers:
    """How the server answers: `status` to everything, nothing at all, or signed by a key that nobody knows."""

    status: int | None = None
    hang: bool = False
    other_key: bool = False


def read_answers(folder: Path) -> Answers:
    """How the server of `folder` shall answer now."""
    file = folder / "answers.json"
    return Answers(**json.loads(file.read_text())) if file.exists() else Answers()


def write_answers(folder: Path, answers: Answers) -> None:
    """Has the server of `folder` answer so from now on."""
    _write(folder / "answers.json", json.dumps(dataclasses.asdict(answers)))


def load(folder: Path) -> Record:
    """The record in a server's folder. Raises FileNotFoundError."""
    raw = json.loads((folder / "record.json").read_text())
    for field in ("owner", "server"):
        raw[field] = Process(**raw[field]) if raw[field] else None
    return Record(**raw)


def records() -> list[Record]:
    """Every repository server on this machine."""
    found = []
    for folder in sorted(_FOLDER.glob("*")):
        try:
            found.append(load(folder))
        except FileNotFoundError:
            continue  # taken down since the folder was listed
    return found


def sweep() -> None:
    """Takes down the servers that nobody ends any more."""
    for record in records():
        if record.abandoned:
            record.tear_down()


def _write(file: Path, text: str) -> None:
    aside = file.with_name(f".{file.name}")
    aside.write_text(text)
    aside.rename(file)
