"""A small project of its own for tests of the engine: two throw-away hosts and a deploy in the test's words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.host.throwaway import ThrowawayHost

ROOT = Path(__file__).resolve().parents[2]
PRELUDE = """
from pyinfra import host
from pyinfra.api import FactBase, deploy, operation
from rigwright.engine.reasons import because
from rigwright.operations import files
from rigwright.spec.load import rig_of

rig_of(host)


@operation()
def steps(commands):
    for number, command in enumerate(commands):
        if number == 0:
            because("there is something to do")
        yield command
"""
LIMIT_S = 180


@dataclass
class Project:
    """A folder with deploy.py and inventory/, and `rig` run in it."""

    folder: Path

    def deploy(self, text: str) -> None:
        """What deploy.py does after the prelude."""
        (self.folder / "deploy.py").write_text(PRELUDE + textwrap.dedent(text))

    def inventory(self, hosts: Mapping[str, Mapping[str, Any]]) -> None:
        """The hosts and their data, on top of a sound declaration (which the deploy of the tests does not look at)."""
        entries = [(name, {"driver": {"branch": 580}, **data}) for name, data in hosts.items()]
        (self.folder / "inventory").mkdir(exist_ok=True)
        (self.folder / "inventory/lab.py").write_text(f"lab = {entries!r}\n")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`rig` in a process group of its own, as a shell starts it."""
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )

    def rig(self, *arguments: str) -> Ran:
        """`rig` from start to end."""
        return finished(self.start(*arguments))

    def pyinfra(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """pyinfra's own command line."""
        return subprocess.run(
            [str(Path(sys.executable).parent / "pyinfra"), *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=LIMIT_S, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """How a `rig` ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        """The hosts of --json's document, by name."""
        return {host["host"]: host for host in json.loads(self.out)["hosts"]}


def finished(process: subprocess.Popen[str]) -> Ran:
    """Wait for it. One that hangs fails the test, and is ended."""
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Ran(process.returncode, out, err)


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it is so; fails after a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def way(host: ThrowawayHost, user: str = "root", **more: Any) -> dict[str, Any]:
    """The connection data of a throw-away host."""
    return {
        "ssh_hostname": host.address,
        "ssh_user": user,
        "ssh_key": str(host.ssh_key),
        "ssh_known_hosts_file": str(host.known_hosts),
        **more,
    }
