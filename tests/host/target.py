"""The hosts under proof: their declarations, and one multiplexed SSH connection to each."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import testinfra
from testinfra.backend.base import BaseBackend
from testinfra.host import Host

from rigwright.spec.connection import Connection
from rigwright.spec.rig import Rig

CONNECT_S = 10
ANSWER_S = 60
"""How long the first command may take, name look-up and key exchange included."""


class Unreachable(Exception):
    """The host cannot be asked anything, and why."""


@dataclass
class Target:
    """One host under proof."""

    rig: Rig
    connection: Connection
    spec: str | None = None
    """testinfra's way to another machine than the declared one (``ssh://…``, ``docker://…``), from --hosts."""
    ssh_config: str | None = None
    ssh_identity_file: str | None = None
    trouble: str | None = None
    """Why nothing (more) can be asked of it."""
    _folder: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)
    _host: Host | None = field(default=None, repr=False)

    @property
    def host(self) -> Host:
        """testinfra's host, connected. Raises RuntimeError before `connect`."""
        if self._host is None:
            raise RuntimeError(f"{self.rig.name} is not connected")
        return self._host

    def connect(self) -> None:
        """Open the one connection that all of testinfra's commands go through. Raises `Unreachable`."""
        sudo = self.connection.becomes_root
        if self.spec is not None and not self.spec.startswith("ssh://"):
            self._host = testinfra.get_host(self.spec)
            return
        wanted = self._wanted()
        # A socket's path may have 107 bytes; TMPDIR can be longer than that on its own.
        self._folder = tempfile.TemporaryDirectory(prefix="rig-", dir="/tmp")
        config = Path(self._folder.name) / "ssh_config"
        config.write_text(ssh_config(wanted, Path(self._folder.name) / "control"))
        self._require_root(config, wanted["HostName"], sudo)
        name = wanted["HostName"]
        self._host = testinfra.get_host(
            f"ssh://[{name}]" if ":" in name else f"ssh://{name}", ssh_config=str(config), sudo=sudo
        )

    def is_lost(self) -> bool:
        """Whether the connection has gone."""
        return self._folder is not None and self._control("check") != 0

    def close(self) -> None:
        """End the connection."""
        if self._folder is not None:
            self._control("exit")
            self._folder.cleanup()
            self._folder = None

    def _wanted(self) -> dict[str, str]:
        connection = self.connection
        host = BaseBackend.parse_hostspec(self.spec.removeprefix("ssh://")) if self.spec else None
        include = self.ssh_config or connection.ssh_config_file or "~/.ssh/config"
        wanted = {
            "HostName": host.name if host else connection.ssh_hostname or self.rig.name,
            "User": (host.user if host else None) or connection.ssh_user,
            "Port": (host.port if host else None) or str(connection.ssh_port or ""),
            "StrictHostKeyChecking": connection.ssh_strict_host_key_checking,
            "UserKnownHostsFile": connection.ssh_known_hosts_file or "",
            "IdentityFile": self.ssh_identity_file or connection.ssh_key or "",
            "Include": include if Path(include).expanduser().exists() else "",
        }
        return {name: value for name, value in wanted.items() if value}

    def _require_root(self, config: Path, name: str, sudo: bool) -> None:
        command = ["ssh", "-F", str(config), name, "sudo -n id -u" if sudo else "id -u"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=ANSWER_S, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError:
            raise Unreachable("the program ssh is not installed here (Debian package openssh-client)") from None
        except subprocess.TimeoutExpired:
            raise Unreachable(f"{name} did not answer in {ANSWER_S} s") from None
        said = " ".join(_telling(done.stderr))
        if done.returncode == 255:
            raise Unreachable(f"no connection to {name}: {said or 'ssh said nothing'}")
        if done.stdout.strip() != "0":
            raise Unreachable(
                f"the proof needs root's rights on {name}, by login or by sudo without a password: {said}"
            )

    def _control(self, command: str) -> int:
        assert self._folder is not None
        config = Path(self._folder.name) / "ssh_config"
        done = subprocess.run(
            ["ssh", "-F", str(config), "-O", command, self._wanted()["HostName"]], capture_output=True, check=False
        )
        return done.returncode


def _telling(stderr: str) -> Iterator[str]:
    """What ssh said, its page about a changed host key cut down to what one needs to know."""
    lines = [line.strip("@ \r") for line in stderr.splitlines() if line.strip("@ \r")]
    if not any("IDENTIFICATION HAS CHANGED" in line for line in lines):
        yield from lines
        return
    shown = next((word.rstrip(".") for line in lines for word in line.split() if word.startswith("SHA256:")), "another")
    yield f"the host key has CHANGED: it shows {shown}."
    yield "Either the machine was reinstalled, or somebody stands in between. If it was reinstalled:"
    yield from (line for line in lines if line.startswith("ssh-keygen"))


def ssh_config(wanted: Mapping[str, str], control: Path) -> str:
    """OpenSSH's configuration for one host: what was declared first, then whatever the user's own says besides."""
    options = {
        **{name: value for name, value in wanted.items() if name not in ("HostName", "Include")},
        **({"IdentitiesOnly": "yes"} if "IdentityFile" in wanted else {}),
        "BatchMode": "yes",
        "ConnectTimeout": str(CONNECT_S),
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "3",
        "ControlMaster": "auto",
        "ControlPath": str(control),
        "ControlPersist": "60",
    }
    lines = ["Host *", *(f"    {name} {_quoted(value)}" for name, value in options.items())]
    if "Include" in wanted:
        lines.append(f"Include {_quoted(wanted['Include'])}")
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value
