"""The layer rigd as a whole."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from rigd import pack
from rigwright.catalog import catalog
from rigwright.choice.rigd import configuration, configuration_text
from rigwright.facts.files import Files
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.facts.units import Units, UnitState
from rigwright.operations.files import render
from rigwright.spec.rig import Rig
from tasks.rigd import CONFIGURATION, PROGRAM, UNIT, UNIT_FILE, rigd
from tests.unit.operations.harness import Step, file, steps
from tests.unit.operations.releases import CODENAMES, RELEASE
from tests.unit.rules.case import card, machine

HARDWARE = machine(card("PCIE1", pci="0000:03:00.0"), card("PCIE5", pci="0000:04:00.0"))
RUNNING = UnitState("loaded", "active", "running", "enabled", 1, 2000.0, 0.0, False, "success", True)


def declared(**parts: Any) -> Rig:
    return Rig.model_validate({"name": "x", "driver": {"branch": 580}, **HARDWARE, **parts})


def layer(rig: Rig, codename: str = "trixie", facts: dict[Any, Any] | None = None) -> dict[str, Step]:
    bare: dict[Any, Any] = {Release: RELEASE[codename], Packages: PackagesState(), Files: {}, Units: {}}
    return steps(rigd, rig, {**bare, **(facts or {})})


def in_place(rig: Rig) -> dict[Any, Any]:
    """The facts of a host that has all of it, and runs it."""
    unit = render(f"{UNIT_FILE[1:]}.j2", {"listens": True, "writable": []})
    return {
        Packages: PackagesState(installed={"python3": "3.13.5-1"}),
        Files: {
            PROGRAM: file(pack.build(), mode="755", mtime=1000.0),
            CONFIGURATION: file(configuration_text(rig, catalog()).encode(), mtime=1000.0),
            UNIT_FILE: file(unit.encode(), mtime=1000.0),
        },
        Units: {UNIT: RUNNING},
    }


@pytest.mark.parametrize("codename", CODENAMES)
def test_a_bare_host_gets_all_of_it_in_order(codename: str) -> None:
    done = layer(declared(power={"limit_w": 280}), codename)
    changed = [name for name, step in done.items() if step.commands]
    assert changed == [
        "Install what rigd runs on",
        "Put rigd in place",
        "Write rigd's configuration",
        "Write rigd's unit",
        "Run rigd",
    ]
    assert "install python3" in done["Install what rigd runs on"].commands[0]
    assert set(done["Write rigd's configuration"].waits) >= {"Install what rigd runs on", "Put rigd in place"}
    assert set(done["Run rigd"].waits) >= {"Write rigd's configuration", "Write rigd's unit"}
    assert done["Run rigd"].commands[0] == "systemctl enable rigd.service"


def test_the_cards_judge_a_configuration_before_it_takes_the_old_ones_place() -> None:
    step = layer(declared(power={"limit_w": 280}))["Write rigd's configuration"]
    written = step.commands[0]
    check, move = written.index('--config "$new" check'), written.index("mv -fT")
    assert check < move
    assert "case $? in 0|3)" in written, "without a driver there is nobody to ask, and that is no fault"
    told = json.loads(written[written.index('{\n  "revision"') :].partition("\n}\n")[0] + "\n}")
    assert told == configuration(declared(power={"limit_w": 280}), catalog())


def test_nothing_is_done_where_all_is_there() -> None:
    rig = declared(fans={"curve": [[40, 30], [83, 100]]})
    assert [name for name, step in layer(rig, facts=in_place(rig)).items() if step.commands] == []


def test_a_configuration_that_changed_later_than_it_began_has_it_restarted() -> None:
    rig = declared()
    facts = in_place(rig)
    facts[Files][CONFIGURATION] = file(configuration_text(rig, catalog()).encode(), mtime=3000.0)
    done = layer(rig, facts=facts)
    assert done["Run rigd"].why == (f"rigd.service: started before {CONFIGURATION} changed",)


@pytest.mark.parametrize(
    ("metrics", "has", "lacks"),
    [
        ({}, "IPAddressAllow=localhost", "PrivateNetwork"),
        ({"listen": None}, "PrivateNetwork=yes", "AF_INET"),
        ({"listen": None, "textfile": "/var/lib/x/rigd.prom"}, "ReadWritePaths=-/var/lib/x", "AF_INET"),
    ],
)
def test_its_sandbox_has_what_is_declared_and_no_more(metrics: dict[str, Any], has: str, lacks: str) -> None:
    unit = layer(declared(rigd={"metrics": metrics}))["Write rigd's unit"].commands[0]
    assert re.search(rf"^{re.escape(has)}$", unit, re.MULTILINE)
    assert "DeviceAllow=char-195 rwm\n" in unit, "by a name the driver's nodes are known only once its module is loaded"
    assert not re.search(rf"^[^#]*{lacks}", unit, re.MULTILINE)


@pytest.mark.parametrize(
    "absent", [{"rigd": {"state": "absent"}}, {"driver": {"state": "absent"}}], ids=["rigd", "driver"]
)
def test_absent_it_gives_the_cards_back_before_it_goes(absent: dict[str, Any]) -> None:
    rig = declared(**absent)
    (step,) = layer(rig, facts=in_place(declared())).values()
    (command,) = step.commands
    stop, release, gone = (
        command.index(part) for part in ("disable --now", "hand-back --release", f"rm -f -- {PROGRAM}")
    )
    assert stop < release < gone
    assert "case $? in 0|3)" in command, "without a driver there is nothing to give back"
    assert [name for name, step in layer(rig).items() if step.commands] == []
