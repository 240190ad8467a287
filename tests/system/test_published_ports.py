"""A port that Docker publishes stays open by Docker's own rules, whatever becomes of the firewall beside them."""

from __future__ import annotations

import shlex
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from sim.host.warm import prefetched
from tests.system.outcome import changes
from tests.system.site import Site, said, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

DECLARED: dict[str, Any] = {"driver": {"source": "none"}, "containers": {"toolkit": {"state": "absent"}}}
APPLY = ("apply", "--yes", "--layer", "access")
NO_PING = ("--set", "access.firewall.ping=false")
PORT = 8099
"""Not declared: the firewall does not let it in."""
GREETING = "from the container"
LISTENER = (
    "use IO::Socket::INET; my $socket = IO::Socket::INET->new(LocalPort => 80, Listen => 5) or die $!;"
    f' while (my $client = $socket->accept) {{ print $client "{GREETING}"; close $client }}'
)


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ThrowawayHost, Site]]:
    """A host with a firewall, and a container with a published port that has something to say."""
    with ThrowawayHost("basement", root=prefetched(request.param)) as host:
        found = site(tmp_path_factory.mktemp("ports"), {host: DECLARED})
        found.apply("--layer", "access", "--layer", "containers")
        # The host's own perl: the image has no more than a shell.
        host.run(
            f"docker run -d --name web -p {PORT}:80 -v /usr:/usr:ro rigwright-probe perl -e {shlex.quote(LISTENER)}"
        )
        _says_the_container(host)
        yield host, found


def test_it_is_open_through_changes_of_the_firewall(server: tuple[ThrowawayHost, Site]) -> None:
    host, rig = server
    assert rig.rig(*APPLY, *NO_PING).returncode == 0
    _says_the_container(host)
    assert rig.rig(*APPLY).returncode == 0
    _says_the_container(host)


def test_it_is_open_when_a_change_is_taken_back(server: tuple[ThrowawayHost, Site]) -> None:
    host, rig = server
    done = rig.unproven("blocked", 120, *APPLY, *NO_PING)
    assert done.returncode == 1 and "the change was taken back" in done.stdout + done.stderr, said(done)
    _says_the_container(host)
    plan = rig.document("plan", "--layer", "access")
    assert plan["exit_status"] == 0, changes(plan)


@pytest.mark.parametrize(
    "command",
    [
        "systemctl reload rigwright-firewall.service",
        "systemctl restart rigwright-firewall.service",
        "systemctl restart nftables.service",
        "systemctl reload nftables.service",
        "systemctl stop nftables.service",
    ],
)
def test_it_is_open_after(server: tuple[ThrowawayHost, Site], command: str) -> None:
    """The distribution's nftables.service flushes every table, Docker's too."""
    host, _ = server
    host.run(command)
    _says_the_container(host)
    _is_closed(host, PORT + 1)


def test_without_the_firewall_it_is_open_still(server: tuple[ThrowawayHost, Site]) -> None:
    host, rig = server
    absent = ("--set", "access.firewall.state=absent")
    assert rig.rig(*APPLY, *absent).returncode == 0
    _says_the_container(host)
    assert rig.rig(*APPLY).returncode == 0
    _says_the_container(host)


def _says_the_container(host: ThrowawayHost) -> None:
    """Reached from outside; what has just been started may take a moment to listen."""
    deadline = time.monotonic() + 60
    while (heard := _heard(host, PORT)) != GREETING:
        assert heard == "nobody listens" and time.monotonic() < deadline, f"port {PORT} from outside: {heard}"
        time.sleep(0.2)


def _is_closed(host: ThrowawayHost, port: int) -> None:
    host.run(f"systemd-run -q --unit=other --socket-property=ListenStream={port} --socket-property=Accept=yes cat")
    try:
        assert _heard(host, port) == "no answer", "the firewall is not in force"
    finally:
        host.run("systemctl stop other.socket")


def _heard(host: ThrowawayHost, port: int) -> str:
    try:
        with socket.create_connection((host.address, port), timeout=5) as connection:
            return connection.recv(100).decode() or "nobody listens"
    except TimeoutError:
        return "no answer"
    except ConnectionError:
        return "nobody listens"
