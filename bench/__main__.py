"""`make bench`: what does looking cost when there is nothing to do?

One throw-away host in the declared state (layers base, access and tuning). The ways of looking at it take turns, so
that a machine that slows down slows all of them; figures are medians, and ratios to `rig plan`.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.trial import Trial, write_project
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import prefetched

ROUNDS = 5
REPOSITORY = Path(__file__).resolve().parents[1]
LAYERS = "base,access,tuning"
SCRIPT = Path(__file__).with_name("look.sh")


def main() -> None:
    """Measure and print."""
    with ThrowawayHost("basement", root=prefetched("trixie")) as host, tempfile.TemporaryDirectory() as folder:
        ours = _project(Path(folder) / "ours", host)
        plain = _project(Path(folder) / "plain", host)
        # Without it pyinfra is as its authors made it; the operations are the same.
        (plain / "config.py").write_text("")
        _run([_bin("rig"), "apply", "--yes", "--layer", LAYERS], ours)
        ways: dict[str, Callable[[], None]] = {
            "rig plan": lambda: _run([_bin("rig"), "plan", "--layer", LAYERS], ours),
            "pyinfra -y inventory deploy.py": lambda: _pyinfra(ours, "inventory"),
            "the same, pyinfra unchanged": lambda: _pyinfra(plain, "inventory/trial.py"),
            "a script by hand, one ssh": lambda: _run([*host.ssh_args(), "sh -s"], ours, SCRIPT.read_text()),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS + 1):
            for name, look in ways.items():
                began = time.monotonic()
                look()
                times[name].append(time.monotonic() - began)
        _show({name: measured[1:] for name, measured in times.items()})  # the first round warms up


def _project(folder: Path, host: ThrowawayHost) -> Path:
    reached = {
        "ssh_hostname": host.address,
        "ssh_key": str(host.ssh_key),
        "ssh_known_hosts_file": str(host.known_hosts),
    }
    return write_project(folder, REPOSITORY, {"basement": Trial("basement", reached)})


def _pyinfra(project: Path, inventory: str) -> None:
    _run([_bin("pyinfra"), "-y", inventory, "deploy.py", "--data", f"layers={LAYERS}"], project)


def _bin(name: str) -> str:
    return shutil.which(name, path=str(Path(sys.executable).parent)) or name


def _run(command: list[str], folder: Path, said: str | None = None) -> None:
    subprocess.run(command, cwd=folder, input=said or "", capture_output=True, text=True, check=True)


def _show(times: dict[str, list[float]]) -> None:
    base = statistics.median(times["rig plan"])
    table = Table("nothing to do", "median s", "least to most", "ratio to rig plan", title=f"{ROUNDS} rounds in turn")
    for name, measured in times.items():
        middle = statistics.median(measured)
        table.add_row(name, f"{middle:.2f}", f"{min(measured):.2f} to {max(measured):.2f}", f"{middle / base:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
