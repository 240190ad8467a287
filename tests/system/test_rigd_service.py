"""rigd under real systemd on a throw-away host: however it ends, no fan stays without its keeper."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import jinja2
import pytest

from rigd import pack
from sim.gpu.models import card
from sim.host.throwaway import ThrowawayHost
from tests.system.hosts import card_of, eventually
from tests.system.site import REPOSITORY

pytestmark = pytest.mark.system

LIMIT_W = 280
CONFIG = {
    "version": 1,
    "supplies": {"main": {"budget_w": 600}},
    "cards": [
        {
            "match": {"any": True},
            "power": {"limit_w": LIMIT_W, "draws": {"main": {"share": 1.0}}},
            "fans": {"curve": [[30, 35], [65, 60], [80, 100]]},
        }
    ],
    "metrics": {"listen": "127.0.0.1:9452"},
}


def unit() -> str:
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True)
    template = (REPOSITORY / "templates/etc/systemd/system/rigd.service.j2").read_text()
    return environment.from_string(template).render(writable=[], listens=True)


@pytest.fixture(scope="module")
def host() -> Iterator[ThrowawayHost]:
    gpus = [card("rtx3090", index) for index in range(2)]
    with ThrowawayHost("rigd", gpus=gpus, driver_version="580.95.05") as host:
        host.run("apt-get -qq update && apt-get -qq -y install python3 >/dev/null 2>&1; mkdir -p /opt/rigd /etc/rigd")
        put(host, "/opt/rigd/rigd.pyz", pack.build())
        put(host, "/etc/rigd/rigd.json", json.dumps(CONFIG).encode())
        put(host, "/etc/systemd/system/rigd.service", unit().encode())
        # The simulation's cards lie in a file, where real ones have nodes in /dev.
        drop_in = "/etc/systemd/system/rigd.service.d"
        host.run(
            f"mkdir -p {drop_in} && printf '[Service]\\nReadWritePaths=/run/rigwright-sim\\n' > {drop_in}/sim.conf"
        )
        host.run("systemctl daemon-reload")
        yield host


def put(host: ThrowawayHost, path: str, content: bytes) -> None:
    assert host.run(f"base64 -d > {path}", input=base64.b64encode(content).decode()).returncode == 0


def journal(host: ThrowawayHost) -> str:
    return host.run("journalctl -u rigd -n 40 --no-pager -o short-monotonic").stdout


def kept(host: ThrowawayHost) -> bool:
    """Both cards are in its hands, and as declared."""
    shown = [card_of(host, index) for index in (0, 1)]
    return all(all(card["fan_manual"]) and card["limit_w"] == LIMIT_W for card in shown)


def handed_back(host: ThrowawayHost, index: int) -> bool:
    return not any(card_of(host, index)["fan_manual"])


@pytest.fixture
def rigd(host: ThrowawayHost) -> Iterator[ThrowawayHost]:
    """A running rigd that has its cards in hand."""
    host.run("for i in 0 1; do rigwright-sim-gpu clear $i; rigwright-sim-gpu load $i full; done")
    host.run("systemctl reset-failed rigd; systemctl restart rigd", check=False)
    assert eventually(lambda: kept(host)), journal(host)
    yield host
    host.run(
        "for i in 0 1; do rigwright-sim-gpu clear $i; done; systemctl stop rigd; systemctl reset-failed rigd",
        check=False,
    )


def test_it_keeps_the_cards_as_declared_and_says_so(rigd: ThrowawayHost) -> None:
    def said() -> list[float]:
        document = json.loads(rigd.run("python3 -I /opt/rigd/rigd.pyz status --json", check=False).stdout)
        return [each["limit_w"] for each in document["cards"]]

    assert eventually(lambda: said() == [LIMIT_W, LIMIT_W]), said()
    metrics = rigd.run(
        "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:9452/metrics\").read().decode())'"
    ).stdout
    assert "rigd_power_limit_watts{" in metrics
    shown = rigd.run("systemctl show rigd -p StatusText -p SubState").stdout
    assert "SubState=running" in shown and "2 cards, hottest" in shown


ENDS = {
    "stopped": "systemctl stop --no-block rigd",
    "killed": "kill -KILL $(systemctl show rigd -P MainPID)",
    "aborted": "systemctl kill -s ABRT rigd",
    "hung": "systemctl kill -s STOP rigd",
}


RESULTS = {
    "stopped": "success",
    "killed": "signal",
    "aborted": "signal",
    "hung": "watchdog",
}
"""What systemd calls each of them."""


def result(host: ThrowawayHost) -> str:
    return host.run("systemctl show -P Result rigd").stdout.strip()


@pytest.mark.parametrize("how", ENDS)
def test_however_it_ends_the_fans_are_the_cards_own(rigd: ThrowawayHost, how: str) -> None:
    rigd.run("mkdir -p /run/systemd/system/rigd.service.d; printf '[Service]\\nRestart=no\\n'"
             " > /run/systemd/system/rigd.service.d/once.conf; systemctl daemon-reload")  # fmt: skip
    try:
        assert rigd.run(ENDS[how]).returncode == 0
        assert eventually(lambda: handed_back(rigd, 0) and handed_back(rigd, 1), 45), journal(rigd)
        assert [card_of(rigd, index)["limit_w"] for index in (0, 1)] == [LIMIT_W, LIMIT_W]
        assert eventually(lambda: result(rigd) == RESULTS[how]), journal(rigd)
    finally:
        rigd.run("rm -r /run/systemd/system/rigd.service.d; systemctl daemon-reload", check=False)


FAILING = """
import os, sys
from rigd.loop import Loop
tick = Loop.tick
def failing(loop):
    if os.path.exists("/run/rigd/fail"):
        raise RuntimeError("what nobody thought of")
    tick(loop)
Loop.tick = failing
from rigd.__main__ import main
sys.exit(main())
"""
"""The program's beginning, changed: an error in the loop on demand, such as none that is known of makes."""


def failing_program() -> bytes:
    whole, packed = io.BytesIO(pack.build()), io.BytesIO()
    with zipfile.ZipFile(whole) as original, zipfile.ZipFile(packed, "w") as changed:
        for name in original.namelist():
            changed.writestr(name, FAILING if name == "__main__.py" else original.read(name))
    return packed.getvalue()


def test_after_an_error_the_fans_are_the_cards_own(rigd: ThrowawayHost) -> None:
    rigd.run("mkdir -p /run/systemd/system/rigd.service.d; printf '[Service]\nRestart=no\n'"
             " > /run/systemd/system/rigd.service.d/once.conf; systemctl daemon-reload")  # fmt: skip
    put(rigd, "/opt/rigd/rigd.pyz", failing_program())
    try:
        rigd.run("systemctl restart rigd")
        assert eventually(lambda: kept(rigd)), journal(rigd)
        rigd.run("touch /run/rigd/fail")
        assert eventually(lambda: result(rigd) == "exit-code"), journal(rigd)
        assert handed_back(rigd, 0) and handed_back(rigd, 1)
        said = journal(rigd)
        assert "what nobody thought of" in said and "ends (an error): the fans are the cards' own" in said
    finally:
        put(rigd, "/opt/rigd/rigd.pyz", pack.build())
        rigd.run("rm -r /run/systemd/system/rigd.service.d; systemctl daemon-reload", check=False)


def test_out_of_memory_the_fans_are_the_cards_own(rigd: ThrowawayHost) -> None:
    rigd.run("mkdir -p /run/systemd/system/rigd.service.d; printf '[Service]\nRestart=no\n'"
             " > /run/systemd/system/rigd.service.d/once.conf; systemctl daemon-reload")  # fmt: skip
    rigd.run("cp /etc/rigd/rigd.json /etc/rigd/kept; head -c 100000000 /dev/zero | tr '\\0' ' ' > /etc/rigd/rigd.json")
    try:
        with little_memory(rigd, int(rigd.run("systemctl show -P MainPID rigd").stdout)):
            rigd.run("systemctl reload --no-block rigd")
        assert eventually(lambda: handed_back(rigd, 0) and handed_back(rigd, 1), 45), journal(rigd)
        assert result(rigd) in ("oom-kill", "signal"), "systemd sees what it was where the memory is its own to count"
    finally:
        rigd.run(
            "mv /etc/rigd/kept /etc/rigd/rigd.json; rm -r /run/systemd/system/rigd.service.d; systemctl daemon-reload",
            check=False,
        )


@contextmanager
def little_memory(host: ThrowawayHost, inner: int) -> Iterator[None]:
    """Allow this process of the host 8 MiB more than it has; in here it must take more, and the kernel ends it."""
    outer = machine_pid(host, inner)
    hybrid = Path("/sys/fs/cgroup/memory")
    folder = (hybrid if hybrid.is_dir() else Path("/sys/fs/cgroup")) / f"rigwright-oom-{outer}"
    limit = folder / ("memory.limit_in_bytes" if hybrid.is_dir() else "memory.max")
    folder.mkdir()
    try:
        (folder / "cgroup.procs").write_text(str(outer))
        limit.write_text(str(8 << 20))  # what it has stays with the group that it comes from
        yield
        told = folder / ("memory.oom_control" if hybrid.is_dir() else "memory.events")
        assert eventually(lambda: re.search(r"^oom_kill [1-9]", told.read_text(), re.MULTILINE) is not None, 60)
    finally:
        assert eventually(lambda: not (folder / "cgroup.procs").read_text().strip(), 10)
        folder.rmdir()


def machine_pid(host: ThrowawayHost, inner: int) -> int:
    """A process of the host as the machine counts it."""
    mine = Path(f"/proc/{host.pid}/ns/pid").readlink()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            numbers = re.search(r"^NSpid:(.*)$", (entry / "status").read_text(), re.MULTILINE)
            if numbers and int(numbers[1].split()[-1]) == inner and (entry / "ns/pid").readlink() == mine:
                return int(entry.name)
    raise AssertionError(f"no process {inner} in {host.id}")


def test_a_status_that_cannot_be_written_is_no_reason_to_stop_cooling(rigd: ThrowawayHost) -> None:
    rigd.run(
        "mv /run/rigd /run/rigd.away; ln -s /nowhere /run/rigd; sleep 3; rm /run/rigd; mv /run/rigd.away /run/rigd"
    )
    assert eventually(lambda: kept(rigd))
    assert "cannot be written" in rigd.run("journalctl -u rigd -n 20 --no-pager").stdout


def test_a_port_that_another_holds_is_no_reason_to_stop_cooling(rigd: ThrowawayHost) -> None:
    rigd.run("systemctl stop rigd; systemd-run -q --unit=holder python3 -c "
             "'import socket, time; held = socket.create_server((\"127.0.0.1\", 9452)); time.sleep(600)'; sleep 1;"
             " systemctl start rigd")  # fmt: skip
    try:
        assert eventually(lambda: kept(rigd)), journal(rigd)
        assert "metrics cannot be told at 127.0.0.1:9452" in journal(rigd)
    finally:
        rigd.run("systemctl stop holder")
    assert eventually(lambda: "9452" in rigd.run("ss -Hltn 'sport = :9452'").stdout), "it tries again"


# The second also ends the program that would hand the fans back: the kernel kills what is started in the group later.
@pytest.mark.parametrize("kill", ["kill -KILL $(systemctl show rigd -P MainPID)", "systemctl kill -s KILL rigd"])
def test_killed_it_is_back_in_seconds_and_keeps_the_cards_again(rigd: ThrowawayHost, kill: str) -> None:
    before = rigd.run("systemctl show rigd -p MainPID").stdout
    rigd.run(kill)
    assert eventually(lambda: rigd.run("systemctl show rigd -p MainPID").stdout not in (before, "MainPID=0\n"))
    assert eventually(lambda: kept(rigd))


def test_one_hung_card_neither_stops_it_nor_keeps_the_others_from_being_handed_back(rigd: ThrowawayHost) -> None:
    rigd.run("rigwright-sim-gpu fault 0 hang")
    assert eventually(lambda: "does not come back" in rigd.run("journalctl -u rigd -n 20 --no-pager").stdout)
    rigd.run("kill -KILL $(systemctl show rigd -P MainPID); systemctl stop --no-block rigd")
    assert eventually(lambda: handed_back(rigd, 1), 45)


def test_its_sandbox_is_tight(host: ThrowawayHost) -> None:
    said = host.run("systemd-analyze security rigd --no-pager | tail -n 1").stdout
    level = float(said.split("rigd.service:")[1].split()[0])
    assert level <= 2.5, said
    assert "char-195 rwm" in host.run("systemctl show -p DeviceAllow rigd").stdout
