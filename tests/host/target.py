"""The hosts under proof: their declarations, and one multiplexed SSH connection to each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import testinfra
from testinfra.backend.base import BaseBackend
from testinfra.host import Host

from rigwright.choice.access import OtherPort, other_port
from rigwright.spec.connection import Connection
from rigwright.spec.rig import Rig
from tests.host import ssh

Ask = Callable[[Mapping[str, str]], ssh.Done]


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
    sudo: bool = False
    """Become root by sudo, whoever comes in. Who does not come in as root does so anyway."""
    trouble: str | None = None
    """Why nothing (more) can be asked of it."""
    remark: str | None = None
    """What is to be said of the way in: that it is not the declared one."""
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
        if self.spec is not None and not self.spec.startswith("ssh://"):
            self._host = testinfra.get_host(self.spec, sudo=self.sudo)
            return
        # A socket's path may have 107 bytes; TMPDIR can be longer than that on its own.
        self._folder = tempfile.TemporaryDirectory(prefix="rig-", dir="/tmp")
        wanted = self.wanted()
        name = wanted["HostName"]
        try:
            sudo = self._enter(wanted)
        except ssh.NoAnswer as error:
            raise Unreachable(f"no connection to {name}: {error}") from None
        self._host = testinfra.get_host(
            f"ssh://[{name}]" if ":" in name else f"ssh://{name}", ssh_config=str(self._config), sudo=sudo
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

    def wanted(self) -> dict[str, str]:
        """What ssh is told about this host, before anything that its own configuration says.

        A file that is given for this very run knows the machine better than the defaults of the declaration do.
        """
        connection = self.connection
        host = BaseBackend.parse_hostspec(self.spec.removeprefix("ssh://")) if self.spec else None
        known = set(Connection.model_fields) if self.ssh_config is None else connection.model_fields_set
        declared = {name: value for name in known if (value := getattr(connection, name)) is not None}
        include = Path(self.ssh_config or connection.ssh_config_file or "~/.ssh/config").expanduser().resolve()
        wanted = {
            "HostName": host.name if host else connection.ssh_hostname or self.rig.name,
            "User": (host.user if host else None) or declared.get("ssh_user"),
            "Port": (host.port if host else None) or declared.get("ssh_port"),
            "StrictHostKeyChecking": declared.get("ssh_strict_host_key_checking"),
            "UserKnownHostsFile": connection.ssh_known_hosts_file,
            "IdentityFile": self.ssh_identity_file or connection.ssh_key,
            "Include": include if include.exists() else None,  # ssh would look for a relative one in ~/.ssh
        }
        return {name: str(value) for name, value in wanted.items() if value}

    def _enter(self, wanted: Mapping[str, str]) -> bool:
        """Connect as root, or as somebody who can become root; whether that is by sudo."""
        name = wanted["HostName"]
        self._config.write_text(ssh.configuration(wanted, self._control_path))
        found = ssh.settings(self._config, name)
        declared = self.connection.sudo if self.spec is None else None
        sudo = self.sudo or (found["user"] != "root" if declared is None else declared)

        def ask(options: Mapping[str, str]) -> ssh.Done:
            self._config.write_text(ssh.configuration(options, self._control_path))
            return ssh.run(self._config, name, "sudo -n id -u" if sudo else "id -u")

        done, note = self._connected(wanted, found, ask)
        said = " ".join(ssh.said(done))
        if done.returncode == 255:
            raise Unreachable("; ".join(filter(None, [f"no connection to {name}: {said or 'ssh said nothing'}", note])))
        if done.stdout.strip() != "0":
            raise Unreachable(
                f"the proof needs root's rights on {name}, by login or by sudo without a password: {said}"
            )
        return sudo

    def _connected(self, wanted: Mapping[str, str], found: Mapping[str, str], ask: Ask) -> tuple[ssh.Done, str | None]:
        """What ssh said at the end, and what else there is to say when it failed.

        As `rigwright.engine.way_in` does it: where nobody listens at the declared port, the other one that sshd may be
        on is tried; the key that is known for the host under one of the two is taken under the other.
        """
        done = ask(wanted)
        other = other_port(int(found["port"]), self.rig.access)
        if other is None:
            return done, None
        strict = {**wanted, "StrictHostKeyChecking": "yes"}
        if ssh.is_closed(done):
            return self._by_other_port({**strict, "Port": str(other.port)}, found, ask, done, other)
        if ssh.shows_unknown_key(done):
            again = ask({**strict, "HostKeyAlias": ssh.known_as({**found, "port": str(other.port)})})
            return (done if ssh.shows_wrong_key(again) else again), None
        return done, None

    def _by_other_port(
        self, strict: Mapping[str, str], found: Mapping[str, str], ask: Ask, closed: ssh.Done, other: OtherPort
    ) -> tuple[ssh.Done, str | None]:
        done = ask({**strict, "HostKeyAlias": ssh.known_as(found)})
        if ssh.shows_unknown_key(done) and not other.may_be_forwarded:
            done = ask(strict)
        if ssh.is_closed(done):
            return closed, f"neither to port {other.port}, {other.why}"
        if ssh.shows_wrong_key(done):
            return closed, (
                f"port {other.port}, {other.why}, is open, but shows a host key that is not known to be this host's: "
                f"if it is, declare ssh_port = {other.port} and make the key known under that port"
            )
        self.remark = other.remark(int(found["port"]), waited=ssh.says_nothing(closed))
        return done, None

    @property
    def _config(self) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / "ssh_config"

    @property
    def _control_path(self) -> Path:
        return self._config.with_name("control")

    def _control(self, command: str) -> int:
        try:
            return ssh.run(self._config, "-O", command, self.wanted()["HostName"]).returncode
        except ssh.NoAnswer:
            return 255
