"""An apply that is cut off anywhere is finished by running it again, and ends in the very same state."""

from __future__ import annotations

import random
import select
import signal
import subprocess
from difflib import unified_diff
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sim.host.throwaway import ThrowawayHost
from tests.system.declared import declared
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.site import BIN, Site, environment, site
from tests.system.state import EVERYTHING

pytestmark = [pytest.mark.system, pytest.mark.slow]

SEED = 3090
CUTS = 20
LONGEST_WAIT_S = 6.0
AFTER_THE_LAST = 20
"""Operations that no cut reaches, so that the last one does not find the apply at its end."""
BEGINS = " …\n".encode()
"""What ends the line that `rig apply` prints when it begins an operation that is to change something."""
WAYS = ("the client is killed", "the host's sshd is killed", "the host is killed")


class Undisturbed(NamedTuple):
    """What an apply that nothing cuts off comes to."""

    begun: int
    """How many operations it began. A plan may announce more: what depends on others can turn out to be as wanted."""
    state: str


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, vendors: Any) -> Undisturbed:
    """An apply that nothing disturbed."""
    with gpu_host("basement", "trixie") as host:
        text = site(tmp_path_factory.mktemp("whole"), {host: declared(vendors, "trixie")}).apply().stdout
        return Undisturbed(text.encode().count(BEGINS), host.run(EVERYTHING).stdout)


def test_twenty_cuts(tmp_path: Path, vendors: Any, whole: Undisturbed) -> None:
    chance = random.Random(SEED)
    done = 0
    while done < CUTS:
        with gpu_host("basement", "trixie") as host:
            server = site(tmp_path / f"after-{done}", {host: declared(vendors, "trixie")})
            done += _cuts(server, host, chance, whole.begun - AFTER_THE_LAST, CUTS - done)

            server.apply()
            plan = server.document("plan")
            assert plan["exit_status"] == 0, changes(plan)
            proof = server.document("verify")
            assert proof["exit_status"] == 0, changes(proof)
            state = host.run(EVERYTHING).stdout
            differs = "\n".join(unified_diff(whole.state.splitlines(), state.splitlines(), n=0, lineterm=""))
            assert not differs, differs


def _cuts(server: Site, host: ThrowawayHost, chance: random.Random, left: int, wanted: int) -> int:
    """Cut an apply so often, the last time when about so many operations have begun.

    Returns how often: less where it came to its end before, as what a host starts by itself when it boots is not begun.
    """
    for cut in range(wanted):
        # In the mean each cut falls as far behind the last one as is left to be done by the cuts to come.
        begun = chance.randint(1, max(1, 2 * left // (wanted - cut) - 1))
        found = _cut(server, host, begun, chance.uniform(0, LONGEST_WAIT_S), WAYS[cut % len(WAYS)])
        if found is None:
            assert cut, "an apply that nothing has cut yet began less than it did on the first host"
            return cut
        left -= found
    return wanted


def _cut(server: Site, host: ThrowawayHost, begun: int, wait_s: float, way: str) -> int | None:
    """Apply, and cut it off so many seconds after that many operations have begun, or when that one ends.

    Returns how many have begun in all; None: it came to a good end before.
    """
    with subprocess.Popen(
        [str(BIN / "rig"), "apply", "--yes"], cwd=server.project, env=environment(), bufsize=0,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as client:  # fmt: skip
        assert client.stdout is not None
        text = b""
        while text.count(BEGINS) < begun:
            line = client.stdout.readline()
            text += line
            if not line:
                assert client.wait(timeout=60) == 0, text.decode()
                return None
        select.select([client.stdout], [], [], wait_s)
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
        text += client.communicate(timeout=180)[0]
        if way != "the client is killed":
            said_so = client.returncode in (1, 3) and b"Traceback" not in text
            assert said_so, f"{way}; rig ended with {client.returncode}\n{text.decode()}"
    return text.count(BEGINS)


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
