"""`rig try`, all of it, with the declaration of the reference machine; then everything that it says to type next."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from sim.host.record import records as hosts
from sim.host.throwaway import existing
from sim.repository.record import records as servers
from sim.repository.record import sweep
from tests.system.site import BIN, REPOSITORY, environment, said

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Iterator[subprocess.CompletedProcess[str]]:
    """`rig try --keep`, with these options. What it left is ended where a failure kept the test from ending it."""
    done = _typed(f"{BIN / 'rig'} try --keep {request.param}")
    yield done
    if _kept(done) in {record.id for record in hosts()}:
        existing(_kept(done)).destroy()
    sweep()


@pytest.mark.parametrize("tried", ["--release trixie", "--release bookworm --driver nvidia"], indirect=True)
def test_the_whole_way_and_what_to_type_next(tried: subprocess.CompletedProcess[str]) -> None:
    assert tried.returncode == 0, said(tried)
    show, break_it, plan, verify, apply, ask, end = _next_lines(tried.stdout)

    assert "GeForce RTX 3090" in _ends(0, show)
    _ends(0, break_it)
    planned = _ends(2, plan)
    assert "not held: libcuda1" in planned and "x11forwarding is yes, wanted no" in planned
    proved = _ends(1, verify)
    assert "libcuda1" in proved and "x11forwarding yes, declared no" in proved
    _ends(0, f"{apply.partition('#')[0]} --yes")  # nobody is there to be asked
    _ends(0, plan)
    _ends(0, verify)
    assert _ends(0, ask).strip()

    _ends(0, end)
    assert _kept(tried) not in _ends(0, f"{BIN / 'python'} -m sim list")
    assert _kept(tried) not in {server.host for server in servers()}


def _typed(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line as a shell does where the clone is."""
    return subprocess.run(
        line, shell=True, cwd=REPOSITORY, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", timeout=1800, check=False,
    )  # fmt: skip


def _ends(status: int, line: str) -> str:
    done = _typed(line)
    assert done.returncode == status, said(done)
    return done.stdout


def _kept(tried: subprocess.CompletedProcess[str]) -> str:
    """The host that is left, by the command that ends it."""
    found = re.search(r" -m sim down (\S+)", tried.stdout)
    assert found, said(tried)
    return found[1]


def _next_lines(text: str) -> list[str]:
    return [line.strip() for line in text.partition("What to type next")[2].splitlines() if line.startswith("  ")]
