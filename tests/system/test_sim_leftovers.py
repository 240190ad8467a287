"""Nothing of a throw-away host stays on the machine, however it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sim import programs
from sim.errors import SimulationError
from sim.host.record import Record, disks_dir, load, records, sweep
from sim.host.throwaway import ThrowawayHost, existing

pytestmark = [pytest.mark.system, pytest.mark.alone]

REPOSITORY = Path(__file__).resolve().parents[2]
OWNER = """
import signal, sys, time
from sim.host.throwaway import ThrowawayHost
# What a shell starts in the background is born deaf to it.
signal.signal(signal.SIGINT, signal.default_int_handler)
with ThrowawayHost("attic") as host:
    print(host.id, flush=True)
    {then}
"""


def traces(record: Record) -> list[str]:
    """All that can still be seen of a host on this machine."""
    found = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if record.disk in line]
    # os.walk passes over what ends while it looks; Path.rglob does not.
    groups = (f"{folder}/{name}" for folder, names, _ in os.walk("/sys/fs/cgroup") for name in names)
    found += [group for group in groups if record.token in Path(group).name]
    found += [
        link["ifname"] for link in json.loads(programs.run(["ip", "-json", "link"])) if record.token in link["ifname"]
    ]
    found += [line for line in programs.run(["ip", "netns"]).splitlines() if record.token in line]
    found += [line for line in programs.run(["nft", "list", "tables"]).splitlines() if record.token in line]
    found += [str(path) for path in (record.folder, Path(record.disk)) if path.exists()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue  # ended since it was listed
        if record.token.encode() in words:
            found.append(words.decode(errors="replace"))
    return found


def eventually(condition: Callable[[], bool], timeout: float = 20) -> bool:
    deadline = time.monotonic() + timeout
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.fixture
def owner() -> Iterator[Callable[[str], tuple[subprocess.Popen[str], Record]]]:
    """Starts a process that owns a host and then does something; gives both once the host is up."""
    started: list[subprocess.Popen[str]] = []

    def start(then: str) -> tuple[subprocess.Popen[str], Record]:
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER.format(then=then)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert name, process.communicate()[1]
        return process, existing(name).record

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_host_that_ran_leaves_nothing() -> None:
    with ThrowawayHost("attic") as host:
        record = host.record
        assert len(traces(record)) > 5
    assert traces(record) == []


def test_an_error_in_the_block_ends_it() -> None:
    with pytest.raises(RuntimeError, match="of the test"), ThrowawayHost("attic") as host:
        record = host.record
        raise RuntimeError("of the test")
    assert traces(record) == []


def test_a_host_that_cannot_boot_leaves_nothing_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Record] = []
    create = ThrowawayHost.create

    def broken(host: ThrowawayHost) -> None:
        create(host)
        made.append(host.record)
        (host.root / "usr/local/lib/rigwright-sim/init").write_text("#!/bin/sh\necho no init today\nexit 1\n")

    monkeypatch.setattr(ThrowawayHost, "create", broken)
    with pytest.raises(SimulationError, match="did not start: no init today"), ThrowawayHost("attic"):
        pass
    assert traces(made[0]) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_host_ends_with_its_owner(
    owner: Callable[[str], tuple[subprocess.Popen[str], Record]], number: signal.Signals
) -> None:
    process, record = owner("time.sleep(600)")
    process.send_signal(number)
    process.wait(30)
    assert eventually(lambda: traces(record) == []), traces(record)


def test_what_a_killed_supervisor_left_goes_with_the_next_start(
    owner: Callable[[str], tuple[subprocess.Popen[str], Record]],
) -> None:
    process, _ = owner("time.sleep(600)")
    record = next(record for record in records() if record.owner and record.owner.pid == process.pid)
    assert record.supervisor is not None
    os.kill(record.supervisor.pid, signal.SIGKILL)
    process.kill()
    process.wait(30)
    assert traces(record)
    with ThrowawayHost("cellar"):
        assert traces(record) == []


def test_a_sweep_lets_the_living_be() -> None:
    with ThrowawayHost("attic") as host:
        assert host.id not in sweep()
        assert host.answers()


def test_a_host_of_an_earlier_boot_of_the_machine_is_swept() -> None:
    host = ThrowawayHost("attic", owned=False)
    host.create()
    record = load(host.record.folder)
    record.machine_boot = "another"
    record.save()
    assert host.id in sweep()
    assert traces(record) == []


def test_a_disk_without_a_host_is_swept() -> None:
    # As after a reboot of the machine, which forgets the hosts but not the cache.
    disk = disks_dir() / f"gone-{os.getpid()}"
    (disk / "store" / "upper").mkdir(parents=True)
    sweep()
    assert not disk.exists()


def test_two_of_one_name_run_side_by_side() -> None:
    with ThrowawayHost("attic") as one, ThrowawayHost("attic") as other:
        assert one.id != other.id
        assert one.address != other.address
        one.run("echo one > /etc/which")
        assert other.run("cat /etc/which", check=False).returncode != 0
        one.kill()
        assert other.answers()


def rig_sim(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim", *words], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_detached_host_stays_until_it_is_taken_down() -> None:
    name = f"kept-{os.getpid()}"
    try:
        up = rig_sim("up", "--detach", "--root", "bare", "--gpus", "2", "--driver", "580.95.05", "--name", name)
        assert up.returncode == 0, up.stderr
        record = existing(name).record
        assert f"ssh {name}" in up.stdout
        assert rig_sim("ssh", name, "--", "nvidia-smi -L | wc -l").stdout == "2\n"
        assert rig_sim("ssh", name, "--", "echo", "two  words").stdout == "two  words\n"
        assert any(line.startswith(name) and "running" in line for line in rig_sim("list").stdout.splitlines())
        again = rig_sim("up", "--detach", "--root", "bare", "--name", name)
        assert again.returncode == 1
        assert "already there" in again.stderr
    finally:
        down = rig_sim("down", name)
    assert down.returncode == 0, down.stderr
    assert traces(record) == []
