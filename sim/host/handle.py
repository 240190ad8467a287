"""A host that is there: what it is, how to enter it, and the troubles that a test can bring on it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from sim.errors import SimulationError
from sim.host.disk import Disk
from sim.host.identity import KEY, KNOWN_HOSTS
from sim.host.inside import brief, last_words, run_inside
from sim.host.reachable import Reachable
from sim.host.record import Process, Record


class Handle(Reachable):
    """One host by its record, running or not. `name` is its host name."""

    def __init__(self) -> None:
        self._record: Record | None = None

    # What it is

    @property
    def id(self) -> str:
        """What it is called on this machine, in `list` and `down`."""
        return self.record.id

    @property
    def record(self) -> Record:
        """What the machine knows of it. Raises SimulationError before `create`."""
        if self._record is None:
            raise SimulationError(f"host {self.name} has not been created")
        return self._record

    @property
    def address(self) -> str:
        """Its IPv4 address, reached from this machine only."""
        return self.record.network.address

    @property
    def ssh_key(self) -> Path:
        """A private key that opens `root` and `admin`."""
        return self.record.folder / KEY

    @property
    def known_hosts(self) -> Path:
        """The host's true keys, under its address and its name."""
        return self.record.folder / KNOWN_HOSTS

    @property
    def root(self) -> Path:
        """Its root file system as this machine sees it. Writable, running or not."""
        return self.disk.merged

    @property
    def disk(self) -> Disk:
        """Where its files are."""
        return Disk(Path(self.record.disk))

    @property
    def log(self) -> Path:
        """What its console and its supervisor said."""
        return self.record.folder / "console.log"

    @property
    def pid(self) -> int:
        """The process on this machine that is the host's PID 1. Raises SimulationError when the host is not running."""
        try:
            nspawn = Process.load(self.record.folder / "nspawn.json")
            children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children").read_text().split()
        except FileNotFoundError:
            raise SimulationError(f"host {self.id} is not running") from None
        if not nspawn.alive or not children:
            raise SimulationError(f"host {self.id} is not running")
        return int(children[0])

    @property
    def running(self) -> bool:
        """Whether it has a PID 1."""
        try:
            return self.pid > 0
        except SimulationError:
            return False

    # Entering it

    def run(
        self,
        command: str,
        *,
        user: str = "root",
        check: bool = True,
        input: str = "",
        timeout: float | None = 600,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a shell command in the host past its sshd, for preparing and looking at it.

        Raises SimulationError with the last line that it said when it fails and `check` is set.
        """
        done = run_inside(self.pid, command, user=user, input=input, timeout=timeout)
        if check and done.returncode != 0:
            said = last_words(done)
            raise SimulationError(f"in host {self.id}: {brief(command)} failed ({done.returncode}): {said}")
        return done

    # Troubles for tests

    def cut_outbound(self, *, hang: bool = False) -> None:
        """Takes away all that lies beyond this machine, the mirror too: refused at once, or without any answer."""
        self.record.network.cut_outbound("drop" if hang else "reject")

    def restore_outbound(self) -> None:
        """Undoes `cut_outbound`."""
        self.record.network.restore_outbound()

    def unplug(self) -> None:
        """Pulls its network cable: nothing reaches it, this machine neither."""
        self.record.network.set_link("down")

    def plug(self) -> None:
        """Undoes `unplug`."""
        self.record.network.set_link("up")
