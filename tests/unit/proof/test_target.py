"""The way to the host under proof: what ssh is told, who needs sudo, which port answers."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import testinfra

from rigwright.spec.connection import Connection
from rigwright.spec.rig import Rig
from tests.host import ssh
from tests.host.target import Target, Unreachable

VAGRANT = "Host vm\n    HostName 127.0.0.1\n    Port 2222\n    User vagrant\n    StrictHostKeyChecking no\n"


def target(sshd_port: int = 22, *, connection: Mapping[str, Any] | None = None, **more: Any) -> Target:
    rig = Rig.model_validate({"name": "bench", "access": {"ssh": {"port": sshd_port}}, "driver": {"branch": 580}})
    return Target(rig, Connection.model_validate(connection or {}), **more)


def test_without_a_file_of_its_own_the_declaration_says_it_all() -> None:
    wanted = target(connection={"ssh_hostname": "10.0.0.7", "ssh_port": 2200}).wanted()
    assert {name: wanted[name] for name in ("HostName", "User", "Port", "StrictHostKeyChecking")} == {
        "HostName": "10.0.0.7",
        "User": "root",
        "Port": "2200",
        "StrictHostKeyChecking": "yes",
    }


@pytest.mark.parametrize(
    ("connection", "spec", "said"),
    [
        ({}, "ssh://vm", {}),
        ({"ssh_user": "me", "ssh_port": 2200}, "ssh://vm", {"User": "me", "Port": "2200"}),
        ({"ssh_user": "me", "ssh_port": 2200}, "ssh://you@vm:22", {"User": "you", "Port": "22"}),
        ({"ssh_strict_host_key_checking": "yes"}, None, {"StrictHostKeyChecking": "yes"}),
    ],
)
def test_a_file_that_is_given_beats_what_nobody_declared(
    connection: dict[str, Any],
    spec: str | None,
    said: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "vagrant.cfg").write_text(VAGRANT)
    monkeypatch.chdir(tmp_path)
    wanted = target(connection=connection, spec=spec, ssh_config="vagrant.cfg").wanted()
    assert wanted == {"HostName": "vm" if spec else "bench", "Include": str(tmp_path / "vagrant.cfg"), **said}


class Program:
    """Stands for ssh: what it makes of its configuration, and who listens where with which key known."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, user: str = "root", port: str = "22") -> None:
        self.found = {"user": user, "port": port, "hostname": "bench"}
        self.answers: dict[str, str] = {}
        """Port, or port and name in known_hosts, → "" for one that lets us in, or what ssh says."""
        self.asked: list[tuple[str, ...]] = []
        monkeypatch.setattr(ssh, "settings", lambda config, name: self.found)
        monkeypatch.setattr(ssh, "run", self.run)
        monkeypatch.setattr(testinfra, "get_host", lambda spec, **options: options)

    def run(self, config: Path, *arguments: str) -> ssh.Done:
        self.asked.append(arguments)
        options = dict(line.split(None, 1) for line in config.read_text().splitlines()[1:])
        port = options.get("Port", self.found["port"])
        known = f"{port} {options.get('HostKeyAlias', '')}".strip()
        closed = f"ssh: connect to host bench port {port}: Connection refused"
        error = self.answers.get(known, self.answers.get(port, closed))
        if error and options.get("HostKeyAlias"):
            assert options["StrictHostKeyChecking"] == "yes"
        return subprocess.CompletedProcess(arguments, 255 if error else 0, "" if error else "0\n", error)


UNKNOWN = (
    "No ED25519 host key is known for bench and you have requested strict checking.\nHost key verification failed."
)


@pytest.mark.parametrize(
    ("declared", "effective", "option", "sudo"),
    [("root", "debian", False, True), ("admin", "root", False, False), ("root", "root", True, True)],
)
def test_sudo_is_for_who_does_not_come_in_as_root(
    declared: str, effective: str, option: bool, sudo: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program(monkeypatch, effective)
    program.answers["22"] = ""
    found: Any = target(connection={"ssh_user": declared}, sudo=option)
    found.connect()
    assert program.asked == [("bench", "sudo -n id -u" if sudo else "id -u")]
    assert found.host["sudo"] is sudo
    found.close()


def test_a_moved_sshd_is_found_by_the_key_of_the_declared_way_in(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(monkeypatch)
    program.answers = {"2222 bench": ""}
    found = target(2222)
    found.connect()
    assert found.remark == "answers on port 2222, as declared in access.ssh.port"
    found.close()


def test_a_firewall_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(monkeypatch)
    program.answers = {"22": "ssh: connect to host bench port 22: Connection timed out", "2222 bench": ""}
    found = target(2222)
    found.connect()
    assert found.remark == (
        "answers on port 2222, as declared in access.ssh.port "
        "(port 22 does not answer; declaring ssh_port = 2222 saves the wait)"
    )
    found.close()


def test_or_by_its_own_where_that_is_all_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(monkeypatch)
    program.answers = {"2222 bench": UNKNOWN, "2222": ""}
    found = target(2222)
    found.connect()
    assert found.remark is not None
    found.close()


def test_the_port_to_be_is_taken_by_the_key_that_is_known_under_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(monkeypatch, port="2222")
    program.answers = {"2222": UNKNOWN, "2222 bench": ""}
    found = target(2222, connection={"ssh_port": 2222})
    found.connect()
    assert found.remark is None
    found.close()


@pytest.mark.parametrize(
    ("port", "sshd_port", "answers", "text"),
    [
        ("22", 2222, {}, "Connection refused; neither to port 2222, as declared in access.ssh.port"),
        ("22", 2222, {"2222": UNKNOWN}, "not known to be this host's"),
        ("2200", 22, {"22 [bench]:2200": UNKNOWN, "22": ""}, "not known to be this host's"),
        ("2222", 2222, {"2222": UNKNOWN}, "no connection to bench: No ED25519 host key is known"),
        ("22", 22, {}, "no connection to bench: ssh: connect to host bench port 22: Connection refused$"),
    ],
    ids=["closed", "unknown", "a forwarded port", "unknown under both", "no other port"],
)
def test_what_is_no_way_in(
    port: str, sshd_port: int, answers: dict[str, str], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program(monkeypatch, port=port)
    program.answers = answers
    found = target(sshd_port, connection={"ssh_port": int(port)})
    with pytest.raises(Unreachable, match=text.replace("[", "\\[")):
        found.connect()
    found.close()


def test_a_jump_host_is_neither_the_host_nor_shares_its_connection(tmp_path: Path) -> None:
    """By ssh itself, which reads the same file for it."""
    (tmp_path / "own").write_text("Host jump\n    Port 2200\n    User guard\nHost bench\n    ProxyJump jump\n")
    wanted = {"HostName": "bench", "User": "root", "Port": "2222", "HostKeyAlias": "b", "Include": f"{tmp_path}/own"}
    config = tmp_path / "config"
    config.write_text(ssh.configuration(wanted, tmp_path / "control"))
    host, jump = ssh.settings(config, "bench"), ssh.settings(config, "jump")
    said = ("user", "port", "hostkeyalias", "controlpath", "batchmode")
    assert [host.get(name) for name in said] == ["root", "2222", "b", f"{tmp_path}/control", "yes"]
    assert [jump.get(name) for name in said] == ["guard", "2200", None, None, "yes"]


def test_names_in_known_hosts() -> None:
    assert ssh.known_as({"hostname": "a.example", "port": "22"}) == "a.example"
    assert ssh.known_as({"hostname": "a.example", "port": "2222"}) == "[a.example]:2222"
    assert ssh.known_as({"hostname": "a.example", "port": "22", "hostkeyalias": "a"}) == "a"
