"""An apply that is cut off anywhere is finished by running it again, and ends in the very same state."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from tests.system.declared import declared
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.site import BIN, Site, environment, said, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

SEED = 3090
CUTS = 20
LONGEST_WAIT_S = 2.0
WAYS = ("the client is killed", "the host's sshd is killed", "the host is killed")

STATE = (
    "dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\\n'; apt-mark showhold; dpkg --audit; "
    "cd /etc && find . -xdev -type f "
    r"! -path './ssh/ssh_host_*' ! -name '*.cache' ! -name 'machine-id' ! -name '*-' ! -name 'shadow' ! -name 'passwd' "
    r"! -path './ssl/certs/*' ! -path './apparmor.d/*' ! -path './resolv.conf' ! -path './hosts' "
    "-printf '%m %u %g %p ' -exec sh -c 'sha256sum < \"$1\"' _ {} \\; | sort; "
    "find / -xdev \\( -name '*.rigwright*' -o -name '.rigwright*' \\) -not -path '/proc/*'; "
    "nft list table inet rigwright"
)
"""Packages and holds, every file of /etc, and what a half-done write would leave behind."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, vendors: Any) -> Iterator[str]:
    """The state after an apply that nothing disturbed."""
    with gpu_host("basement", "trixie") as host:
        site(tmp_path_factory.mktemp("whole"), {host: declared(vendors, "trixie")}).apply()
        yield host.run(STATE).stdout


def test_twenty_cuts(tmp_path: Path, vendors: Any, whole: str) -> None:
    chance = random.Random(SEED)
    with gpu_host("basement", "trixie") as host:
        server = site(tmp_path, {host: declared(vendors, "trixie")})
        pending = [each for each in server.document("plan")["hosts"][0]["operations"] if each["status"] != "unchanged"]
        done_cuts = 0
        for cut in range(CUTS):
            # Each cut falls some operations further on than the last one, so that all of the deploy is cut somewhere.
            operations = chance.randint(1, max(2, 2 * len(pending) // CUTS))
            done_cuts += _cut(server, host, operations, chance.uniform(0, LONGEST_WAIT_S), WAYS[cut % len(WAYS)])
        assert done_cuts >= CUTS - 2, f"only {done_cuts} of {CUTS} applies were still running when they were to be cut"

        server.apply()
        plan = server.document("plan")
        assert plan["exit_status"] == 0, changes(plan)
        proof = server.document("verify")
        assert proof["exit_status"] == 0, changes(proof)
        assert host.run(STATE).stdout == whole


def _cut(server: Site, host: ThrowawayHost, operations: int, wait_s: float, way: str) -> bool:
    """Apply, and after so many operations have begun to change things, and so many seconds, cut it off."""
    with subprocess.Popen(
        [str(BIN / "rig"), "apply", "--yes"], cwd=server.project, env=environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as client:  # fmt: skip
        assert client.stdout is not None
        lines = []
        for line in client.stdout:
            lines.append(line)
            operations -= line.rstrip().endswith("…")
            if operations <= 0:
                break
        time.sleep(wait_s)
        was_running = client.poll() is None
        if way == "the client is killed":
            client.kill()
        elif way == "the host's sshd is killed":
            host.run(
                "pkill -KILL -x sshd; pkill -KILL -x sshd-session; sleep 0.2; "
                "systemctl reset-failed ssh; systemctl start ssh"
            )
        else:
            host.kill()
            host.start()
        rest = client.communicate(timeout=180)[0]
        if way != "the client is killed" and was_running:
            assert client.returncode in (0, 1, 3), said(
                subprocess.CompletedProcess(client.args, client.returncode, "".join(lines) + rest, "")
            )
            assert "Traceback" not in rest
    return was_running


def test_ctrl_c_says_what_was_done_and_how_to_go_on(tmp_path: Path, vendors: Any) -> None:
    with gpu_host("basement", "trixie") as host:
        server = site(tmp_path, {host: declared(vendors, "trixie")})
        with subprocess.Popen(
            [str(BIN / "rig"), "apply", "--yes", "--layer", "base"], cwd=server.project, env=environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as client:  # fmt: skip
            assert client.stdout is not None
            begun = 0
            text = ""
            for line in client.stdout:
                text += line
                begun += line.rstrip().endswith("…")
                if begun == 3:
                    client.send_signal(signal.SIGINT)
                    break
            text += client.communicate(timeout=300)[0]
        assert client.returncode == 130, text
        assert "Run the same again to go on" in text
        server.apply("--layer", "base")
        assert server.document("plan", "--layer", "base")["exit_status"] == 0
