"""A control group of its own for each host: two that met in one would end each other's processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from sim.errors import SimulationError


def create(token: str) -> Path:
    """The host's group in the machine's unified hierarchy, made if it is not there; gives its folder."""
    folder = _unified() / _name(token)
    folder.mkdir(exist_ok=True)
    return folder


def remove(token: str) -> None:
    """SIGKILL to every process in the group at once, as a power cut; then the group goes, in every hierarchy.

    A group that has been killed must not be used again: a recent kernel (seen on 6.18) also kills what systemd later
    starts straight into a group below it.
    """
    _kill(token)
    for top in (_unified(), *_named_systemd()):
        for below, _, _ in os.walk(top / _name(token), topdown=False):
            _rmdir(Path(below))


def _kill(token: str) -> None:
    folder = _unified() / _name(token)
    deadline = time.monotonic() + 10
    while any(_processes(folder)):
        if time.monotonic() > deadline:
            raise SimulationError(f"processes of {folder.name} outlive SIGKILL: {sorted(_processes(folder))}")
        if (folder / "cgroup.kill").exists():
            (folder / "cgroup.kill").write_text("1")
        else:  # kernels before 5.14
            for pid in _processes(folder):
                _signal(pid)
        time.sleep(0.01)


def _rmdir(folder: Path) -> None:
    deadline = time.monotonic() + 5
    while folder.exists():
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            # The kernel lets go of a group a moment after its last process.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _name(token: str) -> str:
    return f"rigwright-sim-{token}"


def _processes(folder: Path) -> Iterator[int]:
    for below, _, files in os.walk(folder):
        if "cgroup.procs" in files:
            try:
                yield from (int(line) for line in (Path(below) / "cgroup.procs").read_text().split())
            except (FileNotFoundError, OSError):
                continue  # removed since it was listed


def _signal(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _unified() -> Path:
    for kind, _, target in _mounts():
        if kind == "cgroup2":
            return target
    raise SimulationError("this machine has no unified cgroup hierarchy (cgroup2) mounted")


def _named_systemd() -> list[Path]:
    return [target for kind, options, target in _mounts() if kind == "cgroup" and "name=systemd" in options.split(",")]


def _mounts() -> Iterator[tuple[str, str, Path]]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        yield kind, options, Path(before.split()[4])
