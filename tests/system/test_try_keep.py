"""`rig try --keep`: what it says stays does stay, and what it says ends it ends all of it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cli.trial import Trial, write_project
from sim.cache import cache_dir, remove_tree
from sim.host.record import records as hosts
from sim.host.throwaway import existing
from sim.repository.record import records as servers
from tests.system.site import REPOSITORY, environment, said

pytestmark = [pytest.mark.system, pytest.mark.alone]

NAME = "kept-by-test"
# The deploy and the proof have tests of their own, and take minutes.
TRY = """
import os, sys
import cli.try_
cli.try_._whole_way = lambda project, said: {way}
cli.try_._answered = lambda project, said: 0
from cli.main import run
sys.exit(run(["try", *sys.argv[1:]]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    yield write_project(tmp_path, REPOSITORY, {NAME: Trial(None, {"driver": {"source": "distribution"}})})
    for record in hosts():
        if record.name == NAME:
            existing(record.id).destroy()
    for server in servers():
        if server.abandoned:
            server.tear_down()
    for project in (cache_dir() / "trial").glob(f"{NAME}-*"):
        remove_tree(project)


def _tries(project: Path, *arguments: str, way: str = "0", status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", TRY.format(way=way), *arguments], cwd=project, capture_output=True, text=True,
        check=False, timeout=300, stdin=subprocess.DEVNULL, env={**environment(), "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert done.returncode == status, said(done)
    return done


def _end(project: Path, command: Sequence[str]) -> None:
    ended = subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=False,
        env={**environment(), "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert ended.returncode == 0, said(ended)


def test_kept_until_the_command_that_it_shows(project: Path) -> None:
    before = {server.token for server in servers()}
    done = _tries(project, "--keep")
    [record] = [record for record in hosts() if record.name == NAME]
    assert existing(record.id).answers(), "the host is there after rig has ended"
    left = [server for server in servers() if server.token not in before]
    assert [(server.host, server.abandoned) for server in left] == [(record.id, False)]
    [end] = [line.partition("#")[0] for line in done.stdout.splitlines() if " sim down " in line]
    _end(project, shlex.split(end))
    assert NAME not in {record.name for record in hosts()}
    assert not {server.token for server in left} & {server.token for server in servers()}
    assert not left[0].folder.exists()


def test_what_is_kept_goes_together_however_rig_ended(project: Path) -> None:
    _tries(project, "--keep", way="os.kill(os.getpid(), 9)", status=-9)
    [record] = [record for record in hosts() if record.name == NAME]
    assert existing(record.id).answers()
    [left] = [server for server in servers() if server.host == record.id]
    _end(project, [sys.executable, "-m", "sim", "down", record.id])
    assert left.token not in {server.token for server in servers()}


def test_gone_otherwise(project: Path) -> None:
    before = {server.token for server in servers()}
    done = _tries(project)
    assert "rig try --keep leaves it there" in done.stdout
    assert NAME not in {record.name for record in hosts()}
    assert {server.token for server in servers()} <= before
