"""A real reboot of a throw-away host, which for that says that it is a machine: once, proved by the boot's identity."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.host.throwaway import ThrowawayHost
from tests.system.engine_project import Project, way

pytestmark = pytest.mark.system

DEPLOY = """
    import dataclasses
    from rigwright.facts.release import Release
    from rigwright.operations import reboot

    process = Release.process
    Release.process = lambda self, output: dataclasses.replace(process(self, output), container=None)
    reboot.if_needed(
        name="Reboot if needed", module={module!r}, words={words!r}, allowed={allowed}, new_kernel=False, wait_s=60
    )
    files.content(name="Go on afterwards", dest="/root/after", text="{words}")
"""


@pytest.fixture(scope="module")
def host() -> Iterator[ThrowawayHost]:
    with ThrowawayHost("basement") as host:
        yield host


@pytest.fixture
def project(tmp_path: Path, host: ThrowawayHost) -> Project:
    made = Project(tmp_path)
    (tmp_path / "config.py").write_text((Path(__file__).resolve().parents[2] / "config.py").read_text())
    made.inventory({"basement": way(host)})
    host.run("rm -rf /var/lib/rigwright/rebooted /root/after")
    return made


def deploys(project: Project, *words: str, module: str | None = None, allowed: bool | str = True) -> None:
    project.deploy(DEPLOY.format(module=module, words=list(words), allowed=allowed))


def boot(host: ThrowawayHost) -> str:
    return host.run("cat /proc/sys/kernel/random/boot_id").stdout


def test_it_reboots_once_and_goes_on(project: Project, host: ThrowawayHost) -> None:
    deploys(project, "a.word=1")
    before = boot(host)
    assert project.rig("plan").status == 2
    applied = project.rig("apply", "--yes")
    assert applied.status == 0, applied.out + applied.err
    assert boot(host) != before
    assert host.run("cat /root/after").stdout == "['a.word=1']"

    # The word is still not there: another reboot would not bring it either.
    now = boot(host)
    again = project.rig("apply", "--yes")
    assert again.status == 2, again.out + again.err
    assert "did not help" in again.out
    assert boot(host) == now

    # In a later boot the same reason has come up again.
    host.run("sed -i '$ s/.*/an earlier boot/' /var/lib/rigwright/rebooted")
    later = project.rig("apply", "--yes")
    assert later.status == 0, later.out + later.err
    assert boot(host) != now


def test_it_does_not_reboot_when_it_may_not(project: Project, host: ThrowawayHost) -> None:
    deploys(project, "a.word=1", allowed=False)
    before = boot(host)
    applied = project.rig("apply", "--yes")
    assert applied.status == 2, applied.out + applied.err
    assert "a reboot is needed, and not allowed" in applied.out
    assert boot(host) == before
    assert project.rig("plan").status == 2, "nothing else is pending, and the host is not as declared"
    assert host.run("cat /root/after").stdout, "what comes afterwards is done all the same"


def test_no_reboot_is_stronger_than_the_declaration(project: Project, host: ThrowawayHost) -> None:
    deploys(project, "a.word=1", allowed="rig_of(host).driver.reboot")
    project.inventory({"basement": way(host, driver={"branch": 580, "reboot": True})})
    before = boot(host)
    applied = project.rig("apply", "--yes", "--no-reboot")
    assert applied.status == 2, applied.out + applied.err
    assert "a reboot is needed, and not allowed" in applied.out
    assert boot(host) == before
    applied = project.rig("apply", "--yes")
    assert applied.status == 0, applied.out + applied.err
    assert boot(host) != before


def test_it_does_not_boot_a_kernel_without_the_driver(project: Project, host: ThrowawayHost) -> None:
    deploys(project, "a.word=1", module="nvidia")
    before = boot(host)
    applied = project.rig("apply", "--yes")
    assert applied.status == 2, "no kernel has the module: nothing is lost, and all else is done"
    assert "has no nvidia module" in applied.out + applied.err
    assert boot(host) == before


@pytest.mark.slow
def test_it_is_waited_for_where_sshd_has_been_moved_to(tmp_path: Path) -> None:
    """sshd is moved and proven, then the reboot: in one run, and another run finds the host as well."""
    project = Project(tmp_path)
    (tmp_path / "config.py").write_text((Path(__file__).resolve().parents[2] / "config.py").read_text())
    project.deploy("from tasks.access import access\n\naccess(rig_of(host))\n" + textwrap.dedent(DEPLOY).format(
        module=None, words=["a.word=1"], allowed=True
    ))  # fmt: skip
    with ThrowawayHost("basement") as host:
        project.inventory({"basement": way(host, access={"ssh": {"port": 2222}})})
        before = boot(host)
        applied = project.rig("apply", "--yes")
        assert applied.status == 0, applied.out + applied.err
        assert boot(host) != before
        assert host.run("cat /root/after").stdout == "['a.word=1']"
        again = project.rig("apply", "--yes")
        assert again.status == 2, again.out + again.err
        assert "rebooting did not help, and is not repeated" in again.out, "no boot of a container brings the word"
        assert "basement answers on port 2222, as declared in access.ssh.port" in again.out
