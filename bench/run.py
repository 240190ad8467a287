"""One run of one program, and what it said that it found."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_WORDS = 25
"""How many of a program's last lines are shown when it did not find what it should."""


class BenchError(Exception):
    """The run measures nothing, and why."""


@dataclass(frozen=True)
class Said:
    """A program's exit status, and all that it wrote."""

    status: int
    text: str

    def last_words(self) -> str:
        """Its status and its last lines, for people."""
        lines = [line for line in self.text.splitlines() if line.strip()]
        return _listed(f"it ended with status {self.status}, and said", lines[-_WORDS:])


def run(command: list[str], folder: Path, said: str = "", environment: Mapping[str, str] | None = None) -> Said:
    """Run a program in ``folder`` to its end; ``said`` is its input, ``environment`` (None: ours) all of its own."""
    done = subprocess.run(
        command,
        cwd=folder,
        input=said,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Said(done.returncode, done.stdout)


def program(name: str) -> str:
    """A program of the Python environment that this runs in. Raises BenchError when it is not there."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise BenchError(f"{name} is not beside {sys.executable}: `make bench` installs it (requirements-bench.lock)")
    return found


def cores() -> int:
    """On how many processors this process may run."""
    return len(os.sched_getaffinity(0))


# What each of them says in the end. Nothing found where it is looked for is never taken for "nothing to do".


def rig_found(said: Said) -> str | None:
    """Why `rig plan` did not find everything as declared; None: it did."""
    return None if said.status == 0 else said.last_words()


def pyinfra_found(said: Said) -> str | None:
    """The same for pyinfra's table of results: operations, success (there was something to do), error, no change."""
    total = re.search(r"^\s*Grand total\s+(\d+)\s+(\S+)\s+(\S+)\s+(\d+)\s*$", said.text, flags=re.MULTILINE)
    if said.status or total is None:
        return said.last_words()
    operations, changed, failed, unchanged = total.groups()
    if (changed, failed) == ("-", "-") and operations == unchanged != "0":
        return None
    did = re.findall(r"^\s*\S.*\|.*\s1\s+1\s+-\s+-\s*$", said.text, flags=re.MULTILINE)
    return _listed(f"{unchanged} of {operations} operations had nothing to do; these had", did)


def ansible_found(said: Said) -> str | None:
    """The same for Ansible's recap, of one host."""
    recap = re.search(r"^\S+\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=0\s+failed=0\s", said.text, flags=re.MULTILINE)
    if said.status or recap is None or recap[1] == "0":
        return said.last_words()
    if recap[2] == "0":
        return None
    tasks = re.findall(r"^(?:TASK|RUNNING HANDLER) \[(.*)\] \**\n((?:.+\n)*)", said.text, flags=re.MULTILINE)
    did = [task for task, result in tasks if re.search(r"^changed:", result, flags=re.MULTILINE)]
    return _listed(f"it changed {recap[2]} of {recap[1]} tasks", did)


def _listed(title: str, lines: Iterable[str]) -> str:
    return "\n    ".join([f"{title}:", *map(str.strip, lines)])
