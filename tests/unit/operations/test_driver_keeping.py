"""The way back of a change of the driver: kept, written down, put back, ended; facts in, commands out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rigwright.facts.cdi import Cdi, CdiState
from rigwright.facts.driver import DriverPackages, Offers
from rigwright.facts.driver_change import CHANGE, CachedPackages, Change, ChangeUnderWay, Kept, KeptDrivers
from rigwright.facts.files import Contents
from rigwright.facts.modules import Modules, ModulesState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.runtimes import OwnRuntimes
from rigwright.facts.smi import CardPrograms
from rigwright.facts.units import Units
from rigwright.operations.driver import card_users, keeping, packages
from tests.unit.operations.driver_hosts import DEBIAN, HOST, NEW, VENDOR, have, module, offered, wanted
from tests.unit.operations.harness import Case, run, unit

PIN = "/etc/apt/preferences.d/00-rigwright-nvidia.pref"
PINNED = "Package: x\nPin: version 580.*\nPin-Priority: 1000\n"
OLD = "580.95.05"
THERE = have(f"{OLD}-1", "libcuda1", "nvidia-driver-cuda")
FILES = {name: (f"/var/lib/rigwright/driver/kept/{OLD}/{name}_{OLD}-1_amd64.deb",) for name in THERE}
KEPT = Kept(OLD, dict.fromkeys(THERE, f"{OLD}-1"), 580, None, "open", PINNED, files=FILES)
ASKED: dict[str, Any] = {"preferences": PIN}
INSTALLED: dict[Any, Any] = {
    ChangeUnderWay: None,
    DriverPackages: THERE,
    Modules: ModulesState(on_disk={NEW: (module(OLD, "nvidia", is_open=True),)}),
    Contents: {PIN: PINNED},
    KeptDrivers: {},
    CachedPackages: frozenset(),
    Offers: offered(f"{OLD}-1", *THERE, place=VENDOR),
}
UNDER_WAY = Change("changing", OLD, "590.44.01", stopped=("rig-llm.service", "rigd.service"))

KEEPING = [
    Case(
        "kept: from wherever they are to be had",
        keeping.kept,
        ASKED,
        INSTALLED,
        has=[
            f"sh -s -- /var/lib/rigwright/driver/kept/{OLD} all libcuda1 nvidia-driver-cuda",
            f'"upstream": "{OLD}"',
            '"flavour": "open"',
        ],
        why=[f"driver {OLD}: 2 of 2 packages are not kept yet"],
    ),
    Case("kept: they are", keeping.kept, ASKED, INSTALLED | {KeptDrivers: {OLD: KEPT}}),
    Case(
        "kept: with the pin as it is now",
        keeping.kept,
        ASKED,
        INSTALLED | {KeptDrivers: {OLD: replace(KEPT, preferences="other")}},
        has=["Pin: version 580.*"],
    ),
    Case(
        "kept: one that is nowhere is refused before anything is done",
        keeping.kept,
        ASKED,
        INSTALLED | {Offers: offered(f"{OLD}-1", "libcuda1", place=VENDOR)},
        refuses=f"to be had nowhere any more: nvidia-driver-cuda {OLD}-1; there would be no way back",
    ),
    Case(
        "kept: apt's cache has it",
        keeping.kept,
        ASKED,
        INSTALLED
        | {
            Offers: offered(f"{OLD}-1", "libcuda1", place=VENDOR),
            CachedPackages: frozenset({("nvidia-driver-cuda", f"{OLD}-1")}),
        },
        has=[" all libcuda1 nvidia-driver-cuda"],
    ),
    Case(
        "kept: some may lack",
        keeping.kept,
        {**ASKED, "some_may_lack": True},
        INSTALLED | {Offers: {}},
        has=[" some libcuda1 nvidia-driver-cuda"],
    ),
    Case(
        "kept: never a driver that is there by halves",
        keeping.kept,
        ASKED,
        INSTALLED | {DriverPackages: THERE | have(f"{OLD}-1", "libcuda1", status="hHR")},
        refuses="left unfinished: libcuda1 (hHR): `rig apply --layer driver` mends it",
    ),
    Case("kept: not in the midst of a change", keeping.kept, ASKED, {ChangeUnderWay: UNDER_WAY}),
    Case("kept: no driver", keeping.kept, ASKED, INSTALLED | {DriverPackages: {}}),
]

CHANGING: dict[str, Any] = {"change": Change("changing", OLD, "590.44.01")}
RUNNING: dict[Any, Any] = {
    ChangeUnderWay: None,
    KeptDrivers: {OLD: KEPT},
    OwnRuntimes: frozenset({"llm", "a"}),
    Units: {
        "rig-llm.service": unit(),
        "rig-a.service": unit(active="inactive"),
        "rigd.service": unit(),
        "nvidia-persistenced.service": unit(active="failed"),
    },
}
RECORDING = [
    Case(
        "recorded: with what runs",
        keeping.recorded,
        CHANGING,
        RUNNING,
        has=['"step": "changing"', '"rig-llm.service",\n    "rigd.service"', f"{CHANGE}"],
        lacks=["rig-a.service", "persistenced"],
        why=[f"the driver is changing: {OLD} → 590.44.01"],
    ),
    Case("recorded: it is", keeping.recorded, CHANGING, RUNNING | {ChangeUnderWay: UNDER_WAY}),
    Case(
        "recorded: going back knows what ran before the change",
        keeping.recorded,
        {"change": Change("going back", OLD, "590.44.01", why=("Install the driver: no",))},
        RUNNING | {ChangeUnderWay: UNDER_WAY, Units: {}},
        has=['"step": "going back"', '"rig-llm.service"', '"Install the driver: no"'],
    ),
    Case(
        "recorded: never without a whole way back",
        keeping.recorded,
        CHANGING,
        RUNNING | {KeptDrivers: {OLD: replace(KEPT, files={"libcuda1": FILES["libcuda1"]})}},
        refuses=f"driver {OLD} is not kept whole (nvidia-driver-cuda missing): there would be no way back",
    ),
    Case(
        "recorded: unless that is what somebody wants",
        keeping.recorded,
        {**CHANGING, "way_back": False},
        RUNNING | {KeptDrivers: {}},
        has=['"step": "changing"'],
    ),
    Case(
        "settled: the record goes last",
        keeping.settled,
        {"keep": [OLD]},
        {ChangeUnderWay: UNDER_WAY, KeptDrivers: {"570.1": replace(KEPT, upstream="570.1"), OLD: KEPT}},
        commands=[f"rm -rf -- /var/lib/rigwright/driver/kept/570.1 && sync && rm -f {CHANGE}"],
    ),
    Case("settled: it is", keeping.settled, {"keep": [OLD]}, {ChangeUnderWay: None, KeptDrivers: {OLD: KEPT}}),
]

DPKG = {Packages: PackagesState()}
RESTORING = [
    Case("restored: it is", keeping.restored, {"goal": KEPT}, {DriverPackages: THERE, **DPKG}),
    Case(
        "restored: what differs, and nothing else, in one transaction of files",
        keeping.restored,
        {"goal": KEPT},
        {
            DriverPackages: THERE | have("590.44.01-1", "libcuda1", "libnvidia-new"),
            **DPKG,
        },
        has=[f"sh -s -- {FILES['libcuda1'][0]} libnvidia-new-\n"],
        lacks=[FILES["nvidia-driver-cuda"][0]],
        why=[
            f"driver {OLD}: 1 of 2 packages are not as they were",
            f"libnvidia-new: not of driver {OLD}, wanted absent",
        ],
    ),
    Case(
        "restored: half configured is not there",
        keeping.restored,
        {"goal": KEPT},
        {DriverPackages: THERE | have(f"{OLD}-1", "libcuda1", status="iF"), **DPKG},
        has=[FILES["libcuda1"][0]],
    ),
    Case(
        "restored: dpkg was cut off",
        keeping.restored,
        {"goal": KEPT},
        {DriverPackages: THERE, Packages: PackagesState(audit=True)},
        has=["--configure -a"],
    ),
    Case(
        "restored: not by halves",
        keeping.restored,
        {"goal": replace(KEPT, files={"libcuda1": FILES["libcuda1"]})},
        {DriverPackages: {}, **DPKG},
        refuses=f"driver {OLD} cannot be put back: not kept: nvidia-driver-cuda {OLD}-1",
    ),
]

HALTED = {Units: {name: unit(active="inactive") for name in UNDER_WAY.stopped}}
CDI = CdiState(True, True, None, frozenset(), (), {}, (("0", "GPU-1"),), OLD)
USERS = [
    Case(
        "stopped: watchers before runtimes, runtimes before rigd",
        card_users.stopped,
        {},
        RUNNING | {Units: {**RUNNING[Units], card_users.HEALTH: unit()}, CardPrograms: {}},
        commands=[
            f"systemctl stop {card_users.HEALTH}",
            "systemctl stop rig-llm.service",
            "systemctl stop rigd.service",
        ],
    ),
    Case(
        "stopped: what is not ours is named",
        card_users.stopped,
        {},
        {OwnRuntimes: frozenset(), Units: {"rigd.service": unit()}, CardPrograms: {4711: "/usr/bin/python3"}},
        commands=["systemctl stop rigd.service"],
    ),
    Case("stopped: nothing runs", card_users.stopped, {}, {OwnRuntimes: frozenset(), Units: {}, CardPrograms: {}}),
    Case(
        "started: the last that was stopped first",
        card_users.started,
        {},
        {ChangeUnderWay: UNDER_WAY, **HALTED},
        has=["systemctl start rigd.service", "systemctl start rig-llm.service", "journalctl -u rig-llm.service -n 15"],
    ),
    Case("started: they run", card_users.started, {}, {ChangeUnderWay: UNDER_WAY, Units: RUNNING[Units]}),
    Case("started: none ran", card_users.started, {}, {ChangeUnderWay: replace(UNDER_WAY, stopped=())}),
    Case("started: nothing is under way", card_users.started, {}, {ChangeUnderWay: None}),
    Case("described: no containers", card_users.described, {"spec": "/x", "unit": "cdi.service"}, {Units: {}}),
    Case(
        "described: anew",
        card_users.described,
        {"spec": "/x", "unit": "cdi.service"},
        {Units: {"cdi.service": unit(active="inactive")}, Cdi: CDI},
        has=["systemctl restart cdi.service"],
    ),
]

EXACT = replace(DEBIAN, version="550.163.01")
FETCHING = [
    Case(
        "fetched: what would be installed, and nothing is changed",
        packages.fetched,
        {"wanted": EXACT},
        {**HOST, DriverPackages: {}},
        has=["--download-only install", " nvidia-smi=550.163.01-2", "Pin: version 550.163.01*"],
    ),
    Case(
        "fetched: it is installed",
        packages.fetched,
        {"wanted": wanted("trixie", source="distribution")},
        {**HOST, DriverPackages: have("550.163.01-2", *DEBIAN.packages.packages)},
    ),
]


@pytest.mark.parametrize("case", [*KEEPING, *RECORDING, *RESTORING, *USERS, *FETCHING], ids=str)
def test_driver_keeping(case: Case) -> None:
    case.check()


def test_the_last_that_was_stopped_is_started_first() -> None:
    done = run(card_users.started, {}, {ChangeUnderWay: UNDER_WAY, **HALTED})
    assert ["rigd" in each for each in done.commands] == [True, False]
