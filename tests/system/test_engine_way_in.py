"""The way to a host that only ssh's own files know: rig, pyinfra's command line and the proof find the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rigwright.spec.load import load_rigs
from sim.host.throwaway import ThrowawayHost
from tests.host.target import Target
from tests.system.engine_project import ROOT, Project

pytestmark = pytest.mark.system

DEPLOY = """
    files.content(name="Write a file", dest="/root/written", text=host.name)
"""


@pytest.fixture(scope="module")
def moved() -> Iterator[ThrowawayHost]:
    with ThrowawayHost("moved") as host:
        host.run("echo Port 2222 > /etc/ssh/sshd_config.d/port.conf && systemctl restart ssh")
        yield host


def test_a_port_that_only_ssh_config_names(moved: ThrowawayHost, tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "config.py").write_text((ROOT / "config.py").read_text())
    project.deploy(DEPLOY)
    (tmp_path / "ssh_config").write_text(f"Host moved\n    HostName {moved.address}\n    Port 2222\n")
    keys = [line.split(maxsplit=1)[1] for line in moved.known_hosts.read_text().splitlines()]
    (tmp_path / "known_hosts").write_text("".join(f"[{moved.address}]:2222 {key}\n" for key in keys))
    project.inventory(
        {
            "moved": {
                "ssh_config_file": str(tmp_path / "ssh_config"),
                "ssh_known_hosts_file": str(tmp_path / "known_hosts"),
                "ssh_key": str(moved.ssh_key),
            }
        }
    )
    planned = project.rig("plan")
    assert planned.status == 2, planned.err
    done = project.pyinfra("-y", "inventory", "deploy.py")
    assert done.returncode == 0, done.stderr
    assert project.rig("plan").status == 0
    declared = load_rigs(tmp_path)
    target = Target(declared.rigs["moved"], declared.connections["moved"])
    target.connect()
    try:
        assert target.host.file("/root/written").content_string == "moved"
    finally:
        target.close()
    (tmp_path / "known_hosts").write_text("")
    refused = project.rig("plan")
    assert refused.status == 3
    assert f"ssh-keyscan -p 2222 {moved.address}" in refused.out or "ssh-keyscan -p 2222 moved" in refused.out


def test_the_other_port_through_a_jump_host(moved: ThrowawayHost, tmp_path: Path) -> None:
    """The host is its own jump host. ssh's configuration names the port that sshd has left."""
    project = Project(tmp_path)
    project.deploy(DEPLOY.replace("written", "not-written"))
    known_hosts = tmp_path / "known_hosts"
    keys = [line.split(maxsplit=1)[1] for line in moved.known_hosts.read_text().splitlines()]
    known_hosts.write_text("".join(f"{moved.address} {key}\n[{moved.address}]:2222 {key}\n" for key in keys))
    (tmp_path / "ssh_config").write_text(
        f"Host moved\n    HostName {moved.address}\n    Port 22\n    ProxyJump jump\n"
        f"Host jump\n    HostName {moved.address}\n    Port 2222\n    User root\n"
        f"Host *\n    IdentityFile {moved.ssh_key}\n"
        f"    UserKnownHostsFile {known_hosts}\n    StrictHostKeyChecking yes\n"
    )
    project.inventory(
        {
            "moved": {
                "access": {"ssh": {"port": 2222}},
                "ssh_config_file": str(tmp_path / "ssh_config"),
                "ssh_known_hosts_file": str(known_hosts),
                "ssh_key": str(moved.ssh_key),
            }
        }
    )
    planned = project.rig("plan")
    assert planned.status == 2, planned.err + planned.out
    assert "moved answers on port 2222, as declared in access.ssh.port" in planned.out
    declared = load_rigs(tmp_path)
    target = Target(declared.rigs["moved"], declared.connections["moved"])
    target.connect()
    try:
        assert target.remark == "answers on port 2222, as declared in access.ssh.port"
    finally:
        target.close()


def test_the_proof_is_of_the_host_and_not_of_its_jump_host(moved: ThrowawayHost, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.inventory({"inner": {"ssh_config_file": str(tmp_path / "ssh_config")}})
    known_hosts = tmp_path / "known_hosts"
    keys = [line.split(maxsplit=1)[1] for line in moved.known_hosts.read_text().splitlines()]
    with ThrowawayHost("inner") as inner:
        known = "".join(f"[{moved.address}]:2222 {key}\n" for key in keys)
        known_hosts.write_text(known + inner.known_hosts.read_text())
        (tmp_path / "ssh_config").write_text(
            f"Host inner\n    HostName {inner.address}\n    ProxyJump jump\n    IdentityFile {inner.ssh_key}\n"
            f"Host jump\n    HostName {moved.address}\n    Port 2222\n    User root\n    IdentityFile {moved.ssh_key}\n"
            f"Host *\n    UserKnownHostsFile {known_hosts}\n    StrictHostKeyChecking yes\n"
        )
        declared = load_rigs(tmp_path)
        target = Target(declared.rigs["inner"], declared.connections["inner"])
        target.connect()
        try:
            assert target.host.check_output("hostname") == "inner"
        finally:
            target.close()
