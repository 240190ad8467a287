"""Layer rigd on a throw-away host: what is declared is in force, stays so, and goes when it is declared absent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.trial import merged
from sim.host.throwaway import ThrowawayHost
from tests.system.declared import FULL
from tests.system.hosts import card_of, eventually, gpu_host
from tests.system.outcome import changes
from tests.system.site import Site, said, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

LAYER = ("--layer", "rigd")
LOCK_MHZ = FULL["clocks"]["graphics_mhz"][1]
NO_MIRROR = {"driver": {"repository_url": None, "repository_fingerprint": None}}
TAMPER = """
import sys
sys.path.insert(0, "/opt/rigd/rigd.pyz")
import pynvml as n
n.nvmlInit()
card = n.nvmlDeviceGetHandleByIndex(0)
n.nvmlDeviceSetPowerManagementLimit(card, 330_000)
n.nvmlDeviceSetFanSpeed_v2(card, 0, 99)
n.nvmlDeviceResetGpuLockedClocks(card)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ThrowawayHost, Site]]:
    """A host of which nothing is declared but this layer is applied; its cards answer without a driver's packages."""
    with gpu_host("basement", driver_version="580.95.05") as host:
        rig = site(tmp_path_factory.mktemp("project"), {host: merged(FULL, NO_MIRROR)})
        rig.apply(*LAYER)
        yield host, rig


@pytest.fixture
def kept(made: tuple[ThrowawayHost, Site]) -> tuple[ThrowawayHost, Site]:
    """The same, in its declared state."""
    made[1].apply(*LAYER)
    return made


def test_a_second_apply_changes_nothing_and_all_of_it_is_in_force(kept: tuple[ThrowawayHost, Site]) -> None:
    host, rig = kept
    plan = rig.document("plan", *LAYER)
    assert plan["exit_status"] == 0, changes(plan)
    assert in_force(rig)
    assert limits(host) == [280, 250]
    shown = host.run("python3 -I /opt/rigd/rigd.pyz status").stdout
    assert "PCIE1" in shown and "supply main: limits 530 W of" in shown


def test_it_is_in_force_again_after_a_restart_and_after_somebody_changed_it(kept: tuple[ThrowawayHost, Site]) -> None:
    host, rig = kept
    host.run("for i in 0 1; do rigwright-sim-gpu load $i full; done; systemctl restart rigd")
    assert eventually(lambda: in_force(rig) and limits(host) == [280, 250])
    assert eventually(lambda: all(card_of(host, 0)["fan_manual"]))
    host.run("python3 -I -", input=TAMPER)
    assert eventually(lambda: limits(host) == [280, 250])
    assert eventually(lambda: card_of(host, 0)["fan_percent"][0] < 95)
    assert eventually(lambda: card_of(host, 0)["lock_most_mhz"] == LOCK_MHZ, 40), "not readable, so written again"
    assert in_force(rig)
    assert "by somebody else" in host.run("journalctl -u rigd -n 30 --no-pager").stdout
    host.run("for i in 0 1; do rigwright-sim-gpu load $i idle; done")


def test_another_declaration_is_kept_at_once_and_what_it_leaves_out_goes(kept: tuple[ThrowawayHost, Site]) -> None:
    host, rig = kept
    assert eventually(lambda: card_of(host, 0)["lock_most_mhz"] == LOCK_MHZ)
    other = ("--set", "power.limit_w=200", "--set", "power.cards.PCIE5=null", "--set", "clocks.graphics_mhz=null")
    applied = rig.document("apply", "--yes", *LAYER, *other)
    changed = [each["name"] for each in applied["hosts"][0]["operations"] if each["status"] == "changed"]
    assert changed == ["Write rigd's configuration", "Run rigd"], changes(applied)
    assert eventually(lambda: limits(host) == [200, 200])
    assert in_force(rig, *other)
    assert eventually(lambda: card_of(host, 0)["lock_most_mhz"] == 0)


def test_metrics_go_into_a_file_where_that_is_declared(kept: tuple[ThrowawayHost, Site]) -> None:
    host, rig = kept
    host.run("mkdir -p /var/lib/metrics")
    into = ("--set", "rigd.metrics.textfile=/var/lib/metrics/rigd.prom", "--set", "rigd.metrics.listen=null")
    rig.apply(*LAYER, *into)
    assert eventually(lambda: in_force(rig, *into))
    assert "rigd_power_limit_watts{" in host.run("cat /var/lib/metrics/rigd.prom").stdout
    assert not host.run("ss -Hltn 'sport = :9452'").stdout
    host.run("systemctl stop rigd; rm /var/lib/metrics/rigd.prom")
    assert answers(rig.document("verify", *LAYER, *into))["test_metrics_are_written"] == "falls short"


def test_what_the_cards_cannot_do_is_refused_and_what_was_stays_in_force(kept: tuple[ThrowawayHost, Site]) -> None:
    host, rig = kept
    before = host.run("cat /etc/rigd/rigd.json; systemctl show -P MainPID rigd").stdout
    done = rig.rig("apply", "--yes", *LAYER, "--set", "hardware.gpus.0.pci=0000:09:00.0")
    assert done.returncode == 1
    assert "PCIE1 (0000:09:00.0) is not there; the cards here: GPU-" in done.stdout + done.stderr, said(done)
    assert host.run("cat /etc/rigd/rigd.json; systemctl show -P MainPID rigd").stdout == before
    assert in_force(rig)


def test_without_a_driver_it_waits_and_nobody_claims_that_limits_are_in_force(
    kept: tuple[ThrowawayHost, Site], tmp_path: Path
) -> None:
    host, rig = kept
    host.run(
        "sed -i.kept 's/^driver_version=.*/driver_version=none/' /etc/rigwright-sim/gpus.conf; systemctl restart rigd"
    )
    try:
        plan = rig.document("plan", *LAYER)
        assert plan["exit_status"] == 0, changes(plan)
        found = answers(rig.document("verify", *LAYER))
        assert found["test_state"] == "holds"
        assert {found[f"test_{what}_in_force"] for what in ("limits", "clocks", "fans")} == {"could not tell"}
    finally:
        host.run("mv /etc/rigwright-sim/gpus.conf.kept /etc/rigwright-sim/gpus.conf")
    assert eventually(lambda: in_force(rig), 60), "it looks again by itself"


def test_absent_it_leaves_nothing_in_force(kept: tuple[ThrowawayHost, Site]) -> None:
    host, rig = kept
    absent = (*LAYER, "--set", "rigd.state=absent")
    rig.apply(*absent)
    assert limits(host) == [350, 350]
    for command in ("plan", "verify"):
        found = rig.document(command, *absent)
        assert found["exit_status"] == 0, changes(found)
    assert not host.run("ls -d /opt/rigd /etc/rigd /etc/systemd/system/rigd.service", check=False).stdout
    assert not any(card_of(host, 0)["fan_manual"])
    rig.apply(*LAYER)
    assert eventually(lambda: in_force(rig))


def answers(proof: dict[str, Any]) -> dict[str, str]:
    return {each["test"]: each["answer"] for each in proof["hosts"][0]["answers"]}


def in_force(rig: Site, *arguments: str) -> bool:
    """Whether the proof holds in every point."""
    return set(answers(rig.document("verify", *LAYER, *arguments)).values()) == {"holds"}


def limits(host: ThrowawayHost) -> list[int]:
    said = host.run("nvidia-smi --query-gpu=power.limit --format=csv,noheader,nounits").stdout
    return [round(float(line)) for line in said.split()]
