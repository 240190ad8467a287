"""Whether one would still get in: a second, new connection beside the one in use."""

from __future__ import annotations

from pyinfra.api import StringCommand
from pyinfra.api.host import Host
from pyinfra.connectors.ssh import SSHConnector

from rigwright.engine.ledger import ledger_of
from rigwright.engine.ssh import CannotConnect
from rigwright.engine.way_in import known_by, moved


def arrives_by_ssh(host: Host) -> bool:
    """Whether the host is reached through its sshd."""
    return issubclass(host.connector_cls, SSHConnector)


def login_user(host: Host) -> str | None:
    """The user whom the connection logs in as; None where it does not go through sshd."""
    return str(host.data.get("ssh_user") or "root") if arrives_by_ssh(host) else None


def prove_new_connection(host: Host, port: int | None = None) -> None:
    """Log in once more, as before, and run a command. Raises `CannotConnect` when that is no longer possible.

    ``port``: sshd's port to try, None: the one in use. The host has to show the key that the present connection has
    checked. By a port that is proven so the host is reached from then on, and the proving connection is the one in use.
    """
    if not arrives_by_ssh(host):
        return
    way_in = ledger_of(host).way_in
    assert way_in is not None, "no connection"
    second = SSHConnector(host.state, host)
    wanted = port or way_in.port
    try:
        with known_by(second, wanted, [way_in.key]):
            second.connect()
            status, output = second.run_shell_command(StringCommand("true"))
        if not status:
            raise CannotConnect("authentication", f"a login on {host.name} runs no command: {output.stderr}")
        if wanted != way_in.port:
            assert isinstance(host.connector, SSHConnector)
            moved(host.connector, second)
    finally:
        if second.client is not None and second.client is not host.connector.client:  # type: ignore[attr-defined]
            second.client.close()


def has_moved(host: Host) -> bool:
    """Whether the host's sshd has been moved to another port in this run, and we came in by that."""
    way_in = ledger_of(host).way_in
    return way_in is not None and way_in.moved
