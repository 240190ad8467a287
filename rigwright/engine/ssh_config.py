"""ssh's own configuration as pyinfra reads it: with errors that name the file, and never over a port that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any

from paramiko import SSHException
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.connectors.sshuserclient import client as user_client
from pyinfra.connectors.sshuserclient.config import SSHConfig

from rigwright.engine.contract import PyinfraChanged, replace

USERS_OWN = "~/.ssh/config"
_NUMBERS = {"port": "Port", "serveraliveinterval": "ServerAliveInterval"}
"""What pyinfra takes for a number without looking."""

_wanted_port: ContextVar[tuple[str, int] | None] = ContextVar("wanted_port", default=None)
"""The host whose configuration is being read, and the port that it is to be reached at whatever that says."""


class UnusableConfig(SSHException):
    """ssh's configuration cannot be read, or cannot be understood; which file, and why."""


def settings(connector: SSHConnector) -> dict[str, Any]:
    """What ssh's configuration says of the host, by lower-case keyword. Raises `UnusableConfig`."""
    file = connector.data["ssh_config_file"]
    try:
        config = user_client.get_ssh_config(file)
        found = dict(config.lookup(connector.data["ssh_hostname"] or connector.host.name)) if config else {}
    except Exception as error:  # the very class: pyinfra raises it for files that include each other
        raise UnusableConfig(f"{getattr(error, 'filename', None) or file or USERS_OWN}: {_said(error)}") from error
    for name, keyword in _NUMBERS.items():
        if not str(found.get(name, 0)).isdigit():
            raise UnusableConfig(f"{file or USERS_OWN}: {keyword} {found[name]}: expected a whole number")
    return found


def user_of(host: str) -> str | None:
    """The login user that ssh's own configuration names for a host; None: none. Raises `UnusableConfig`."""
    try:
        config = user_client.get_ssh_config(str(Path(USERS_OWN).expanduser()))
        found = config.lookup(host).get("user") if config else None
    except Exception as error:  # as in `settings`
        raise UnusableConfig(f"{getattr(error, 'filename', None) or USERS_OWN}: {_said(error)}") from error
    return None if found is None else str(found)


def install() -> None:
    """Have a port that is wanted go before the one in ssh's configuration, through jump hosts too. To be called once.

    pyinfra prefers the configuration's when it makes the way through ProxyJump or ProxyCommand.
    """
    replace(
        user_client.SSHClient,
        "parse_config",
        ["self", "hostname", "initial_cfg", "ssh_config_file", "strict_host_key_checking"],
        _knowing_the_wanted_port,
    )
    replace(user_client, "get_ssh_config", ["user_config_file"], _with_the_wanted_port)


def _knowing_the_wanted_port(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def parse_config(
        self: Any, hostname: str, initial_cfg: Mapping[str, Any] | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        port = (initial_cfg or {}).get("port")
        before = _wanted_port.set((hostname, port) if port else None)
        try:
            return original(self, hostname, initial_cfg, *args, **kwargs)
        finally:
            _wanted_port.reset(before)

    return parse_config


def _with_the_wanted_port(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def get_ssh_config(user_config_file: str | None = None) -> Any:
        config, wanted = original(user_config_file), _wanted_port.get()
        return config if config is None or wanted is None else _at_port(config, *wanted)

    return get_ssh_config


def _at_port(config: SSHConfig, hostname: str, port: int) -> SSHConfig:
    """The configuration with the port before everything else that it says of the host: the first value counts."""
    if not isinstance(getattr(config, "_config", None), list):
        raise PyinfraChanged("paramiko's SSHConfig no longer keeps its parts in a list")
    found = SSHConfig()
    vars(found)["_config"] = [{"host": [hostname], "config": {"port": str(port)}}, *vars(config)["_config"]]
    return found


def _said(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 text ({error.reason}: {error.object[error.start : error.end]!r})"
    if isinstance(error, OSError):
        return str(error.strerror or error).lower()
    return str(error) or type(error).__name__
