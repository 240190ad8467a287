"""Upgrade, rollback and the way back as whole deploys: a host's facts in, what would be done out, in order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rigwright.choice.driver_change import Forward
from rigwright.facts.cdi import Cdi, CdiState
from rigwright.facts.driver import DriverPackages, Offer, Offers, Place, upstream_version
from rigwright.facts.driver_change import CachedPackages, Change, ChangeUnderWay, Kept, KeptDrivers
from rigwright.facts.files import Contents
from rigwright.facts.kernels import Kernel, Kernels, KernelsState
from rigwright.facts.module_parameters import ModuleParameters
from rigwright.facts.modules import Modules, ModulesState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.runtimes import OwnRuntimes
from rigwright.facts.smi import CardPrograms
from rigwright.facts.units import Units
from rigwright.operations import reboot
from rigwright.spec.driver import Driver
from rigwright.spec.rig import Rig
from tasks.driver import change
from tasks.driver.repository import PREFERENCES
from tests.unit.operations.driver_hosts import have, module
from tests.unit.operations.harness import Step, steps, unit
from tests.unit.operations.releases import RELEASE
from tests.unit.operations.test_driver_layer import bare

OLD, NEW = "580.95.05", "590.44.01"
KERNEL = RELEASE["bookworm"].kernel_running
NAMES = ("nvidia-driver-cuda", "nvidia-persistenced", "nvidia-modprobe", "nvidia-kernel-open-dkms", "libcuda1")
RIG = Rig(name="x", driver=Driver(source="nvidia", branch=590))
KEPT = Kept(
    OLD,
    dict.fromkeys(NAMES, f"{OLD}-1"),
    580,
    None,
    "open",
    "Pin: version 580.*\n",
    files={name: (f"/kept/{name}.deb",) for name in NAMES},
)


def facts() -> dict[Any, Any]:
    """A host with driver 580 in force, whose repository has 590 too."""
    found = bare("bookworm", branch=580, vendor=True)
    place = found[Offers](["x"])["x"].versions["580.95.05-1"]
    versions: dict[str, tuple[Place, ...]] = {f"{NEW}-1": place, f"{OLD}-1": place}
    installed = dict.fromkeys(NAMES, f"{OLD}-1") | {
        "linux-image-amd64": "1", "linux-headers-amd64": "1", "ca-certificates": "1", "gpg": "1",
    }  # fmt: skip
    return found | {
        DriverPackages: have(f"{OLD}-1", *NAMES),
        Offers: lambda names: {name: Offer(f"{OLD}-1", f"{NEW}-1", versions) for name in names},
        Packages: PackagesState(installed=installed, held=frozenset(NAMES)),
        Kernels: KernelsState(KERNEL, {KERNEL: Kernel(True, 100.0)}, "update-initramfs", 50.0, (), KERNEL),
        Modules: ModulesState(OLD, True, frozenset({"nvidia"}), {KERNEL: (module(OLD, "nvidia", True),)}),
        ChangeUnderWay: None,
        KeptDrivers: {OLD: KEPT},
        CachedPackages: frozenset(),
        Contents: {PREFERENCES: "Pin: version 580.*\n", reboot.RECORD: None},
        ModuleParameters: {},
        OwnRuntimes: frozenset({"llm"}),
        CardPrograms: {},
        Units: {"rig-llm.service": unit(), "rigd.service": unit()},
        Cdi: CdiState(True, True, None, frozenset(), (), {}, (), None),
    }


def done(deploy: Any, found: dict[Any, Any]) -> dict[str, Step]:
    return steps(deploy, RIG, found, {"layers": "driver"})


def in_order(found: dict[str, Step], *names: str) -> None:
    order = [name for name in found if name in names]
    assert order == list(names)


def test_an_upgrade_changes_nothing_before_all_is_there_and_written_down() -> None:
    otherwise_pinned = {OLD: replace(KEPT, preferences=None)}
    found = done(lambda rig: change.upgrade(rig, Forward(OLD, NEW), True), facts() | {KeptDrivers: otherwise_pinned})
    in_order(
        found,
        "Find the driver",
        change.KEEP,
        f"Fetch the packages of driver {NEW}",
        change.RECORD,
        change.STOP,
        "Pin the driver",
        "Install the driver",
        "Hold the driver's packages",
        "Have a module for every kernel",
        "Reboot if needed",
        change.START,
    )
    assert found[change.RECORD].waits, "it is not judged before the old packages are kept"
    fetch = found[f"Fetch the packages of driver {NEW}"].commands[0]
    assert f" nvidia-driver-cuda={NEW}-1" in fetch and "--download-only" in fetch
    install = found["Install the driver"].commands[0]
    assert f" libcuda1={NEW}-1" in install and f"/kept/{OLD}/" in install, "and it is put back from what is kept"
    assert "Pin: version 590.*" in found["Pin the driver"].commands[0], "as declared, and not the one version"
    assert list(found[change.STOP].commands) == [
        "systemctl stop rig-llm.service", "systemctl stop rigd.service",
    ]  # fmt: skip


def test_the_reboot_is_the_one_of_every_apply() -> None:
    loaded = ModulesState(OLD, True, frozenset({"nvidia"}), {KERNEL: (module(NEW, "nvidia", True),)})
    packages = have(f"{NEW}-1", *NAMES)
    found = done(
        lambda rig: change.upgrade(rig, Forward(OLD, NEW, resumed=True), True),
        facts() | {Modules: loaded, DriverPackages: packages, ChangeUnderWay: Change("changing", OLD, NEW)},
    )
    assert found["Reboot if needed"].why == (f"reboot: driver {OLD} is loaded, {NEW} is on disk",)
    assert upstream_version(f"{NEW}-1") == NEW and found["Install the driver"].commands == ()


def half_way() -> dict[Any, Any]:
    return facts() | {
        DriverPackages: have(f"{NEW}-1", *NAMES, "libnvidia-new") | have(f"{NEW}-1", "libcuda1", status="iF"),
        Packages: PackagesState(unfinished={"libcuda1": "iF"}, held=frozenset()),
        Modules: ModulesState(OLD, True, frozenset({"nvidia"}), {}),
        ChangeUnderWay: Change("changing", OLD, NEW, stopped=("rig-llm.service",)),
        Contents: {PREFERENCES: "Pin: version 590.*\n", reboot.RECORD: None},
        Units: {"rig-llm.service": unit(active="inactive")},
    }


def test_the_way_back_asks_no_repository_for_anything() -> None:
    under_way = Change("changing", OLD, NEW, stopped=("rig-llm.service",))
    found = done(lambda rig: change.back(rig, KEPT, under_way, ("Install the driver: no",)), half_way())
    in_order(
        found,
        change.RECORD,
        change.STOP,
        f"Put driver {OLD} back",
        "Put apt's pin back",
        "Hold the driver's packages",
        "Have a module for every kernel",
        "Load the driver",
        "Reboot if needed",
        change.START,
    )
    assert (
        '"going back"' in found[change.RECORD].commands[0]
        and "Install the driver: no" in found[change.RECORD].commands[0]
    )
    put = found[f"Put driver {OLD} back"].commands[0]
    assert " /kept/libcuda1.deb " in put and " libnvidia-new-\n" in put
    assert "Pin: version 580.*" in found["Put apt's pin back"].commands[0]
    assert "systemctl start rig-llm.service" in found[change.START].commands[0]
    said = "\n".join(command for step in found.values() for command in step.commands)
    assert " update" not in said.replace("update-initramfs", "") and "download" not in said


def test_a_rollback_keeps_what_it_leaves() -> None:
    stale = replace(KEPT, upstream=NEW, packages=dict.fromkeys(NAMES, f"{NEW}-1"), preferences=None)
    newer = facts() | {DriverPackages: have(f"{NEW}-1", *NAMES), KeptDrivers: {OLD: KEPT, NEW: stale}}
    found = done(lambda rig: change.to_kept(rig, KEPT, Forward(NEW, OLD, kept=KEPT), True), newer)
    names = list(found)
    assert names.index(change.KEEP) < names.index(change.RECORD) < names.index(f"Put driver {OLD} back")
    assert f"/kept/{NEW} all " in found[change.KEEP].commands[0]
    assert found[change.RECORD].waits == (change.KEEP,)


def test_the_pin_that_there_was_not_goes() -> None:
    unpinned = Kept(OLD, KEPT.packages, 580, None, "open", None, files=KEPT.files)
    found = done(lambda rig: change.back(rig, unpinned, Change("changing", OLD, NEW), ()), half_way())
    assert "Remove the pin that there was not" in found


def test_the_end_is_its_own_step() -> None:
    found = done(lambda rig: change.settled((OLD,)), facts() | {ChangeUnderWay: Change("changing", OLD, NEW)})
    assert found["End the change"].commands == ("sync && rm -f /var/lib/rigwright/driver/change.json",)
