"""The second connection that proves a change: as the first, but for the port."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pyinfra.api import Config, Inventory, State
from pyinfra.connectors.ssh import SSHConnector

from rigwright.engine import reconnect

DATA = {"ssh_hostname": "10.0.0.7", "ssh_user": "admin", "ssh_known_hosts_file": "/known", "ssh_port": 22}


class _Client:
    """What is asked of the connection in use."""

    def __init__(self, ssh_config: dict[str, Any] | None = None) -> None:
        self._ssh_config = ssh_config or {}

    def get_transport(self) -> Any:
        key = SimpleNamespace(get_name=lambda: "ssh-ed25519", get_base64=lambda: "AAAA")
        return SimpleNamespace(get_remote_server_key=lambda: key)

    def parse_config(self, hostname: str, cfg: Any, ssh_config_file: str | None) -> tuple[str, ...]:
        return ("resolved.example",)

    def close(self) -> None:
        pass


@pytest.fixture
def host() -> Any:
    state = State(Inventory((["bench"], DATA)), Config())
    (found,) = state.inventory
    found.connector.client = _Client()
    return found


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the second connection is made with; it succeeds."""
    made: list[dict[str, Any]] = []

    def connect(self: SSHConnector) -> None:
        known_hosts = self.data["ssh_known_hosts_file"]
        text = "" if known_hosts == "/known" else open(known_hosts, encoding="utf-8").read()  # noqa: PTH123, SIM115
        made.append({**self.data, "known": text})

    monkeypatch.setattr(SSHConnector, "connect", connect)
    monkeypatch.setattr(SSHConnector, "run_shell_command", lambda self, command: (True, None))
    return made


def test_the_same_way_in(host: Any, second: list[dict[str, Any]]) -> None:
    reconnect.prove_new_connection(host)
    reconnect.prove_new_connection(host, 22)
    assert [(made["ssh_port"], made["ssh_user"], made["ssh_known_hosts_file"]) for made in second] == [
        (22, "admin", "/known"),
        (22, "admin", "/known"),
    ]


def test_under_a_new_port_the_key_must_be_the_one_that_was_checked(host: Any, second: list[dict[str, Any]]) -> None:
    reconnect.prove_new_connection(host, 2222)
    assert second[0]["ssh_port"] == 2222
    assert second[0]["known"] == "[10.0.0.7]:2222 ssh-ed25519 AAAA\n[resolved.example]:2222 ssh-ed25519 AAAA\n"
    assert host.connector.data["ssh_port"] == 22, "the connection in use stays as it is"


def test_the_port_in_use_may_be_one_that_only_sshs_own_files_name(
    second: list[dict[str, Any]],
) -> None:
    state = State(Inventory((["bench"], {name: value for name, value in DATA.items() if name != "ssh_port"})), Config())
    (host,) = state.inventory
    assert isinstance(host.connector, SSHConnector)
    host.connector.client = _Client({"port": 2222})  # type: ignore[assignment]
    reconnect.prove_new_connection(host, 2222)
    reconnect.prove_new_connection(host, 22)
    assert [made["ssh_port"] for made in second] == [None, 22], "22 is another port than the one in use"


def test_who_comes_in(host: Any) -> None:
    assert reconnect.login_user(host) == "admin"
    state = State(Inventory((["@local"], {})), Config())
    (local,) = state.inventory
    assert reconnect.login_user(local) is None
    reconnect.prove_new_connection(local, 22)
