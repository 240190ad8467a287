"""SSH as the engine wants it: prompt, never hanging, strict about host keys, with errors that say what to do."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from functools import wraps
from getpass import getpass
from socket import gaierror
from typing import Any, Literal, NoReturn

import paramiko
from paramiko import AuthenticationException, BadHostKeyException, PKey, SSHException
from paramiko.ssh_exception import NoValidConnectionsError
from pyinfra.api import StringCommand
from pyinfra.api.exceptions import ConnectError, PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.state import State
from pyinfra.connectors import ssh_util, util
from pyinfra.connectors.local import LocalConnector
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.connectors.sshuserclient import client as user_client

from rigwright.choice.access import SSH_PORT
from rigwright.engine import ssh_config
from rigwright.engine.contract import PyinfraChanged, replace
from rigwright.engine.host_key import UnknownHostKey, fingerprint
from rigwright.engine.way_in import cause_of, enter, port_of
from rigwright.spec.connection import Connection

KEEPALIVE_S = 15
"""How often something is sent on a silent connection, so that a dead one is noticed and no firewall forgets it."""

SILENCE_S = 45
"""How long the other side may leave what was sent unacknowledged before the connection counts as lost."""

Trouble = Literal["unreachable", "host key", "authentication", "not root"]


class CannotConnect(ConnectError):
    """A host that cannot be used, in the words for whoever has to put it right."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble = trouble


class ConnectionLost(SSHException):
    """The connection went away under a command; what the command did, or still does, is not known."""


class CommandNotStarted(SSHException):
    """The SSH server would not run a command, though the connection stands."""


def install() -> None:
    """Change pyinfra's connections. To be called once."""
    replace(Host, "init", ["self", "state"], _with_declared_connection)
    replace(paramiko.Transport, "__init__", ["self", "sock", "..."], _prompt_and_watched)
    replace(
        user_client.SSHClient,
        "parse_config",
        ["self", "hostname", "initial_cfg", "ssh_config_file", "strict_host_key_checking"],
        _kept_alive,
    )
    ssh_config.install()
    replace(user_client.StrictPolicy, "missing_host_key", ["self", "client", "hostname", "key"], _strict)
    replace(SSHConnector, "connect", ["self"], _connected_as_root)
    replace(LocalConnector, "connect", ["self"], _connected_as_root)
    replace(
        SSHConnector,
        "run_shell_command",
        ["self", "command", "print_output", "print_input", "arguments"],
        _noticing_loss,
    )
    for module in (util, ssh_util):
        replace(module, "getpass", ["prompt", "stream"], _only_at_a_terminal)
    replace(util, "read_buffer", ["name", "io", "output_queue", "print_output", "print_func"], _forgiving)


def _with_declared_connection(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: Host, state: State) -> None:
        if self.connector_cls is SSHConnector:
            for name in ("ssh_user", "ssh_strict_host_key_checking"):
                if self.data.get(name) is None:
                    setattr(self.data, name, Connection.model_fields[name].default)
            if self.data.get("_sudo") is None and self.data.ssh_user != "root":
                setattr(self.data, "_sudo", True)  # noqa: B010  (pyinfra's own spelling of "set data")
        original(self, state)

    return init


def _prompt_and_watched(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: paramiko.Transport, sock: Any, *args: Any, **kwargs: Any) -> None:
        # A jump host's channel and a ProxyCommand's pipe are no sockets, and have no such options.
        if isinstance(sock, socket.socket) and sock.family in (socket.AF_INET, socket.AF_INET6):
            # Without it every command waits about 40 ms for a delayed acknowledgement.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in (
                ("TCP_KEEPIDLE", KEEPALIVE_S),
                ("TCP_KEEPINTVL", KEEPALIVE_S),
                ("TCP_KEEPCNT", SILENCE_S // KEEPALIVE_S),
                ("TCP_USER_TIMEOUT", SILENCE_S * 1000),
            ):
                if hasattr(socket, option):  # not on every system that may run `rig`
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        original(self, sock, *args, **kwargs)

    return init


def _kept_alive(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def parse_config(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = list(original(self, *args, **kwargs))
        if len(found) != 7 or not isinstance(found[5], int):
            raise PyinfraChanged("SSHClient.parse_config no longer returns its keepalive interval as sixth of seven")
        found[5] = found[5] or KEEPALIVE_S
        return tuple(found)

    return parse_config


def _strict(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def missing_host_key(self: Any, client: Any, hostname: str, key: PKey) -> NoReturn:
        raise UnknownHostKey(hostname, key)

    return missing_host_key


def _connected_as_root(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def connect(self: Any) -> None:
        try:
            if isinstance(self, SSHConnector):
                enter(self, original)
            else:
                original(self)
            _require_root(self)
        except CannotConnect:
            raise
        except Exception as error:
            raise _explained(self, error) from error

    return connect


def _explained(connector: Any, error: Exception) -> CannotConnect:
    """The error of a connector's `connect`, told by its cause."""
    cause = cause_of(error)
    data = connector.host.data
    name = data.get("ssh_hostname") or connector.host.name
    if isinstance(cause, ssh_config.UnusableConfig):
        return CannotConnect("unreachable", f"no connection to {name}: ssh's configuration is of no use: {cause}")
    port = _port_of(connector)
    at = name if port == 22 else f"[{name}]:{port}"
    known_hosts = data.get("ssh_known_hosts_file") or "~/.ssh/known_hosts"
    if isinstance(cause, BadHostKeyException):
        return CannotConnect(
            "host key",
            f"the host key of {at} has CHANGED: it shows {fingerprint(cause.key)}, {known_hosts} holds "
            f"{fingerprint(cause.expected_key)}. Either the machine was reinstalled, or somebody stands in between. "
            f"If it was reinstalled: `rig rebuild {connector.host.name}` takes the new key once it is vouched for; or: "
            f"ssh-keygen -f {known_hosts} -R '{at}', then make the new key known",
        )
    if isinstance(cause, UnknownHostKey):
        scan = f"ssh-keyscan {'' if port == 22 else f'-p {port} '}{name} >> {known_hosts}"
        return CannotConnect(
            "host key",
            f"the host key of {at} is not known: it shows {fingerprint(cause.key)}, {known_hosts} holds none for it. "
            "Compare that with what the machine itself says (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub and its "
            f"like), then: {scan}; or declare ssh_strict_host_key_checking = 'accept-new'",
        )
    user = data.get("ssh_user")
    if isinstance(cause, AuthenticationException):
        offered = f"the key {data.get('ssh_key')}" if data.get("ssh_key") else "the agent's keys and those in ~/.ssh"
        return CannotConnect("authentication", f"{at} does not let {user} in with {offered} ({cause})")
    if isinstance(cause, PyinfraError):  # of the private key: missing, encrypted, of an unknown kind
        return CannotConnect("authentication", f"cannot log in to {at}: {cause}")
    return CannotConnect("unreachable", "; ".join([f"no connection to {at}: {_said(cause)}", *_notes(error)]))


def _port_of(connector: Any) -> int:
    if not isinstance(connector, SSHConnector):
        return SSH_PORT
    try:
        return port_of(connector)
    except ssh_config.UnusableConfig:  # it was of use a moment ago: names are looked up for it
        return SSH_PORT


def _notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])


def _said(error: BaseException) -> str:
    if isinstance(error, gaierror):
        return f"the name has no address ({error.strerror})"
    if isinstance(error, NoValidConnectionsError):
        return ", ".join(dict.fromkeys(_said(each) for each in error.errors.values()))
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, OSError):
        return str(error.strerror or error).lower()
    return f"it does not answer as an SSH server ({error or 'closed at once'})"


def _require_root(connector: Any) -> None:
    """Raise `CannotConnect` unless commands run as root. Root's own login is believed and costs no command."""
    data = connector.host.data
    sudo = bool(data.get("_sudo"))
    user = data.get("ssh_user") or "the user who runs rig"
    if isinstance(connector, SSHConnector) and user == "root" and not sudo:
        return
    try:
        status, output = connector.run_shell_command(StringCommand("id", "-u"), _sudo=sudo)
        said = " ".join((output.stderr_lines or output.stdout_lines)[-1:])
    except PyinfraError as error:
        status, said = False, str(error)
    if status and said == "0":
        return
    name = connector.host.name
    if not sudo:
        text = f"{user} is not root on {name}, and _sudo is off: log in as root, or let {user} use sudo"
    elif "sudo: not found" in said or "sudo: command not found" in said:
        text = f"sudo is not installed on {name}: log in as root, or install sudo there"
    else:
        text = (
            f"{user} may not become root by sudo on {name} (it said: {said or 'nothing'}): log in as root, or allow it "
            f"there: echo '{user} ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/{user}"
        )
    raise CannotConnect("not root", text)


def _noticing_loss(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def run_shell_command(self: SSHConnector, command: StringCommand, *args: Any, **kwargs: Any) -> Any:
        try:
            status, output = original(self, command, *args, **kwargs)
        except TimeoutError as error:
            if error.errno is None:  # pyinfra's own, for _timeout; the socket's carries a number
                raise
            raise ConnectionLost(_loss(self, str(error))) from error
        except (EOFError, OSError, SSHException) as error:
            said = str(error) or type(error).__name__
            if _alive(self):
                raise CommandNotStarted(
                    f"the SSH server of {self.host.name} would not run a command: {said}"
                ) from error
            raise ConnectionLost(_loss(self, said)) from error
        if not status and not _alive(self):
            raise ConnectionLost(_loss(self, "closed"))
        return status, output

    return run_shell_command


def _alive(connector: SSHConnector) -> bool:
    transport = connector.client.get_transport() if connector.client else None
    return transport is not None and transport.is_active()


def _loss(connector: SSHConnector, how: str) -> str:
    return f"the connection to {connector.host.name} was lost while a command ran ({how}); running again resumes"


def _only_at_a_terminal(original: Callable[..., str]) -> Callable[..., str]:
    @wraps(getpass)
    def ask(prompt: str = "Password: ", stream: Any = None) -> str:
        if not sys.stdin.isatty():
            raise PyinfraError(f"there is no terminal to ask at: {prompt.strip()}")
        return original(prompt, stream)

    return ask


def _forgiving(original: Callable[..., None]) -> Callable[..., None]:
    """Output that is not UTF-8 becomes U+FFFD there; pyinfra would drop the stream and report success."""

    @wraps(original)
    def read_buffer(name: str, io: Any, output_queue: Any, print_output: bool = False, print_func: Any = None) -> None:
        if isinstance(io, paramiko.BufferedFile):
            vars(io)["_flags"] |= paramiko.BufferedFile.FLAG_BINARY
        lines = (line.decode("utf-8", "replace") if isinstance(line, bytes) else line for line in io)
        original(name, lines, output_queue, print_output=print_output, print_func=print_func)

    return read_buffer
