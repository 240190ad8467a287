"""From a blank host in a lost one's place to the server that answers, with what was saved: one command."""

from __future__ import annotations

import random
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from sim.repository.vendors import VendorRepositories
from tests.system.door import Door
from tests.system.rebuilding import HOST_KEYS, KEY, Lost, fingerprint, lost
from tests.system.site import BIN, environment, said

pytestmark = [pytest.mark.system, pytest.mark.slow]

SEED = 3090
CUTS = (
    ("ground", 20.0, False), ("restore", 5.0, True), ("restore", 9.0, True), ("restore", 9.0, False),
    ("apply", 25.0, True), ("apply", 25.0, False),
)  # fmt: skip
"""The part that is cut off, how long after its beginning at most, and whether the host is killed, and not `rig`."""
WRONG = f"SHA256:{'A' * 43}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, vendors: VendorRepositories) -> Iterator[Lost]:
    with lost(tmp_path_factory.mktemp("keys"), tmp_path_factory.mktemp("project") / "p", vendors) as found:
        yield found


@pytest.fixture(scope="module")
def blank(server: Lost) -> Iterator[ThrowawayHost]:
    with server.blank() as host:
        yield host


def results(document: dict[str, Any]) -> dict[str, str]:
    """Part → what it came to."""
    return {part["part"]: part["result"] for part in document["hosts"][0]["parts"]}


def test_a_key_that_nobody_vouches_for_is_refused(server: Lost, blank: ThrowawayHost) -> None:
    before = server.known_hosts.read_text()
    for more in ((), ("--fingerprint", WRONG)):
        done = server.project.rig("rebuild", "basement", "--yes", *more)
        assert done.returncode == 3, said(done)
        assert f"the host key of {blank.address} has CHANGED: it shows ssh-ed25519 {fingerprint(blank)}" in done.stdout
        assert f"add --fingerprint {fingerprint(blank)}" in done.stdout
    assert f"{WRONG}, as asked for by --fingerprint, is none of these" in done.stdout
    assert server.known_hosts.read_text() == before


def test_the_right_fingerprint_and_nothing_else(server: Lost, blank: ThrowawayHost) -> None:
    before = server.known_hosts.read_text()
    words = ("rebuild", "basement", "--yes", "--no-strict", "--fingerprint", fingerprint(blank, "ecdsa"))
    done = server.project.rig(*words)
    assert done.returncode == 0, said(done)
    for part in ("way in", "ground", "restore", "apply", "verify", "answer"):
        assert f"[{part}] done in " in done.stdout, said(done)
    assert "tokens from tiny" in done.stdout
    server.is_back_on(blank)
    assert Door(blank, server.project).status("/page/health", KEY) == 200
    known = server.known_hosts.read_text()
    assert "# mine\nother ssh-ed25519 AAAA\n" in known
    own = [" ".join(line.split()[:2]) for line in blank.run(HOST_KEYS).stdout.splitlines()]
    assert sorted(known.splitlines()[2:]) == sorted(f"{blank.address} {key}" for key in own)
    assert before.splitlines()[2].split()[2] in known, "the key that it always had"
    assert (server.known_hosts.with_name("known_hosts.old")).exists()


def test_once_more_there_is_nothing_to_do(server: Lost, blank: ThrowawayHost) -> None:
    known, began = server.known_hosts.read_text(), time.monotonic()
    told = server.project.document("rebuild", "basement", "--yes", "--no-strict")
    assert told["exit_status"] == 0, told
    assert results(told) == {
        "way in": "nothing to do", "backup": "nothing to do", "apply": "nothing to do", "verify": "done",
        "answer": "done",
    }, told  # fmt: skip
    assert time.monotonic() - began < 90
    assert server.known_hosts.read_text() == known


def test_cut_off_anywhere_the_same_command_goes_on(server: Lost, blank: ThrowawayHost) -> None:
    """Here the new key is declared; the host then shows new keys, or old ones, or some of each."""
    blank.destroy()
    chance = random.Random(SEED)
    server.known_hosts.write_text("")
    with server.blank() as host:
        server.declare(ssh_host_key=" ".join(host.run("cat /etc/ssh/ssh_host_ed25519_key.pub").stdout.split()[:2]))
        cuts = [
            _cut(server, host, part, chance.uniform(0, longest_s), of_the_host) for part, longest_s, of_the_host in CUTS
        ]
        done = server.project.rig("rebuild", "basement", "--yes", "--no-strict")
        assert done.returncode == 0, (cuts, said(done))
        server.is_back_on(host)
        assert Door(host, server.project).status("/page/health", KEY) == 200
        own = [" ".join(line.split()[:2]) for line in host.run(HOST_KEYS).stdout.splitlines()]
        assert sorted(server.known_hosts.read_text().splitlines()) == sorted(f"{host.address} {key}" for key in own)
        told = server.project.document("rebuild", "basement", "--yes", "--no-strict")
        assert results(told)["apply"] == "nothing to do", told


def _cut(server: Lost, host: ThrowawayHost, part: str, wait_s: float, of_the_host: bool) -> str:
    """Rebuild, and kill the command or the host so long after a part has begun, or once that is past; what was cut."""
    command = [str(BIN / "rig"), "rebuild", "basement", "--yes", "--no-strict"]
    with subprocess.Popen(
        command, cwd=server.project.project, env=environment(), bufsize=0, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        end, text = float("inf"), ""
        while time.monotonic() < end and "[verify]" not in text:
            if select.select([process.stdout], [], [], 0.2)[0]:
                piece = process.stdout.read(65536).decode(errors="replace")
                assert piece, f"it ended before it was cut off: {text}"
                text += piece
            if f"[{part}] …" in text and end == float("inf"):
                end = time.monotonic() + wait_s
        if of_the_host:
            host.kill()
            host.start()
        process.send_signal(signal.SIGKILL)
        process.wait()
    return f"{'host' if of_the_host else 'rig'}, {wait_s:.1f} s into {part}: {text.splitlines()[-1]}"
