"""Throw-away hosts: what they are, what may happen to them, and that nothing of them stays."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim import programs
from sim.errors import SimulationError
from sim.gpu.models import card
from sim.host.record import records
from sim.host.root import bare_root
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import derive, prefetched

pytestmark = [pytest.mark.system, pytest.mark.alone]

CARDS = [card("rtx3090", 0), card("rtx3090", 1, pcie_width_current=8)]


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def host(request: pytest.FixtureRequest) -> Iterator[ThrowawayHost]:
    """A host of each release for tests that leave it as it was."""
    with ThrowawayHost("basement", root=prefetched(request.param), gpus=CARDS) as running:
        yield running


@pytest.fixture
def trixie() -> Iterator[ThrowawayHost]:
    """A host to do anything to."""
    with ThrowawayHost("attic") as running:
        yield running


def ssh(host: ThrowawayHost, command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*host.ssh_args(user), command], capture_output=True, text=True, check=False, timeout=60)


def test_it_is_the_release_in_good_order(host: ThrowawayHost) -> None:
    assert f"VERSION_CODENAME={host.release}" in host.run("cat /etc/os-release").stdout
    assert host.run("systemctl is-system-running").stdout.strip() == "running"
    assert host.run("cat /proc/1/comm").stdout.strip() == "systemd"
    assert host.run("hostname").stdout.strip() == "basement"


def test_it_is_bare(host: ThrowawayHost) -> None:
    assert host.run("command -v python3 curl lspci docker", check=False).stdout == ""
    sources = host.run("cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null; true").stdout
    assert f"{host.release}-security" in sources
    assert "non-free" not in sources
    assert host.run("ls /var/lib/apt/lists").stdout.split() == ["lock", "partial"]


def test_both_users_come_in_by_key(host: ThrowawayHost) -> None:
    assert ssh(host, "id -un").stdout == "root\n"
    assert ssh(host, "id -un; sudo -n id -un", user="admin").stdout == "admin\nroot\n"


def test_a_key_of_another_host_is_not_taken_for_its_own(host: ThrowawayHost, tmp_path: Path) -> None:
    other = tmp_path / "key"
    programs.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)])
    kind, key = other.with_suffix(".pub").read_text().split()[:2]
    (tmp_path / "known_hosts").write_text(f"{host.address} {kind} {key}\n")
    argv = host.ssh_args()
    argv[argv.index(f"UserKnownHostsFile={host.known_hosts}")] = f"UserKnownHostsFile={tmp_path / 'known_hosts'}"
    done = subprocess.run([*argv, "true"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 255
    assert "Host key verification failed" in done.stderr


def test_the_written_ssh_config_leads_to_it(host: ThrowawayHost, tmp_path: Path) -> None:
    config = host.write_ssh_config(tmp_path / "ssh_config", user="admin")
    done = subprocess.run(
        ["ssh", "-F", config, "basement", "id -un"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "admin\n"


def test_sysctls_are_its_own(host: ThrowawayHost) -> None:
    machines = Path("/proc/sys/vm/swappiness").read_text()
    host.run("sysctl -w vm.swappiness=7 net.ipv4.tcp_syncookies=0")
    assert host.run("sysctl -n vm.swappiness net.ipv4.tcp_syncookies").stdout.split() == ["7", "0"]
    assert Path("/proc/sys/vm/swappiness").read_text() == machines
    assert int(host.run("timeout 20 sysctl -a | wc -l").stdout) > 500


def test_the_real_lspci_and_the_stand_in_agree_on_the_cards(host: ThrowawayHost) -> None:
    host.run("apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install pciutils", timeout=300)
    cards = [line for line in host.run("lspci -nn").stdout.splitlines() if "GA102 [GeForce RTX 3090]" in line]
    assert [line.split()[0] for line in cards] == ["03:00.0", "04:00.0"]
    assert "Width x8 (downgraded)" in host.run("lspci -vv -s 04:00.0").stdout
    aspm = "/sys/bus/pci/devices/0000:03:00.0/link/l1_aspm"
    host.run(f"echo 0 > {aspm}")
    assert host.run(f"cat {aspm}").stdout == "0\n"


def test_nvidia_smi_speaks_of_the_driver_that_is_installed(host: ThrowawayHost) -> None:
    assert host.run("nvidia-smi -L", check=False).returncode == 9
    folder = "/usr/lib/x86_64-linux-gnu"
    # A package brings a library of the same name; the simulated one must still be the one that programs find.
    host.run(f"cp /usr/local/lib/rigwright-sim/libnvidia-ml.so.1 {folder}/libnvidia-ml.so.580.95.05; ldconfig")
    try:
        cached = host.run("ldconfig -p | grep 'libnvidia-ml.so.1 '").stdout.splitlines()
        found = [line.split()[-1] for line in cached]
        assert found[0] == "/usr/local/lib/rigwright-sim/libnvidia-ml.so.1"
        assert found[1].endswith("x86_64-linux-gnu/libnvidia-ml.so.1")
        shown = host.run("nvidia-smi --query-gpu=driver_version,pcie.link.width.current --format=csv,noheader").stdout
        assert shown.splitlines() == ["580.95.05, 16", "580.95.05, 8"]
        assert host.run("command -v nvidia-smi").stdout.strip() == "/usr/local/bin/nvidia-smi"
    finally:
        host.run(f"rm {folder}/libnvidia-ml.so*; ldconfig")


def test_a_reboot_is_another_boot_of_the_same_disk(trixie: ThrowawayHost) -> None:
    before = trixie.boot_id()
    trixie.run("echo kept > /etc/kept; echo gone > /run/gone; ip address add 192.0.2.77/32 dev lo")
    trixie.run("sysctl -w vm.swappiness=7")
    trixie.reboot()
    assert trixie.boot_id() not in ("", before)
    assert trixie.run("cat /etc/kept; ls /run/gone; ip -4 address show lo", check=False).stdout.count("kept") == 1
    assert "192.0.2.77" not in trixie.run("ip address").stdout
    assert trixie.run("sysctl -n vm.swappiness").stdout != "7\n"
    assert ssh(trixie, "true").returncode == 0


def test_a_killed_host_starts_again_on_its_disk(trixie: ThrowawayHost) -> None:
    trixie.run("echo kept > /etc/kept")
    for _ in range(2):
        trixie.kill()
        assert not trixie.running
        with pytest.raises(SimulationError, match="is not running"):
            trixie.run("true")
        trixie.start()
        assert trixie.run("cat /etc/kept; systemctl is-system-running").stdout == "kept\nrunning\n"


def test_the_disk_can_be_full() -> None:
    with ThrowawayHost("attic", disk="60M") as host:
        done = host.run("dd if=/dev/zero of=/root/big bs=1M count=200", check=False)
        assert done.returncode != 0
        assert "No space left on device" in done.stderr
        assert host.run("dd if=/dev/zero of=/var/lib/docker/big bs=1M count=1", check=False).returncode != 0
        host.run("rm /root/big")
        assert host.run("echo fits > /root/small && cat /root/small").stdout == "fits\n"


def test_without_sudo_the_admin_has_no_right() -> None:
    with ThrowawayHost("attic", sudo=False) as host:
        assert ssh(host, "sudo -n true", user="admin").returncode != 0
        assert ssh(host, "id -un", user="admin").stdout == "admin\n"


@pytest.mark.slow
def test_the_network_beyond_can_be_cut(trixie: ThrowawayHost) -> None:
    update = "apt-get -o Acquire::Retries=0 -o APT::Update::Error-Mode=any -qq update"
    trixie.cut_outbound()
    assert trixie.run(update, check=False).returncode != 0
    assert ssh(trixie, "true").returncode == 0
    trixie.restore_outbound()
    trixie.run(update)


def test_the_cable_can_be_pulled(trixie: ThrowawayHost) -> None:
    trixie.unplug()
    assert not trixie.answers()
    trixie.plug()
    assert ssh(trixie, "true").returncode == 0


def test_what_was_prepared_once_is_there_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = prefetched("trixie")
    monkeypatch.setattr("sim.host.warm.roots_dir", lambda: tmp_path)
    ran: list[str] = []

    def prepare(host: ThrowawayHost) -> None:
        ran.append(host.id)
        host.run("echo ready > /etc/ready; rm /etc/motd; echo data > /var/lib/docker/data")

    for _ in range(2):
        with ThrowawayHost("attic", root=derive(base, "ready", prepare, inputs="1")) as host:
            assert host.run("cat /etc/ready /var/lib/docker/data; ls /etc/motd", check=False).stdout == "ready\ndata\n"
    assert len(ran) == 1
    derive(base, "ready", prepare, inputs="2")
    assert len(ran) == 2


@pytest.mark.slow
def test_without_overlayfs_roots_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("disk", "warm"):
        monkeypatch.setattr(f"sim.host.{module}.overlay_works", lambda root: False)
    monkeypatch.setattr("sim.host.warm.roots_dir", lambda: tmp_path)
    ready = derive(bare_root("bookworm"), "ready", "echo ready > /etc/ready; rm /etc/motd")
    assert len(ready.layers) == 1
    with ThrowawayHost("attic", root=ready) as host:
        assert host.run("cat /etc/ready; ls /etc/motd", check=False).stdout == "ready\n"
        assert "overlay" not in host.run("findmnt -no FSTYPE /").stdout


def test_a_failed_preparation_says_why_and_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = prefetched("trixie")
    monkeypatch.setattr("sim.host.warm.roots_dir", lambda: tmp_path)
    with pytest.raises(SimulationError, match="cannot do it"):
        derive(base, "ready", "echo cannot do it >&2; false; echo never")
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    assert not [record for record in records() if record.name == "ready"]
