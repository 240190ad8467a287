"""Layer `rigd`: what is declared of power, clocks and fans is what the running rigd keeps, and what the cards have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host

from rigwright.catalog import catalog
from rigwright.choice.rigd import configuration, kept
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.reading import Answers, ask

PROGRAM = "/opt/rigd/rigd.pyz"
CONFIGURATION = "/etc/rigd/rigd.json"
UNIT_FILE = "/etc/systemd/system/rigd.service"
SMI = "timeout 30 nvidia-smi --query-gpu=uuid,power.limit,clocks.gr --format=csv,noheader,nounits"
FETCH = "import sys, urllib.request as u; sys.stdout.write(u.urlopen(sys.argv[1], timeout=5).read().decode())"
TOLERANCE_MHZ = 15
"""Cards lock to their own steps."""

Document = dict[str, Any]


@pytest.fixture(scope="session")
def seen(host: Host, rig: Rig) -> Answers:
    """Everything that this file wants to know, in one command."""
    metrics = rig.rigd.metrics
    program = f"python3 -I {PROGRAM}"
    fetch = f"python3 -I -c '{FETCH}' http://{metrics.listen}/metrics" if metrics.listen else "true"
    return ask(
        host,
        {
            "files": f"ls -d {PROGRAM} {CONFIGURATION} {UNIT_FILE}",
            "unit": "systemctl show -p ActiveState,UnitFileState,WatchdogUSec,ExecStopPost,Restart rigd.service",
            "configuration": f"cat {CONFIGURATION}",
            "status": f"{program} status --json",
            "check": f"{program} check 2>&1; echo status=$?",
            "smi": SMI,
            "metrics": fetch,
            "textfile": f"echo age=$(( $(date +%s) - $(stat -c %Y {metrics.textfile}) ))"
            if metrics.textfile
            else "true",
        },
    )


@pytest.fixture
def written(seen: Answers, rig: Rig) -> Document:
    """The configuration on the host."""
    if not kept(rig):
        return {}
    return _parsed(seen, "configuration", f"{CONFIGURATION} is not there, or no JSON")


@pytest.fixture
def status(seen: Answers, rig: Rig) -> Document:
    """What the running rigd says."""
    if not kept(rig):
        return {"session_trouble": None, "cards": [], "supplies": {}}
    found = _parsed(seen, "status", "rigd does not say what it does: it does not run (journalctl -u rigd)")
    assert found["age_s"] < 30, f"what rigd wrote is {found['age_s']:.0f} s old: it hangs, or does not run"
    return found


@pytest.fixture
def cards(status: Document) -> list[Document]:
    """The cards that it keeps; without a loaded driver there are none to be seen."""
    if status["session_trouble"]:
        could_not_tell(f"rigd waits for the driver: {status['session_trouble']}")
    found: list[Document] = status["cards"]
    return found


@proves("rigd.state")
def test_state(seen: Answers, rig: Rig) -> None:
    """rigd runs and starts at boot; or nothing of it is left"""
    there, unit = seen.lines("files"), seen.pairs("unit")
    if not kept(rig):
        assert not there, f"still there: {', '.join(there)}"
        assert unit.get("ActiveState") != "active", "it still runs"
        return
    assert len(there) == 3, f"of its files there are only: {', '.join(there) or 'none'}"
    assert unit.get("ActiveState") == "active", f"rigd.service is {unit.get('ActiveState')}: journalctl -u rigd"
    assert unit.get("UnitFileState") == "enabled", f"at boot rigd.service is {unit.get('UnitFileState')}"


@proves("rigd.state")
def test_somebody_looks_after_it(seen: Answers, rig: Rig) -> None:
    """If rigd hangs it is killed, if it ends it is started again, and in between the fans are the cards' own"""
    if not kept(rig):
        return
    unit = seen.pairs("unit")
    assert unit.get("WatchdogUSec", "0") not in ("0", "infinity"), "nobody notices when it hangs (no WatchdogSec=)"
    assert "hand-back" in unit.get("ExecStopPost", ""), "nobody hands the fans back when it ends (no ExecStopPost=)"
    assert unit.get("Restart") == "always", f"it is not started again (Restart={unit.get('Restart')})"


@proves("rigd.state")
def test_it_keeps_what_is_on_disk(seen: Answers, written: Document, status: Document, rig: Rig) -> None:
    """The running rigd has read the configuration that is on disk, and these cards can do it"""
    if not kept(rig):
        return
    assert status["revision"] == written.get("revision"), (
        f"it runs with revision {status['revision']}, on disk is {written.get('revision')}: systemctl restart rigd"
    )
    said, _, code = seen["check"].rpartition("status=")
    if code.strip() == "3":
        could_not_tell(f"there is no driver to hold it against: {said.strip().splitlines()[-1:] or ['no answer']}")
    assert code.strip() == "0", said.strip()


def _same(rig: Rig, written: Document, *parts: str) -> None:
    """These parts of the configuration are as declared; parts of cards by their own names."""
    if not kept(rig):
        return
    declared = configuration(rig, catalog())
    for part in parts:
        for entry, (wanted, have) in enumerate(_pairs(declared, written, part)):
            assert have == wanted, f"{part} of entry {entry}: rigd was told {have}, declared {wanted}"


def _is_kept(rig: Rig, table: str) -> None:
    """End the test where what is declared in this table has no keeper."""
    declared = getattr(rig, table)
    if not kept(rig) and declared != type(declared)():
        could_not_tell(f"rigd or the driver is declared absent: nobody keeps {table}")


def _pairs(declared: Document, written: Document, part: str) -> list[tuple[Any, Any]]:
    if part in declared:
        return [(declared[part], written.get(part))]
    wanted, have = declared["cards"], written.get("cards", [])
    assert len(have) == len(wanted), f"rigd was told of {len(have)} kinds of cards, declared {len(wanted)}"
    return [(one[part], other.get(part)) for one, other in zip(wanted, have, strict=True)]


@proves(
    "power.limit_w",
    "power.least_w",
    "power.priority",
    "power.shared",
    "power.headroom_percent",
    "power.circuit_w",
    "power.raise_w_per_s",
    "power.cards.limit_w",
    "power.cards.least_w",
    "power.cards.priority",
)
def test_power_as_it_was_told(written: Document, rig: Rig) -> None:
    """rigd was told the declared limits, supplies and circuit"""
    _is_kept(rig, "power")
    _same(rig, written, "supplies", "circuit_budget_w", "raise_w_per_s", "match", "power")


@proves("clocks.graphics_mhz", "clocks.memory_mhz", "clocks.cards.graphics_mhz", "clocks.cards.memory_mhz")
def test_clocks_as_it_was_told(written: Document, rig: Rig) -> None:
    """rigd was told the declared clocks"""
    _is_kept(rig, "clocks")
    _same(rig, written, "match", "clocks")


@proves(
    "fans.curve",
    "fans.memory_curve",
    "fans.least_percent",
    "fans.automatic_below_c",
    "fans.hysteresis_c",
    "fans.fall_percent_per_s",
    "fans.cards.automatic",
    "fans.cards.curve",
    "fans.cards.memory_curve",
    "fans.cards.per_fan",
    "fans.cards.least_percent",
)
def test_fans_as_it_was_told(written: Document, rig: Rig) -> None:
    """rigd was told the declared curves"""
    _is_kept(rig, "fans")
    _same(rig, written, "match", "fans")


@proves("rigd.poll_s", "rigd.reapply_s", "rigd.critical.temperature_c", "rigd.critical.command")
def test_itself_as_it_was_told(written: Document, rig: Rig) -> None:
    """rigd was told how often to look, and what is critical"""
    _same(rig, written, "poll_s", "reapply_s", "critical")


@proves("power.limit_w", "power.cards.limit_w", "power.shared")
def test_limits_in_force(seen: Answers, status: Document, cards: list[Document]) -> None:
    """The cards' power limits are those that rigd wants, and never over the declared ones or a supply's budget"""
    in_force = {uuid: float(limit) for uuid, limit, *_ in _smi(seen) if limit.replace(".", "").isdigit()}
    for card in cards:
        limit = in_force.get(card["uuid"])
        if limit is None:
            could_not_tell(f"nvidia-smi does not tell the limit of {card['name']}")
        assert not card["limit_trouble"], f"{card['name']}: {card['limit_trouble']}"
        most = card["limit_declared_w"]
        assert most is None or limit <= most + 1, f"{card['name']} has {limit:.0f} W, declared {most} W"
    for name, supply in status["supplies"].items():
        assert supply["limits_w"] <= supply["budget_w"] + 1, (
            f"limits on {name} sum up to {supply['limits_w']:.0f} W, its budget is {supply['budget_w']:.0f} W"
        )


@proves("clocks.graphics_mhz", "clocks.cards.graphics_mhz")
def test_clocks_in_force(seen: Answers, written: Document, cards: list[Document]) -> None:
    """No card clocks higher than its lock, and every lock took"""
    now = {uuid: float(clock) for uuid, _, clock, *_ in _smi(seen) if clock.replace(".", "").isdigit()}
    spans = [entry["clocks"]["graphics_mhz"] for entry in written.get("cards", [])]
    highest = max((span[1] for span in spans if span), default=None) if spans and all(spans) else None
    for card in cards:
        assert not card["clocks_trouble"], f"{card['name']}: {card['clocks_trouble']}"
        clock = now.get(card["uuid"])
        if highest is not None and clock is not None:
            assert clock <= highest + TOLERANCE_MHZ, f"{card['name']} runs at {clock:.0f} MHz, locked to {highest}"


@proves("fans.curve", "fans.cards.curve", "fans.cards.automatic")
def test_fans_in_force(cards: list[Document]) -> None:
    """Fans turn as rigd told them, and every temperature can be believed"""
    for card in cards:
        assert not card["gone"], f"{card['name']} does not answer: {card['gone']}"
        assert not card["distrust"], f"{card['name']}: {card['distrust']}; its fans are at full speed"
        for number, fan in enumerate(card["fans"]):
            assert not fan["trouble"], f"{card['name']}, fan {number}: {fan['trouble']}"


@proves("rigd.metrics.listen")
def test_metrics_can_be_asked_for(seen: Answers, written: Document, rig: Rig) -> None:
    """Metrics are told at the declared address"""
    _same(rig, written, "metrics")
    if not kept(rig) or rig.rigd.metrics.listen is None:
        return
    assert "rigd_build_info{" in seen["metrics"], f"nobody tells metrics at http://{rig.rigd.metrics.listen}/metrics"


@proves("rigd.metrics.textfile")
def test_metrics_are_written(seen: Answers, written: Document, rig: Rig) -> None:
    """Metrics are in the declared file, and fresh"""
    _same(rig, written, "metrics")
    if not kept(rig) or rig.rigd.metrics.textfile is None:
        return
    age = seen.pairs("textfile").get("age", "")
    assert age.lstrip("-").isdigit(), f"{rig.rigd.metrics.textfile} is not there (is its folder?)"
    assert int(age) < 30, f"{rig.rigd.metrics.textfile} is {age} s old"


# Reading what was said


def _smi(seen: Answers) -> list[list[str]]:
    return [line.split(", ") for line in seen.lines("smi") if line.startswith("GPU-")]


def _parsed(seen: Answers, section: str, otherwise: str) -> Document:
    try:
        found: Document = json.loads(seen[section])
    except ValueError:
        raise AssertionError(otherwise) from None
    return found
