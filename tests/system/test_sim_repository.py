"""The vendors' stand-in repositories as apt of throw-away hosts finds them, and what stays of them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from sim import programs
from sim.errors import SimulationError
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import prefetched
from sim.repository import driver
from sim.repository.record import Record, load, records
from sim.repository.vendors import VendorRepositories
from tests.system.vendor_lists import PIN, add_docker, add_nvidia, add_toolkit, offered, update

pytestmark = [pytest.mark.system, pytest.mark.alone]

REPOSITORY = Path(__file__).resolve().parents[2]
RELEASES = ("trixie", "bookworm")
OWNER = """
import signal, sys, time
from sim.repository.vendors import VendorRepositories
# What a shell starts in the background is born deaf to it.
signal.signal(signal.SIGINT, signal.default_int_handler)
with VendorRepositories() as served:
    print(served.address, flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def served() -> Iterator[VendorRepositories]:
    with VendorRepositories(broken_dkms=True, docker=RELEASES) as repositories:
        yield repositories


@pytest.fixture(scope="module", params=RELEASES)
def host(request: pytest.FixtureRequest) -> Iterator[ThrowawayHost]:
    """A host of each release on which only lists and keys are changed."""
    with ThrowawayHost("lists", root=prefetched(request.param)) as running:
        yield running


@pytest.fixture(autouse=True)
def no_lists(request: pytest.FixtureRequest) -> Iterator[None]:
    """No list of one test is there in the next."""
    yield
    if "host" in request.fixturenames:
        host: ThrowawayHost = request.getfixturevalue("host")
        host.run("cd /etc/apt/sources.list.d && rm -f nvidia.sources toolkit.sources docker.sources")


def eventually(condition: Callable[[], bool], timeout: float = 20) -> bool:
    deadline = time.monotonic() + timeout
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def traces(record: Record) -> list[str]:
    found = [line for line in programs.run(["ip", "-oneline", "link"]).splitlines() if record.token in line]
    found += [line for line in programs.run(["nft", "list", "tables"]).splitlines() if record.token in line]
    return found + ([str(record.folder)] if record.folder.exists() else [])


# What apt says to them


def test_apt_accepts_all_three_with_the_keys_they_offer(host: ThrowawayHost, served: VendorRepositories) -> None:
    for each in (add_nvidia, add_toolkit, add_docker):
        each(host, served)
    done = update(host)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "W:" not in done.stderr
    drivers = ["590.44.01-1", f"{driver.BROKEN}-1", "580.105.08-1", "580.95.05-1"]
    assert offered(host, "nvidia-driver-cuda") == drivers
    assert offered(host, "nvidia-container-toolkit") == ["1.19.1-1", "1.19.0-1", "1.18.1-1"]
    assert len(offered(host, "docker-ce")) == 1
    policy = host.run("apt-cache policy").stdout
    assert "o=NVIDIA,l=NVIDIA CUDA" in policy
    assert "l=Docker CE,c=stable" in policy


def test_the_declaration_names_the_keys_that_are_offered(host: ThrowawayHost, served: VendorRepositories) -> None:
    declared = served.declaration(host.release)
    toolkit = declared["containers"]["toolkit"]
    assert isinstance(toolkit, dict)
    wanted = {
        f"{declared['containers']['repository_url']}/gpg": declared["containers"]["repository_fingerprint"],
        f"{toolkit['repository_url']}/gpgkey": toolkit["repository_fingerprint"],
    }
    for url, fingerprint in wanted.items():
        host.run(f"/usr/lib/apt/apt-helper download-file {url} /root/key")
        listed = subprocess.run(
            ["gpg", "--with-colons", "--show-keys", str(host.root / "root/key")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"fpr:::::::::{fingerprint}:" in listed.stdout


def test_a_pin_keeps_the_branch(host: ThrowawayHost, served: VendorRepositories) -> None:
    add_nvidia(host, served)
    update(host)
    host.run("cat > /etc/apt/preferences.d/pin", input=PIN.format(580))
    try:
        policy = host.run("apt-cache policy nvidia-driver-cuda nvidia-kernel-open-dkms nvidia-open").stdout
    finally:
        host.run("rm /etc/apt/preferences.d/pin")
    assert [line.split()[1] for line in policy.splitlines() if "Candidate" in line] == [f"{driver.BROKEN}-1"] * 3


def test_troubles_come_and_go(host: ThrowawayHost) -> None:
    with VendorRepositories() as own:
        add_nvidia(host, own)
        assert update(host).returncode == 0
        for trouble, said in (
            (lambda: own.answer_with(503), "503"),
            (own.hang, "Failed to fetch"),
            (own.sign_with_other_key, "verif"),
        ):
            trouble()
            done = update(host)
            assert done.returncode != 0
            assert said in done.stdout + done.stderr
            own.restore()
            assert update(host).returncode == 0


def test_a_new_driver_comes_out(host: ThrowawayHost) -> None:
    with VendorRepositories(drivers=["580.95.05"]) as own:
        add_nvidia(host, own)
        assert update(host).returncode == 0
        assert offered(host, "nvidia-open") == ["580.95.05-1"]
        own.publish_drivers(["580.95.05", "580.105.08"])
        assert update(host).returncode == 0
        assert offered(host, "nvidia-open") == ["580.105.08-1", "580.95.05-1"]


def test_each_publication_is_later_than_the_one_before() -> None:
    """apt drops a list that is not later than what it has, and says nothing."""
    dates = []
    with VendorRepositories() as own:
        for _ in range(3):
            own.publish_drivers(["580.95.05"])
            with urllib.request.urlopen(f"{own.nvidia_url('trixie')}/Release") as release:
                fields = dict(line.split(": ", 1) for line in release.read().decode().splitlines() if ": " in line)
            dates.append(parsedate_to_datetime(fields["Date"]))
    assert dates == sorted(set(dates))


def test_they_are_reached_when_nothing_beyond_this_machine_is(host: ThrowawayHost, served: VendorRepositories) -> None:
    add_nvidia(host, served)
    host.cut_outbound()
    try:
        assert update(host).returncode == 0
    finally:
        host.restore_outbound()


# What stays of them, and who reaches them


def owner_process() -> tuple[subprocess.Popen[str], Record]:
    child = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert child.stdout is not None
    address = child.stdout.readline().strip()
    return child, next(record for record in records() if record.address == address)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_stays_when_the_owner_ends(number: signal.Signals) -> None:
    child, record = owner_process()
    assert len(traces(record)) == 3
    child.send_signal(number)
    child.wait(timeout=20)
    assert eventually(lambda: not traces(record)), traces(record)


def test_a_server_that_was_killed_is_swept_by_the_next() -> None:
    child, record = owner_process()
    try:
        server = load(record.folder).server
        assert server is not None
        server.end(signal.SIGKILL)
        assert eventually(lambda: not server.alive)
        with VendorRepositories():
            assert traces(record) == []
    finally:
        child.kill()
        child.wait(timeout=20)


def test_two_servers_stand_side_by_side() -> None:
    with VendorRepositories() as one, VendorRepositories() as other:
        assert one.address != other.address
        assert one.nvidia_fingerprint == other.nvidia_fingerprint


def test_they_are_not_reached_from_another_network(served: VendorRepositories) -> None:
    """A neighbour of this machine that knows the address and routes to it gets no answer."""
    inside = ["ip", "netns", "exec", "neighbour"]

    def connect(address: str, port: int) -> str:
        return f"import socket; socket.create_connection(({address!r}, {port}), timeout=1)"

    try:
        programs.run(["ip", "netns", "add", "neighbour"])
        programs.run(["ip", "link", "add", "neighbour0", "type", "veth", "peer", "name", "eth0", "netns", "neighbour"])
        programs.run(["ip", "address", "add", "198.51.100.1/30", "dev", "neighbour0"])
        programs.run(["ip", "link", "set", "neighbour0", "up"])
        programs.run([*inside, "ip", "address", "add", "198.51.100.2/30", "dev", "eth0"])
        programs.run([*inside, "ip", "link", "set", "eth0", "up"])
        programs.run([*inside, "ip", "route", "add", "default", "via", "198.51.100.1"])
        with socket.create_server(("198.51.100.1", 0)) as open_to_it:
            assert programs.succeeds(
                [*inside, sys.executable, "-c", connect("198.51.100.1", open_to_it.getsockname()[1])]
            )
        assert not programs.succeeds([*inside, sys.executable, "-c", connect(served.address, 80)])
    finally:
        programs.succeeds(["ip", "link", "delete", "neighbour0"])
        programs.succeeds(["ip", "netns", "delete", "neighbour"])


def test_what_was_not_asked_for_is_said() -> None:
    with pytest.raises(SimulationError, match="have not been started"):
        VendorRepositories().nvidia_url("trixie")
    with VendorRepositories() as own:
        with pytest.raises(SimulationError, match="was not asked for"):
            own.docker_url("trixie")
        with pytest.raises(SimulationError, match="no stand-in repository for 'sid'"):
            own.nvidia_url("sid")
