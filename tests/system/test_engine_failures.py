"""Two hosts in one run, one of which fails: a clear error, the right status, and the other host done."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.host.throwaway import ThrowawayHost
from tests.system.engine_project import Project, finished, wait_for, way

pytestmark = pytest.mark.system

DEPLOY = """
    files.content(name="Write a file", dest="/root/written", text=host.name)
"""
SLOW = """
    files.content(name="Write a file", dest="/root/written", text=host.name)
    steps(name="Three steps", commands=["touch /root/one", "sleep 4; touch /root/two", "touch /root/three"])
    files.content(name="Write another", dest="/root/another", text=host.name)
"""


@pytest.fixture(scope="module")
def good() -> Iterator[ThrowawayHost]:
    with ThrowawayHost("good") as host:
        yield host


@pytest.fixture(scope="module")
def bad() -> Iterator[ThrowawayHost]:
    with ThrowawayHost("bad", sudo=False) as host:
        yield host


@pytest.fixture
def project(tmp_path: Path, good: ThrowawayHost, bad: ThrowawayHost) -> Project:
    for host in (good, bad):
        host.start()
        host.run("rm -rf /root/*")
    made = Project(tmp_path)
    (tmp_path / "config.py").write_text((Path(__file__).resolve().parents[2] / "config.py").read_text())
    made.deploy(DEPLOY)
    made.inventory({"good": way(good), "bad": way(bad)})
    return made


def written(host: ThrowawayHost) -> set[str]:
    return set(host.run("ls /root").stdout.split())


def test_both_hosts_are_done_when_nothing_is_wrong(project: Project, good: ThrowawayHost, bad: ThrowawayHost) -> None:
    assert project.rig("plan").status == 2
    assert project.rig("apply", "--yes").status == 0
    assert (written(good), written(bad)) == ({"written"}, {"written"})
    assert project.rig("plan").status == 0


@pytest.fixture
def trouble(request: pytest.FixtureRequest, project: Project, good: ThrowawayHost, bad: ThrowawayHost) -> str:
    """Make the connection to ``bad`` one that cannot be; the text that the error has to hold."""
    foreign = project.folder / "foreign"
    ways = {
        "no address": (way(bad, ssh_hostname="no-such-host.invalid"), "the name has no address"),
        "nobody listens": (way(bad, ssh_port=9), "connection refused"),
        "unknown host key": (way(bad, ssh_known_hosts_file=str(foreign)), "is not known: it shows ssh-ed25519 SHA256:"),
        "changed host key": (way(bad, ssh_known_hosts_file=str(foreign)), "has CHANGED"),
        "wrong key": (way(bad, ssh_key=str(good.ssh_key)), "does not let root in with the key"),
        "no such key": (way(bad, ssh_key="/nonexistent"), "No such private key file"),
    }
    data, text = ways[request.param]
    key = good.known_hosts.read_text().split(maxsplit=1)[1].splitlines()[0]
    foreign.write_text(f"{bad.address} {key}\n" if request.param == "changed host key" else "")
    project.inventory({"good": way(good), "bad": data})
    return text


@pytest.mark.parametrize(
    "trouble",
    ["no address", "nobody listens", "unknown host key", "changed host key", "wrong key", "no such key"],
    indirect=True,
)
def test_a_host_that_cannot_be_reached_does_not_keep_the_other_from_being_done(
    project: Project, good: ThrowawayHost, bad: ThrowawayHost, trouble: str
) -> None:
    ran = project.rig("apply", "--yes", "--json")
    assert ran.status == 3
    assert ran.hosts["bad"]["outcome"] == "could not reach"
    assert trouble in ran.hosts["bad"]["error"]
    assert ran.hosts["good"]["outcome"] == "changed"
    assert (written(good), written(bad)) == ({"written"}, set())


def test_somebody_without_sudo_is_told_so_and_nothing_is_touched(
    project: Project, good: ThrowawayHost, bad: ThrowawayHost
) -> None:
    project.inventory({"good": way(good, "admin"), "bad": way(bad, "admin")})
    ran = project.rig("apply", "--yes", "--json")
    assert ran.status == 1
    assert ran.hosts["bad"]["outcome"] == "failed"
    assert "admin may not become root by sudo" in ran.hosts["bad"]["error"]
    assert (written(good), written(bad)) == ({"written"}, set())


def test_root_needs_no_sudo(project: Project, good: ThrowawayHost, bad: ThrowawayHost) -> None:
    bad.run("mv /usr/bin/sudo /usr/bin/sudo.away")
    try:
        assert project.rig("apply", "--yes").status == 0
        project.inventory({"good": way(good, "admin"), "bad": way(bad, "admin")})
        ran = project.rig("plan", "--json")
        assert (ran.status, "sudo is not installed" in ran.hosts["bad"]["error"]) == (1, True)
    finally:
        bad.run("mv /usr/bin/sudo.away /usr/bin/sudo")


@pytest.mark.parametrize("way_out", ["sshd killed", "host killed"])
def test_a_host_lost_on_the_way_is_said_so_and_running_again_finishes_it(
    project: Project, good: ThrowawayHost, bad: ThrowawayHost, way_out: str
) -> None:
    project.deploy(SLOW)
    process = project.start("apply", "--yes", "--json")
    wait_for(lambda: "one" in written(bad))
    if way_out == "sshd killed":
        bad.run("pkill -KILL -f '[s]shd.*root'")
    else:
        bad.kill()
    ran = finished(process)
    assert ran.status == 3
    assert "the connection to bad was lost while a command ran" in ran.hosts["bad"]["error"]
    assert [each["status"] for each in ran.hosts["bad"]["operations"]] == ["changed", "failed", "not reached"]
    assert ran.hosts["good"]["outcome"] == "changed"
    bad.start()
    assert project.rig("apply", "--yes").status == 0
    assert written(bad) == {"written", "one", "two", "three", "another"}


@pytest.mark.slow
def test_an_unplugged_host_does_not_hang_the_run(project: Project, good: ThrowawayHost, bad: ThrowawayHost) -> None:
    project.deploy(SLOW.replace("sleep 4", "sleep 4000"))
    process = project.start("apply", "bad", "--yes", "--json")
    wait_for(lambda: "one" in written(bad))
    bad.unplug()
    try:
        ran = finished(process)
    finally:
        bad.plug()
        bad.run("pkill -f 'sleep 4000'", check=False)
    assert ran.status == 3
    assert "was lost while a command ran" in ran.hosts["bad"]["error"]


def test_ctrl_c_stops_between_commands_and_running_again_resumes(
    project: Project, good: ThrowawayHost, bad: ThrowawayHost
) -> None:
    project.deploy(SLOW)
    process = project.start("apply", "--yes")
    wait_for(lambda: "one" in written(bad) and "one" in written(good))
    os.killpg(process.pid, signal.SIGINT)
    ran = finished(process)
    assert ran.status == 130
    assert "Run the same again to go on" in ran.err
    assert "Three steps: interrupted: stopped after 2 of its commands" in ran.out
    assert written(bad) == {"written", "one", "two"}
    assert project.rig("apply", "--yes").status == 0
    assert written(bad) == {"written", "one", "two", "three", "another"}


def test_plain_pyinfra_keeps_hosts_apart_too(project: Project, good: ThrowawayHost, bad: ThrowawayHost) -> None:
    project.deploy("""
        class Broken(FactBase):
            command = "echo x"
            def process(self, output):
                raise KeyError("x")

        if host.name == "bad":
            host.get_fact(Broken)
        files.content(name="Write a file", dest="/root/written", text=host.name)
    """)
    done = project.pyinfra("-y", "inventory", "deploy.py")
    assert done.returncode == 1
    assert "could not understand builtins.Broken: KeyError: 'x'" in done.stderr
    assert (written(good), written(bad)) == ({"written"}, set())


def test_a_faulty_declaration_connects_to_nothing(project: Project, good: ThrowawayHost, bad: ThrowawayHost) -> None:
    project.inventory({"good": way(good, drivver={}), "bad": way(bad, ssh_hostname="192.0.2.1")})
    for done in (project.rig("apply", "--yes"), project.rig("plan")):
        assert (done.status, "drivver" in done.err) == (1, True)
    plain = project.pyinfra("-y", "inventory", "deploy.py")
    assert (plain.returncode, "drivver" in plain.stderr, "Connected" in plain.stderr) == (1, True, False)
    assert written(good) == set()
