"""What an installation puts into a new system, in a system; and Ubuntu's answers, read by cloud-init itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rigwright.installer.autoinstall import user_data
from rigwright.installer.payload import FOLDER, payload
from rigwright.installer.places import written
from sim import programs
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import prefetched
from tests.system.hosts import eventually
from tests.unit.installer.order import odd, reference

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def host() -> Iterator[ThrowawayHost]:
    with ThrowawayHost("installed", root=prefetched("trixie")) as running:
        yield running


def test_cloud_init_reads_the_answers(host: ThrowawayHost, tmp_path: Path) -> None:
    host.run("apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends cloud-init")
    for number, order in enumerate((reference(release="noble"), odd(release="jammy", security_mirror=None))):
        (host.root / f"root/{number}.yaml").write_text(user_data(order))
        done = host.run(f"cloud-init schema --config-file /root/{number}.yaml 2>&1")
        assert "Valid schema" in done.stdout, done.stdout
    (host.root / "root/wrong.yaml").write_text(user_data(reference(release="noble")).replace("content:", "contend:"))
    done = host.run("cloud-init schema --config-file /root/wrong.yaml 2>&1", check=False)
    assert "Valid schema" not in done.stdout, "it can say no"


def test_what_was_finished_is_known_by_its_key_and_lets_in_who_is_declared(host: ThrowawayHost, tmp_path: Path) -> None:
    order = reference()
    client = tmp_path / "client"
    programs.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(client)])
    public = client.with_suffix(".pub").read_text().strip()
    files = {name: each.data for name, each in payload(order).items()}
    files |= {name: f"{public}\n".encode() for name in files if name.startswith("keys-")}
    written(host.root / FOLDER.lstrip("/"), files)
    for _ in range(2):  # running it again does no harm
        host.run(f"sh {FOLDER}/finish.sh {FOLDER}")
    host.run("systemctl restart ssh")
    known = tmp_path / "known_hosts"
    known.write_text(order.host_key.known_hosts(host.address))
    options = ["-F", "none", "-i", str(client), "-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes",
               "-o", "BatchMode=yes", "-o", "HostKeyAlgorithms=ssh-ed25519"]  # fmt: skip

    def said(user: str, command: str) -> str:
        asked = ["ssh", *options, f"{user}@{host.address}", command]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()

    assert eventually(lambda: said("owner", "id -un") == "owner")
    assert said("owner", "sudo -n id -un") == "root"
    assert said("root", "id -un") == "root"
    for user, mark in (("owner", "!"), ("root", "")):
        shadow = host.run(f"getent shadow {user} | cut -d: -f2").stdout.strip()
        assert shadow.startswith(mark), "no password lets in"
        assert not shadow.startswith("$")
    assert host.run("hostname -f; cat /etc/hostname /etc/default/locale").stdout.split()[-2:] == [
        "basement", "LANG=C.UTF-8",
    ]  # fmt: skip
    assert host.run("stat -c '%a %U' /etc/ssh/ssh_host_ed25519_key").stdout == "600 root\n"
