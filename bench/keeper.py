"""`python -m bench.keeper`: what rigd costs beside what people run today, on eight simulated cards, once a second.

All of them run side by side for the same time, after some seconds to start. CPU time is that of a process and of the
processes that it started; memory is the most that it and its children had at once; wakeups are voluntary switches of
all its threads.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.run import BenchError, cores
from rigd import pack
from sim.gpu.build import COMMAND, built
from sim.gpu.model import configuration
from sim.gpu.models import card

CARDS = 8
START_S = 8
SAMPLE_S = 0.5
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
SYSTEM_PYTHON = "/usr/bin/python3"
"""What rigd runs with on a host."""
QUERY = "index,temperature.gpu,fan.speed,power.draw,power.limit,clocks.gr,utilization.gpu,memory.used"


@dataclass(frozen=True)
class Cost:
    """CPU time in per cent of a core; kB; switches a second, None where it lives in short processes."""

    cpu_percent: float
    memory_kb: int
    wakeups_per_s: float | None


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.keeper", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    try:
        costs = measure(seconds)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    _show(costs, seconds)
    return 0


def measure(seconds: float) -> dict[str, Cost]:
    """What each of them costs. Raises BenchError where one ended by itself."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/dev/shm") as made, ExitStack() as stack:
        folder = Path(made)
        processes = {name: stack.enter_context(_running(command, folder)) for name, command in _ways(folder).items()}
        time.sleep(START_S)
        before = {name: _used(pid) for name, pid in processes.items()}
        most = dict.fromkeys(processes, 0)
        begun = time.monotonic()
        while (elapsed := time.monotonic() - begun) < seconds:
            for name, pid in processes.items():
                most[name] = max(most[name], _tree_kb(pid))
            time.sleep(SAMPLE_S)
        after = {name: _used(pid) for name, pid in processes.items()}
    costs = {}
    for name in processes:
        (cpu_before, woken_before), (cpu, woken) = before[name], after[name]
        wakeups = None if "nvidia-smi" in name else (woken - woken_before) / elapsed
        costs[name] = Cost(100 * (cpu - cpu_before) / elapsed, most[name], wakeups)
    return costs


def _ways(folder: Path) -> dict[str, Sequence[str]]:
    text = configuration(
        [card("rtx3090", index) for index in range(CARDS)], driver_version="580.95.05", state=str(folder / "state")
    )
    (folder / "gpus.conf").write_text(text)
    (folder / "rigd.pyz").write_bytes(pack.build())
    (folder / "rigd.json").write_text(
        json.dumps(
            {
                "version": 1,
                "supplies": {"main": {"budget_w": 2000}},
                "cards": [
                    {
                        "match": {"any": True},
                        "power": {"limit_w": 300, "draws": {"main": {"share": 1.0}}},
                        "clocks": {"graphics_mhz": [210, 1800]},
                        "fans": {"curve": [[40, 30], [80, 100]]},
                    }
                ],
            }
        )
    )
    places = ["--config", str(folder / "rigd.json"), "--status", str(folder / "status.json")]
    return {
        "rigd": [SYSTEM_PYTHON, "-I", str(folder / "rigd.pyz"), *places, "run"],
        "a shell loop over nvidia-smi --query-gpu": [
            "sh",
            "-c",
            f"while :; do {built() / COMMAND} --query-gpu={QUERY} --format=csv; sleep 1; done",
        ],
        "gpustat -i 1": [str(Path(sys.executable).with_name("gpustat")), "-i", "1"],
    }


@contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator[int]:
    """Start it on a terminal of its own, whose output is thrown away; end it at the end."""
    environment: Mapping[str, str] = {
        **os.environ,
        "RIGWRIGHT_SIM_GPUS": str(folder / "gpus.conf"),
        "LD_LIBRARY_PATH": str(built()),
        "TERM": "xterm",
    }
    ours, theirs = pty.openpty()
    drain = subprocess.Popen(["cat"], stdin=ours, stdout=subprocess.DEVNULL)
    process = subprocess.Popen(
        command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    try:
        yield process.pid
        if process.poll() is not None:
            raise BenchError(f"{command[0]} ended with {process.returncode}")
    finally:
        process.terminate()
        process.wait()
        drain.terminate()
        drain.wait()
        os.close(ours)
        os.close(theirs)


def _used(pid: int) -> tuple[float, int]:
    """CPU seconds of it and the children that have ended, and voluntary switches of its threads."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        own = (
            sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9
        )
        switches = sum(_switches(task) for task in Path(f"/proc/{pid}/task").iterdir())
    except OSError as error:
        raise BenchError(f"process {pid} has ended: {error}") from error
    return own + (int(fields[13]) + int(fields[14])) * TICK_S, switches


def _switches(task: Path) -> int:
    lines = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
    return int(lines["voluntary_ctxt_switches"])


def _tree_kb(pid: int) -> int:
    """Resident memory of it and its children, kB."""
    try:
        children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return sum(_resident_kb(each) for each in (pid, *children))
    except OSError:
        return 0  # one has just ended: the next sample


def _resident_kb(pid: int) -> int:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines.get("VmRSS", "0").split()[0])


def _show(costs: Mapping[str, Cost], seconds: float) -> None:
    table = Table(title=f"{CARDS} simulated cards, once a second, {seconds:g} s, {cores()} cores")
    for head in ("", "% of a core", "ratio", "CPU s an hour", "memory, MB", "ratio", "wakeups a second"):
        table.add_column(head, justify="right" if head else "left", no_wrap=not head)
    first = costs["rigd"]
    for name, cost in costs.items():
        table.add_row(
            name,
            f"{cost.cpu_percent:.2f}",
            f"{cost.cpu_percent / first.cpu_percent:.1f}",
            f"{cost.cpu_percent * 36:.1f}",
            f"{cost.memory_kb / 1000:.1f}",
            f"{cost.memory_kb / first.memory_kb:.1f}",
            "-" if cost.wakeups_per_s is None else f"{cost.wakeups_per_s:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
