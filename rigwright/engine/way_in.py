"""The way in to a host: the declared port, or else the one that its sshd listens on before it is moved, or after.

The first connection of a run finds the way in; from then on the host is known by that port and by the key that it
showed there, until sshd is moved and the new port is proven.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paramiko import BadHostKeyException, ChannelException, PKey
from paramiko.ssh_exception import NoValidConnectionsError
from pyinfra import logger
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.ssh import SSHConnector

from rigwright.choice.access import SSH_PORT, OtherPort, other_port
from rigwright.engine.host_key import UnknownHostKey, fingerprint
from rigwright.engine.known_hosts import Papers
from rigwright.engine.ledger import ledger_of
from rigwright.engine.ssh_config import settings
from rigwright.spec.load import DeclarationError, NoProjectError, NoSuchHostError, rig_of

Connect = Callable[[SSHConnector], None]

CLOSED = (NoValidConnectionsError, TimeoutError, ChannelException)
"""What comes of a port at which nobody listens, as seen from here or from a jump host."""


@dataclass(frozen=True)
class WayIn:
    """A port at which a host has been met, and the key that it showed there."""

    port: int
    key: PKey
    remark: str | None = None
    """What is to be said of the first one: that it is not the declared one."""
    moved: bool = False
    """Whether sshd has been moved to it in this run."""


def enter(connector: SSHConnector, connect: Connect) -> None:
    """Connect: where the host has been met in this run, or else by the declared way in, or else by the other port.

    The key that is known for the host under one of the two ports is taken under the other, and no key besides. A
    connector that is not the host's own is there to prove one port, and tries no other. Raises what ``connect`` raises;
    where the other port was of no use either, a note on it says why. Raises `UnusableConfig`.
    """
    ledger = ledger_of(connector.host)
    settings(connector)  # pyinfra would read them in the middle of connecting, and say less of what is wrong
    if connector is not connector.host.connector:
        connect(connector)
        return
    connect = _by_any_known_key(connect)
    if ledger.way_in is not None:
        with known_by(connector, ledger.way_in.port, [ledger.way_in.key]):
            connect(connector)
        return
    connector.data["ssh_port"] = connector.host.data.get("ssh_port")
    remark = None
    error = _failure(connector, connect, *CLOSED, UnknownHostKey)
    if error is not None:
        remark = _enter_otherwise(connector, connect, error)
    if remark is not None:
        logger.warning(f"{connector.host.print_prefix}{remark}")
    ledger.way_in, ledger.strange_at = WayIn(port_of(connector), _shown(connector), remark), None


def moved(connector: SSHConnector, proof: SSHConnector) -> None:
    """From now on the host is met where ``proof`` has met it: its sshd has been moved there.

    The connection that proves it is the one that is used from here on: the host's rules and settings are judged by the
    port that its user came in by.
    """
    ledger = ledger_of(connector.host)
    assert ledger.way_in is not None, "no connection"
    port = port_of(proof)
    connector.disconnect()  # pyinfra keeps a channel for files on the old one
    old, connector.client = connector.client, proof.client
    if old is not None:
        old.close()
    connector.data["ssh_port"] = port
    ledger.way_in = replace(ledger.way_in, port=port, moved=True)


@contextmanager
def known_by(connector: SSHConnector, port: int, keys: Iterable[PKey]) -> Iterator[None]:
    """Let the connector go to this port, and take no host key but these there."""
    files = ("ssh_known_hosts_file", "ssh_strict_host_key_checking")
    before: dict[str, Any] = {name: connector.data[name] for name in files}  # type: ignore[literal-required]
    with tempfile.TemporaryDirectory(prefix="rig-") as folder:
        known_hosts = Path(folder) / "known_hosts"
        name = _known_as(connector, port)
        known_hosts.write_text("".join(f"{name} {key.get_name()} {key.get_base64()}\n" for key in keys))
        connector.data["ssh_port"] = port
        connector.data["ssh_known_hosts_file"] = str(known_hosts)
        connector.data["ssh_strict_host_key_checking"] = "yes"
        try:
            yield
        finally:
            connector.data.update(before)  # type: ignore[typeddict-item]


def port_of(connector: SSHConnector) -> int:
    """The port that the connector goes to: its own, or the one in ssh's configuration."""
    return int(connector.data["ssh_port"] or settings(connector).get("port") or SSH_PORT)


def papers(connector: SSHConnector, *ports: int) -> Papers:
    """What the host is known by: under the declared port, under these, and under its other one if that is surely its.

    Raises `UnusableConfig`.
    """
    first = int(connector.host.data.get("ssh_port") or settings(connector).get("port") or SSH_PORT)
    other = _other_port(connector, first)
    called = [_known_as(connector, port) for port in (first, *ports)]
    files = _known_files(connector)
    if other is not None and not other.may_be_forwarded:
        more = _known_as(connector, other.port)
        if Papers((more,), files).keys:
            called.append(more)
    return Papers(tuple(dict.fromkeys(called)), files)


def _by_any_known_key(connect: Connect) -> Connect:
    """As ``connect``, by any of the keys that known_hosts holds.

    paramiko knows but the first of each kind, and nothing below a line that it does not understand (@cert-authority).
    There are several of a kind while a backup puts a host's old keys back in place of new ones. The port at which an
    unknown one was shown stands in the ledger.
    """

    def entering(connector: SSHConnector) -> None:
        try:
            connect(connector)
        except Exception as error:
            cause = cause_of(error)
            if not isinstance(cause, UnknownHostKey | BadHostKeyException):
                raise
            port = port_of(connector)
            if not is_of(connector, port, cause):
                raise
            if cause.key not in _known_keys(connector, port):
                ledger_of(connector.host).strange_at = port
                raise
            with known_by(connector, port, [cause.key]):
                connect(connector)

    return entering


def is_of(connector: SSHConnector, port: int, trouble: UnknownHostKey | BadHostKeyException) -> bool:
    """Whether it is the host itself whose key is not taken, and not a jump host on the way."""
    return trouble.hostname == _known_as(connector, port)


def _enter_otherwise(connector: SSHConnector, connect: Connect, failed: Exception) -> str | None:
    """Connect by the other port, or by the key that is known under the other port; what is to be said of that.

    Raises ``failed``, why the declared way in was of no use, where there is nothing else.
    """
    first = port_of(connector)
    other = _other_port(connector, first)
    if other is None:
        raise failed
    known, known_otherwise = _known_keys(connector, first), _known_keys(connector, other.port)
    if not isinstance(cause_of(failed), UnknownHostKey):
        if other.may_be_forwarded:
            known_otherwise = []
        return _enter_by_other_port(connector, connect, failed, other, known or known_otherwise)
    if not known_otherwise:
        raise failed
    with known_by(connector, first, known_otherwise):
        if _failure(connector, connect, UnknownHostKey, BadHostKeyException):
            raise failed
    return None


def _enter_by_other_port(
    connector: SSHConnector, connect: Connect, closed: Exception, other: OtherPort, keys: list[PKey]
) -> str:
    first = port_of(connector)
    with known_by(connector, other.port, keys):
        error = _failure(connector, connect, *CLOSED, UnknownHostKey, BadHostKeyException)
    if error is None:
        return other.remark(first, waited=isinstance(cause_of(closed), TimeoutError))
    connector.data["ssh_port"] = first
    cause = cause_of(error)
    if isinstance(cause, UnknownHostKey | BadHostKeyException):
        closed.add_note(
            f"port {other.port}, {other.why}, is open, but shows a host key that is not known to be this host's "
            f"({fingerprint(cause.key)}), and is not taken: "
            f"if it is, declare ssh_port = {other.port} and make the key known under that port"
        )
    else:
        closed.add_note(f"neither to port {other.port}, {other.why}")
    raise closed


def _other_port(connector: SSHConnector, first: int) -> OtherPort | None:
    host: Any = connector.host
    try:
        return other_port(first, rig_of(host).access)
    except (DeclarationError, NoProjectError, NoSuchHostError):
        return None  # pyinfra may be used on hosts that nothing, or nothing sound, is declared for


def _failure(connector: SSHConnector, connect: Connect, *kinds: type[Exception]) -> Exception | None:
    """Connect; what went wrong, if that is one of these. Raises every other error."""
    try:
        connect(connector)
    except Exception as error:
        if not isinstance(cause_of(error), kinds):
            raise
        return error
    return None


def cause_of(error: BaseException) -> BaseException:
    """What an error of `SSHConnector.connect` comes from: pyinfra raises ConnectError while handling that."""
    return error.__context__ if isinstance(error, ConnectError) and error.__context__ else error


def _shown(connector: SSHConnector) -> PKey:
    transport = connector.client.get_transport() if connector.client else None
    assert transport is not None, "no connection"
    return transport.get_remote_server_key()


def _known_keys(connector: SSHConnector, port: int) -> list[PKey]:
    """The keys that known_hosts holds for the host under this port."""
    return Papers((_known_as(connector, port),), _known_files(connector)).keys


def _known_files(connector: SSHConnector) -> tuple[Path, ...]:
    declared = connector.data["ssh_known_hosts_file"]
    files = [declared] if declared else settings(connector).get("userknownhostsfile", "~/.ssh/known_hosts").split()
    return tuple(Path(file).expanduser() for file in files)


def _known_as(connector: SSHConnector, port: int) -> str:
    """The host's name in known_hosts."""
    given = connector.data["ssh_hostname"] or connector.host.name
    name = settings(connector).get("hostname", given)
    return name if port == SSH_PORT else f"[{name}]:{port}"
