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
