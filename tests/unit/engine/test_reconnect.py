"""The second connection that proves a change: as the first, but for the port."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from paramiko import ECDSAKey
from pyinfra.api import Config, Inventory, State
from pyinfra.connectors.ssh import SSHConnector

from rigwright.engine import reconnect
from rigwright.engine.ledger import ledger_of
from rigwright.engine.way_in import WayIn

KEY = ECDSAKey.generate()
DATA = {"ssh_hostname": "10.0.0.7", "ssh_user": "admin", "ssh_known_hosts_file": "/known", "ssh_port": 22}
LINE = f"{KEY.get_name()} {KEY.get_base64()}\n"


@pytest.fixture
def host() -> Any:
    state = State(Inventory((["bench"], DATA)), Config())
    (found,) = state.inventory
    ledger_of(found).way_in = WayIn(22, KEY)
    return found


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the second connection is made with; it succeeds."""
    made: list[dict[str, Any]] = []

    def connect(self: SSHConnector) -> None:
        made.append({**self.data, "known": Path(self.data["ssh_known_hosts_file"]).read_text()})

    monkeypatch.setattr(SSHConnector, "connect", connect)
    monkeypatch.setattr(SSHConnector, "run_shell_command", lambda self, command: (True, None))
    return made


def test_the_same_way_in(host: Any, second: list[dict[str, Any]]) -> None:
    reconnect.prove_new_connection(host)
    reconnect.prove_new_connection(host, 22)
    assert [(made["ssh_port"], made["ssh_user"], made["known"]) for made in second] == [
        (22, "admin", f"10.0.0.7 {LINE}"),
        (22, "admin", f"10.0.0.7 {LINE}"),
    ]


def test_under_a_new_port_the_key_must_be_the_one_that_was_checked(host: Any, second: list[dict[str, Any]]) -> None:
    reconnect.prove_new_connection(host, 2222)
    assert second[0]["ssh_port"] == 2222
    assert second[0]["known"] == f"[10.0.0.7]:2222 {LINE}"
    assert second[0]["ssh_strict_host_key_checking"] == "yes"
    assert host.connector.data["ssh_port"] == 2222, "what is proven is the way in from then on"


def test_who_comes_in(host: Any) -> None:
    assert reconnect.login_user(host) == "admin"
    state = State(Inventory((["@local"], {})), Config())
    (local,) = state.inventory
    assert reconnect.login_user(local) is None
    reconnect.prove_new_connection(local, 22)
