"""A host that is there: what it is, how to enter it, and the troubles that a test can bring on it."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from sim.errors import SimulationError
from sim.host.disk import Disk
from sim.host.identity import KEY, KNOWN_HOSTS
from sim.host.inside import brief, last_words, run_inside
from sim.host.record import Process, Record


class Handle:
    """One host by its record, running or not. `name` is its host name."""

    name: str
    ssh_port = 22
    ssh_user = "root"

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

    def ssh_options(self) -> dict[str, str]:
        """OpenSSH options, name → value, that reach this host and no other."""
        return {
            "HostName": self.address,
            "Port": str(self.ssh_port),
            "IdentityFile": str(self.ssh_key),
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
        }

    def ssh_args(self, user: str = ssh_user) -> list[str]:
        """The command line of an ssh into the host, to which a command may be added."""
        options = [word for name, value in self.ssh_options().items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-F", "/dev/null", *options, "-l", user, self.name]

    def write_ssh_config(self, path: Path, user: str = ssh_user) -> Path:
        """Writes an ssh_config in which the host is known by its name; gives `path`."""
        lines = [f"Host {self.name}", f"    User {user}", *(f"    {k} {v}" for k, v in self.ssh_options().items())]
        path.write_text("\n".join(lines) + "\n")
        return path

    def boot_id(self) -> str:
        """The id of its present boot; empty while it is going down."""
        try:
            return self.run("cat /proc/sys/kernel/random/boot_id", check=False).stdout.strip()
        except SimulationError:
            return ""

    def answers(self) -> bool:
        """Whether an SSH server answers at its address within a second."""
        try:
            with socket.create_connection((self.address, self.ssh_port), timeout=1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

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
