"""ssh's configuration: what is wrong with it is told of its host alone, and a wanted port goes before the one in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rigwright.engine.run import Run  # isort: skip  (makes the process cooperative, so it comes first of pyinfra's)
from pyinfra.api import Config, Inventory, State
from pyinfra.connectors.sshuserclient import client as user_client
from pyinfra.context import ctx_config, ctx_inventory, ctx_state

from rigwright.engine import pyinfra_patch
from rigwright.engine.ssh import CannotConnect
from rigwright.spec.connection import Connection
from tests.unit.engine.conftest import PRELUDE


@pytest.fixture(autouse=True)
def _patched(tmp_path: Path) -> None:
    pyinfra_patch.install(tmp_path)


def _unparsable(path: Path) -> str:
    path.write_text("Host bench\n    Port\n")
    return "Unparsable line Port"


def _not_utf8(path: Path) -> str:
    path.write_bytes(b"# caf\xe9\nHost bench\n")
    return r"not UTF-8 text \(invalid continuation byte: b'\\xe9'\)"


def _a_folder(path: Path) -> str:
    path.mkdir()
    return "is a directory"


def _in_a_circle(path: Path) -> str:
    path.write_text(f"Include {path}\n")
    return "Include loop detected in ssh config file"


def _no_number(path: Path) -> str:
    path.write_text("Host bench\n    Port ssh\n")
    return "Port ssh: expected a whole number"


BROKEN = [_unparsable, _not_utf8, _a_folder, _in_a_circle, _no_number]


@pytest.mark.parametrize("spoil", BROKEN, ids=[spoil.__name__.strip("_") for spoil in BROKEN])
def test_a_configuration_of_no_use_is_an_error_that_names_it(spoil: Callable[[Path], str], tmp_path: Path) -> None:
    file = tmp_path / "config"
    why = spoil(file)
    (host,) = State(Inventory(([("bench", {"ssh_config_file": str(file)})], {})), Config()).inventory
    with pytest.raises(CannotConnect, match=f"no connection to bench: ssh's configuration is of no use: {file}: {why}"):
        host.connector.connect()


def test_the_other_hosts_of_the_run_are_done(tmp_path: Path) -> None:
    _unparsable(tmp_path / "config")
    (tmp_path / "deploy.py").write_text(PRELUDE)
    for context in (ctx_state, ctx_inventory, ctx_config):
        context.reset()
    run = Run(tmp_path, {"bench": Connection(ssh_config_file=str(tmp_path / "config")), "@local": Connection()})
    try:
        bench, local = run.plan()
    finally:
        run.close()
        for context in (ctx_state, ctx_inventory, ctx_config):
            context.reset()
    assert "ssh's configuration is of no use" in str(bench.error)
    assert local.host == "@local" and "ssh's configuration" not in str(local.error)


JUMP = "Host bench\n    Port 22\n    ProxyJump jump\nHost jump\n    Port 2200\n"
COMMAND = "Host bench\n    Port 22\n    ProxyCommand through %h %p\n"


@pytest.mark.parametrize(("wanted", "gone_to"), [({"port": 2222}, 2222), ({}, 22)], ids=["wanted", "configured"])
def test_a_jump_host_is_asked_for_the_port_that_is_wanted(
    wanted: dict[str, int], gone_to: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []

    def gateway(self: Any, hostname: str, host_port: int, target: str, target_port: int, timeout: Any = None) -> str:
        asked.append((target, target_port))
        return "channel"

    def connect(self: Any, hostname: str, **options: Any) -> None:
        _, found, *_ = self.parse_config(hostname, {"port": options["port"]}, options["_pyinfra_ssh_config_file"])
        asked.append((hostname, found["port"]))

    monkeypatch.setattr(user_client.SSHClient, "gateway", gateway)
    monkeypatch.setattr(user_client.SSHClient, "connect", connect)
    (tmp_path / "config").write_text(JUMP)
    _, found, *_ = user_client.SSHClient().parse_config("bench", wanted, ssh_config_file=str(tmp_path / "config"))
    assert asked == [("jump", 2200), ("bench", gone_to)]
    assert (found["sock"], found["port"]) == ("channel", gone_to)


@pytest.mark.parametrize(("wanted", "gone_to"), [({"port": 2222}, 2222), ({}, 22)], ids=["wanted", "configured"])
def test_so_is_a_proxy_command(
    wanted: dict[str, int], gone_to: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_client, "ProxyCommand", lambda line: line)
    (tmp_path / "config").write_text(COMMAND)
    _, found, *_ = user_client.SSHClient().parse_config("bench", wanted, ssh_config_file=str(tmp_path / "config"))
    assert found["sock"] == f"through bench {gone_to}"
    before = user_client.get_ssh_config(str(tmp_path / "config")).lookup("bench")["port"]
    assert before == "22", "what is kept of the file is as the file is"
