"""Nobody is locked out: wrong rules, killed clients, power cuts, other ports, other ways of starting sshd."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from tests.system.outcome import changes
from tests.system.site import Site, said, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

STRANGER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICMwPUpXZHF+i5ilsr/M2ebzAA0aJzRBTltodYKPnKm2 stranger"
APPLY = ("apply", "--yes", "--layer", "access")
TRIES = "sshd -T | sed -n 's/^maxauthtries //p'"
RULES = "nft list table inet rigwright | grep -c comment"
FOUND = (
    "answers on port 2222, as declared in access.ssh.port "
    "(port 22 does not answer; declaring ssh_port = 2222 saves the wait)"
)
UNDO = "ls /var/lib/rigwright/undo"


def _declared(**access: Any) -> dict[str, Any]:
    return {"driver": {"source": "none"}, "containers": {"state": "absent"}, "access": access}


@pytest.fixture(params=["trixie", "bookworm"])
def host(request: pytest.FixtureRequest) -> Iterator[ThrowawayHost]:
    with ThrowawayHost("basement", request.param) as found:
        yield found


@pytest.fixture
def server(host: ThrowawayHost, tmp_path: Path) -> Site:
    """A host whose layer access is as declared."""
    found = site(tmp_path, {host: _declared(ssh={"max_auth_tries": 3})})
    found.rig(*APPLY, check=True)
    return found


def _badly(server: Site, kind: str, seconds: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return server.unproven(kind, seconds, *APPLY, *arguments)


def _says(host: ThrowawayHost, command: str) -> str:
    return host.run(command, check=False).stdout.strip()


def _eventually(host: ThrowawayHost, command: str, expected: str) -> None:
    deadline = time.monotonic() + 60
    while _says(host, command) != expected:
        assert time.monotonic() < deadline, f"{command}: {_says(host, command)!r}, expected {expected!r}"
        time.sleep(0.2)


def test_rules_that_would_cut_us_off_are_taken_back(host: ThrowawayHost, server: Site) -> None:
    before = _says(host, RULES)
    done = _badly(server, "blocked", 120, "--set", "access.firewall.ping=false")
    assert done.returncode == 1, said(done)
    assert "no new connection was possible" in done.stdout + done.stderr, said(done)
    assert "the change was taken back" in done.stdout + done.stderr, said(done)
    assert _says(host, RULES) == before
    assert _says(host, UNDO) == ""
    plan = server.document("plan", "--layer", "access")
    assert plan["exit_status"] == 0, changes(plan)


def test_a_killed_client_leaves_the_old_rules(host: ThrowawayHost, server: Site) -> None:
    before = _says(host, RULES)
    killed = _badly(server, "killed", 2, "--set", "access.firewall.ping=false")
    assert killed.returncode == -9, said(killed)
    _eventually(host, RULES, before)
    _eventually(host, UNDO, "")


def test_running_again_at_once_goes_on_from_the_old_state(host: ThrowawayHost, server: Site) -> None:
    before = int(_says(host, RULES))
    assert _badly(server, "killed", 300, "--set", "access.firewall.ping=false").returncode == -9
    assert server.rig(*APPLY, "--set", "access.firewall.ping=false").returncode == 0
    assert int(_says(host, RULES)) == before - 2
    assert _says(host, UNDO) == ""
    assert "rigwright-undo" not in _says(host, "systemctl list-timers --all")


def test_a_power_cut_leaves_the_old_settings_of_sshd(host: ThrowawayHost, server: Site) -> None:
    assert _badly(server, "killed", 600, "--set", "access.ssh.max_auth_tries=6").returncode == -9
    assert _says(host, TRIES) == "6", "the new settings are there, unproven"
    host.kill()
    host.start()
    assert _says(host, TRIES) == "3"
    assert _says(host, UNDO) == ""
    assert int(_says(host, RULES)) > 10, "the firewall is in force after the boot"
    proof = server.document("verify", "--layer", "access")
    assert proof["exit_status"] == 0, changes(proof)


def test_keys_that_do_not_let_rig_in_are_taken_back(host: ThrowawayHost, server: Site) -> None:
    done = server.rig(*APPLY, "--set", "ssh_user=admin", "--set", f'access.users.admin={{"keys": ["{STRANGER}"]}}')
    assert done.returncode == 1, said(done)
    assert "does not let admin in" in done.stdout + done.stderr, said(done)
    assert "stranger" not in _says(host, "cat /home/admin/.ssh/authorized_keys")


def test_what_others_let_a_user_do_is_not_denied(host: ThrowawayHost, server: Site) -> None:
    """As on a cloud's image, whose first user becomes root without a password."""
    cloud = "/etc/sudoers.d/90-cloud-init-users"
    user = ("--set", f'access.users.owner={{"keys": ["{STRANGER}"], "sudo": "none"}}')
    assert server.rig(*APPLY, *user).returncode == 0
    host.run(f"echo 'owner ALL=(ALL) NOPASSWD:ALL' > {cloud}")
    done = server.rig(*APPLY, *user)
    assert done.returncode == 1, said(done)
    assert f"declared without sudo, and {cloud} gives it" in " ".join(done.stdout.split()), said(done)
    host.run(f"rm {cloud}")
    plan = server.document("plan", "--layer", "access", *user)
    assert plan["exit_status"] == 0, changes(plan)


def test_a_shell_that_does_not_let_rig_in_is_taken_back(host: ThrowawayHost, server: Site) -> None:
    host.run("printf '#!/bin/sh\nexit 1\n' > /usr/local/bin/broken && chmod 755 /usr/local/bin/broken")
    before = _says(host, "getent passwd admin | cut -d: -f7")
    key = host.ssh_key.with_name(f"{host.ssh_key.name}.pub").read_text().strip()
    mine = ("--set", "ssh_user=admin", "--set", f"access.users.admin.keys={json.dumps([key])}")
    done = server.rig(*APPLY, *mine, "--set", "access.users.admin.shell=/usr/local/bin/broken")
    assert done.returncode == 1, said(done)
    assert "no new connection was possible" in done.stdout + done.stderr, said(done)
    assert _says(host, "getent passwd admin | cut -d: -f7") == before


@pytest.mark.parametrize("listening", ["sshd", "systemd"])
def test_another_port_and_back(host: ThrowawayHost, server: Site, listening: str) -> None:
    if listening == "systemd":
        host.run("systemctl disable --now ssh.service; systemctl enable --now ssh.socket")
    moved = ("--set", "access.ssh.port=2222")
    done = server.rig(*APPLY, *moved)
    assert done.returncode == 0, said(done)
    assert _is_as_declared(server, *moved) == [FOUND, FOUND]
    again = server.rig(*APPLY, *moved)
    assert again.returncode == 0, said(again)
    assert "basement answers on port 2222, as declared in access.ssh.port" in again.stdout, said(again)
    assert _says(host, "nft list table inet rigwright | grep 'comment \"ssh\"'") == (
        'tcp dport 2222 accept comment "ssh"'
    ), "the old port leaves the firewall"
    assert _is_as_declared(server, *moved, "--set", "ssh_port=2222") == [None, None]
    plain = server.run("pyinfra", "-y", "--dry", "inventory", "deploy.py", "--data", "access.ssh.port=2222")
    assert plain.returncode == 0, said(plain)
    assert "answers on port 2222, as declared in access.ssh.port" in plain.stderr, said(plain)
    known = host.known_hosts.read_text()
    host.known_hosts.write_text(known + known.replace(f"{host.address},{host.name} ", f"[{host.address}]:2222 "))
    done = server.rig(*APPLY, "--set", "ssh_port=2222")
    assert done.returncode == 0, said(done)
    _is_as_declared(server, "--set", "ssh_port=2222")
    done = server.rig(*APPLY, "--set", "ssh_port=2222")
    assert done.returncode == 0, said(done)
    assert "basement answers on port 22, as declared in access.ssh.port" in done.stdout, said(done)
    _is_as_declared(server)


def _is_as_declared(server: Site, *arguments: str) -> list[str | None]:
    """By plan and proof; what either says of the way in."""
    remarks = []
    for command in ("plan", "verify"):
        document = server.document(command, "--layer", "access", *arguments)
        assert document["exit_status"] == 0, changes(document)
        remarks.append(document["hosts"][0].get("remark"))
    return remarks


def test_restarting_nftables_does_not_open_the_host(host: ThrowawayHost, server: Site) -> None:
    """The distribution's unit flushes every table when it starts and stops."""
    before = _says(host, RULES)
    host.run("systemctl restart nftables.service")
    assert _says(host, RULES) == before
    host.run("systemctl reload nftables.service")
    assert _says(host, RULES) == before


def test_a_closed_port_is_closed_and_an_open_one_open(host: ThrowawayHost, server: Site) -> None:
    """Tried from outside, with something that listens behind both."""
    for port in (7001, 7002):
        host.run(f"systemd-run -q --socket-property=ListenStream={port} --socket-property=Accept=yes cat")
    assert server.rig(*APPLY, "--set", 'access.firewall.ports={"seven": {"port": 7001}}').returncode == 0
    reached = {port: _connects(host.address, port) for port in (7001, 7002)}
    assert reached == {7001: True, 7002: False}


def _connects(address: str, port: int) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", f"import socket; socket.create_connection(({address!r}, {port}), 2)"],
        capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode == 0
