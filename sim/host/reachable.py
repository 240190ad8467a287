"""A host as SSH sees it, whatever it runs on."""

from __future__ import annotations

import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from sim.errors import SimulationError


class Reachable(ABC):
    """A host with an SSH server. `name` is its host name; `ssh_user` who is let in besides the user `admin`."""

    name: str
    ssh_port: int = 22
    ssh_user = "root"

    @property
    @abstractmethod
    def id(self) -> str:
        """What it is called on this machine, unlike any other."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Its IPv4 address, reached from this machine only."""

    @property
    @abstractmethod
    def ssh_key(self) -> Path:
        """A private key that opens `root` and `admin`."""

    @property
    @abstractmethod
    def known_hosts(self) -> Path:
        """The host's true keys, under its address and its name."""

    @abstractmethod
    def run(
        self,
        command: str,
        *,
        user: str = "root",
        check: bool = True,
        input: str = "",
        timeout: float | None = 600,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a shell command in the host. Raises SimulationError when it fails and `check` is set."""

    def ssh_options(self) -> Mapping[str, str]:
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
