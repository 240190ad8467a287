"""A project of throw-away hosts, and the commands that its owner would type in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.trial import Trial, merged, write_project
from sim.host.reachable import Reachable
from tests.system.locked_models import write_lock

REPOSITORY = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Site:
    """A project's folder."""

    project: Path

    def run(
        self, *command: str, check: bool = False, timeout: float = 1800, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the virtual environment in the project's folder."""
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=self.project, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=timeout, check=False, **more,
        )  # fmt: skip
        assert not check or done.returncode == 0, said(done)
        return done

    def rig(self, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run `rig`."""
        return self.run("rig", *arguments, check=check)

    def apply(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `rig apply --yes`, which must succeed."""
        return self.rig("apply", "--yes", *arguments, check=True)

    def document(self, *arguments: str) -> dict[str, Any]:
        """What `rig … --json` says; its exit status is in it."""
        done = self.rig(*arguments, "--json")
        try:
            found: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            raise AssertionError(f"not one JSON document ({error}): {said(done)}") from None
        assert found["exit_status"] == done.returncode, said(done)
        return found

    def unproven(self, kind: str, seconds: int, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `rig`, of which something ends badly: see `tests.system.unproven`."""
        path = os.pathsep.join(part for part in (str(REPOSITORY), os.environ.get("PYTHONPATH")) if part)
        return subprocess.run(
            [sys.executable, "-m", "tests.system.unproven", kind, str(seconds), *arguments],
            cwd=self.project, env={**environment(), "PYTHONPATH": path}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", timeout=300, check=False,
        )  # fmt: skip


def environment() -> dict[str, str]:
    """This process's, without what would make the owner's commands behave otherwise than at a plain prompt."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "RIG"))}


def said(done: subprocess.CompletedProcess[str]) -> str:
    """A command's whole story, for assertions."""
    return f"{done.args} ended with {done.returncode}\n--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}"


def reached(host: Reachable, user: str = "root") -> dict[str, Any]:
    """The keys that lead to a throw-away host."""
    return {
        "ssh_hostname": host.address,
        "ssh_port": host.ssh_port,
        "ssh_user": user,
        "ssh_key": str(host.ssh_key),
        "ssh_known_hosts_file": str(host.known_hosts),
    }


def site(folder: Path, hosts: Mapping[Any, Mapping[str, Any]], like: str | None = None) -> Site:
    """A project in which each host has this declaration, and the keys that lead to it."""
    trials = {host.name: Trial(like, merged(declared, reached(host))) for host, declared in hosts.items()}
    project = write_project(folder, REPOSITORY, trials)
    write_lock(project)
    return Site(project)
