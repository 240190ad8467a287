"""Whether one would still get in: a second, new connection beside the one in use."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pyinfra.api import StringCommand
from pyinfra.api.host import Host
from pyinfra.connectors.ssh import SSHConnector

from rigwright.engine.ssh import DEFAULT_PORT, CannotConnect, port_of


def arrives_by_ssh(host: Host) -> bool:
    """Whether the host is reached through its sshd."""
    return issubclass(host.connector_cls, SSHConnector)


def login_user(host: Host) -> str | None:
    """The user whom the connection logs in as; None where it does not go through sshd."""
    return str(host.data.get("ssh_user") or "root") if arrives_by_ssh(host) else None


def prove_new_connection(host: Host, port: int | None = None) -> None:
    """Log in once more, as before, and run a command. Raises `CannotConnect` when that is no longer possible.

    ``port``: sshd's port to try, None: the one in use. Under a new port a host's key is not known by name; it has to be
    the key that the present connection has checked.
    """
    if not arrives_by_ssh(host):
        return
    present = host.connector
    assert isinstance(present, SSHConnector)
    second = SSHConnector(host.state, host)
    with tempfile.TemporaryDirectory() as folder:
        if port is not None and port != port_of(present):
            known_hosts = Path(folder) / "known_hosts"
            known_hosts.write_text(_known_hosts(present, port))
            second.data["ssh_port"] = port
            second.data["ssh_known_hosts_file"] = str(known_hosts)
        try:
            second.connect()
            status, output = second.run_shell_command(StringCommand("true"))
            if not status:
                raise CannotConnect("authentication", f"a login on {host.name} runs no command: {output.stderr}")
        finally:
            if second.client is not None:
                second.client.close()


def _known_hosts(present: SSHConnector, port: int) -> str:
    """Known_hosts lines that hold the key of the connection in use under every name that a new one could ask for."""
    assert present.client is not None, "no connection"
    transport = present.client.get_transport()
    assert transport is not None, "no connection"
    key = transport.get_remote_server_key()
    given = present.data["ssh_hostname"] or present.host.name
    resolved = present.client.parse_config(given, {}, ssh_config_file=present.data["ssh_config_file"])[0]
    names = {f"[{name}]:{port}" if port != DEFAULT_PORT else name for name in (given, resolved)}
    return "".join(f"{name} {key.get_name()} {key.get_base64()}\n" for name in sorted(names))
