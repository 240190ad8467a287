"""The proof's frame on real hosts: three answers, one connection, hosts that cannot be asked, in every format."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from rigwright.engine.proof import PARTS
from sim.host.throwaway import ThrowawayHost
from tests.system.engine_project import LIMIT_S, ROOT, Project, way

pytestmark = pytest.mark.system

TESTS = '''
"""Answers of every kind."""

from tests.host.answers import could_not_tell, proves


@proves("base.hostname")
def test_hostname(rig, host):
    """The host has its name."""
    name = host.run("hostname").stdout.strip()
    assert name == "first", f"the host name is {name}, declared first"


@proves("base.time_sync")
def test_clock():
    could_not_tell("no clock of its own in a container")


def test_rights(host):
    assert host.user().name == "root"
'''


@pytest.fixture(scope="module")
def first() -> Iterator[ThrowawayHost]:
    with ThrowawayHost("first") as host:
        yield host


@pytest.fixture(scope="module")
def second() -> Iterator[ThrowawayHost]:
    with ThrowawayHost("second") as host:
        yield host


@pytest.fixture
def project(tmp_path: Path, first: ThrowawayHost, second: ThrowawayHost) -> Project:
    for host in (first, second):
        host.start()
    folder = tmp_path / "tests/host"
    folder.mkdir(parents=True)
    for name in ("__init__.py", "answers.py", "conftest.py", "ssh.py", "target.py"):
        shutil.copy(ROOT / "tests/host" / name, folder)
    (tmp_path / "tests/__init__.py").touch()
    for layer in PARTS:
        (folder / f"test_{layer}.py").write_text("")
    (folder / "test_base.py").write_text(TESTS)
    made = Project(tmp_path)
    made.deploy("")
    made.inventory({"first": way(first), "second": way(second, "admin")})
    return made


def test_three_answers_are_kept_apart(project: Project, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    ran = project.rig("verify", "--json", "--junit", str(junit))
    assert ran.status == 1, ran.err
    assert ran.hosts["first"]["counts"] == {"holds": 2, "falls short": 0, "could not tell": 1}
    assert ran.hosts["second"]["counts"] == {"holds": 1, "falls short": 1, "could not tell": 1}
    [short] = [answer for answer in ran.hosts["second"]["answers"] if answer["answer"] == "falls short"]
    assert (short["title"], short["keys"]) == ("The host has its name", ["base.hostname"])
    assert short["message"] == "the host name is second, declared first"
    suites = {suite.get("name"): suite for suite in ET.parse(junit).getroot()}
    assert {name: (suite.get("failures"), suite.get("skipped")) for name, suite in suites.items()} == {
        "first": ("0", "1"),
        "second": ("1", "1"),
    }


def test_what_could_not_be_told_is_counted_and_does_not_fail_the_proof(project: Project) -> None:
    ran = project.rig("verify", "first")
    assert ran.status == 0
    assert "first: base: clock: could not tell: no clock of its own in a container" in ran.out
    assert "first: 2 hold, 1 could not be told" in ran.out


def test_what_could_not_be_told_is_status_3_where_that_is_asked_for(project: Project) -> None:
    ran = project.rig("verify", "first", "--strict")
    assert ran.status == 3
    assert "first: 2 hold, 1 could not be told" in ran.out
    assert project.rig("verify", "second", "--strict").status == 1, "what falls short comes first"


def test_the_whole_proof_is_one_connection(project: Project, first: ThrowawayHost) -> None:
    before = _logins(first)
    ran = project.rig("verify", "first", "--json")
    assert ran.hosts["first"]["counts"]["holds"] == 2
    assert _logins(first) - before == 1


def _logins(host: ThrowawayHost) -> int:
    """So many connections sshd has let in, by its own account. The host is asked past its sshd."""
    host.run("journalctl --sync")
    return host.run("journalctl -q -o cat -t sshd -t sshd-session").stdout.count("Accepted publickey")


def test_a_layer_alone(project: Project) -> None:
    ran = project.rig("verify", "--layer", "base", "--limit", "fir*", "--json")
    assert (list(ran.hosts), {answer["layer"] for answer in ran.hosts["first"]["answers"]}) == (["first"], {"base"})


@pytest.mark.parametrize("trouble", ["wrong key", "no root", "nobody listens", "unknown host key", "changed host key"])
def test_a_host_that_cannot_be_asked_is_one_error_and_the_others_are_proved(
    project: Project, first: ThrowawayHost, second: ThrowawayHost, tmp_path: Path, trouble: str
) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text(f"{second.address} {first.known_hosts.read_text().split(maxsplit=1)[1].splitlines()[0]}\n")
    data, text = {
        "wrong key": (way(second, ssh_key=str(first.ssh_key)), "Permission denied"),
        "no root": (way(second, "admin", _sudo=False), "the proof needs root's rights"),
        "nobody listens": (way(second, ssh_port=9), "Connection refused"),
        "unknown host key": (way(second, ssh_known_hosts_file="/dev/null"), "Host key verification failed"),
        "changed host key": (way(second, ssh_known_hosts_file=str(foreign)), "key has CHANGED: it shows SHA256:"),
    }[trouble]
    project.inventory({"first": way(first), "second": data})
    ran = project.rig("verify", "--json", "--junit", str(tmp_path / "junit.xml"))
    assert ran.status == 3
    assert (ran.hosts["second"]["reached"], ran.hosts["second"]["answers"]) == (False, [])
    assert text in ran.hosts["second"]["error"]
    assert ran.hosts["first"]["counts"]["holds"] == 2
    suites = {suite.get("name"): suite.get("errors") for suite in ET.parse(tmp_path / "junit.xml").getroot()}
    assert suites == {"first": "0", "second": "1"}


def test_a_host_lost_on_the_way_is_not_asked_again(project: Project, second: ThrowawayHost, tmp_path: Path) -> None:
    (tmp_path / "tests/host/test_access.py").write_text("""
from tests.host.answers import could_not_tell

def test_off(host):
    host.run("pkill -KILL -f '[s]shd.*admin'")

def test_more(host):
    assert host.run("true").rc == 0
""")
    ran = project.rig("verify", "second", "--layer", "access", "--json")
    assert ran.status == 3
    assert "was lost" in ran.hosts["second"]["error"]
    assert ran.hosts["second"]["counts"] == {"holds": 0, "falls short": 0, "could not tell": 2}


def test_a_skip_is_no_answer(project: Project, tmp_path: Path) -> None:
    """What is skipped here is the subject: somebody's test of a host that proves nothing counts as falling short."""
    (tmp_path / "tests/host/test_access.py").write_text(
        "import pytest\n\ndef test_lazy(host):\n    pytest.skip('later')\n"
    )
    ran = project.rig("verify", "first", "--layer", "access", "--json")
    assert (ran.status, ran.hosts["first"]["counts"]["falls short"]) == (1, 1)


def test_pytest_alone_proves_a_machine_in_the_declared_ones_place(
    project: Project, first: ThrowawayHost, second: ThrowawayHost
) -> None:
    project.inventory({"somewhere": {"ssh_known_hosts_file": str(first.known_hosts)}})
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "tests/host", "--rig", "somewhere", "-q",
            "--hosts", f"ssh://root@{first.address}", "--ssh-identity-file", str(first.ssh_key),
        ],
        cwd=project.folder, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(project.folder)},
        capture_output=True, text=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "2 passed, 1 could not tell" in done.stdout
    assert "no clock of its own in a container" in done.stdout


def _proof(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "tests/host", "-q", *arguments],
        cwd=project.folder, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(project.folder)},
        capture_output=True, text=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip


@pytest.mark.parametrize(("declared", "user"), [("root", "admin"), ("admin", "root")])
def test_who_comes_in_decides_about_sudo(project: Project, first: ThrowawayHost, declared: str, user: str) -> None:
    project.inventory({"somewhere": way(first, declared)})
    first.run("mv /usr/bin/sudo /usr/bin/sudo.away" if user == "root" else "true")
    try:
        done = _proof(project, "--rig", "somewhere", "--hosts", f"ssh://{user}@{first.address}")
    finally:
        first.run("[ ! -e /usr/bin/sudo.away ] || mv /usr/bin/sudo.away /usr/bin/sudo")
    assert done.returncode == 0, done.stdout


def test_a_file_of_sshs_own_says_how_to_reach_it(project: Project, first: ThrowawayHost) -> None:
    """As vagrant and cloud images give it: another port, another user, no known key; named as one would type it."""
    project.inventory({"somewhere": {}})
    first.run("printf 'Port 22\\nPort 2200\\n' > /etc/ssh/sshd_config.d/ports.conf && systemctl reload ssh")
    (project.folder / "vm.cfg").write_text(
        f"Host vm\n  HostName {first.address}\n  Port 2200\n  User admin\n  IdentityFile {first.ssh_key}\n"
        "  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n"
    )
    done = _proof(project, "--rig", "somewhere", "--hosts", "ssh://vm", "--ssh-config", "vm.cfg")
    assert done.returncode == 0, done.stdout
    done = _proof(project, "--rig", "somewhere", "--hosts", "ssh://vm", "--ssh-config", "nowhere.cfg")
    assert (done.returncode, "nowhere.cfg: there is no such file" in done.stderr) == (4, True)


def test_pytest_says_what_it_lacks(project: Project) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "tests/host", *arguments], cwd=project.folder, capture_output=True,
            text=True, check=False, timeout=LIMIT_S, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    assert (run()[0], "--rig NAME, or --rig all" in run()[1]) == (4, True)
    status, said = run("--rig", "frist")
    assert (status, "Did you mean 'first'?" in said) == (4, True)
    status, said = run("--rig", "first", "--set", "driver.brnch=1")
    assert (status, "did you mean driver.branch?" in said) == (4, True)


def test_the_document_of_a_faulty_declaration(project: Project) -> None:
    project.inventory({"first": {"drivver": {}}})
    for command in (("verify",), ("plan",), ("apply", "--yes")):
        ran = project.rig(*command, "--json")
        document = json.loads(ran.out)
        assert (ran.status, document["exit_status"], document["hosts"]) == (1, 1, [])
        assert [fault["key"] for fault in document["faults"]] == ["drivver"]
