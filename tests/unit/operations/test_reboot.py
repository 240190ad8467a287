"""Rebooting: when, when not, and until which boot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pyinfra.api.exceptions import PyinfraError

from rigwright.facts.boot_loader import BootLoader, BootLoaderState
from rigwright.facts.driver import Offers
from rigwright.facts.files import Contents
from rigwright.facts.gpus import Gpus
from rigwright.facts.kernels import Kernel, Kernels, KernelsState
from rigwright.facts.module_parameters import ModuleParameters
from rigwright.facts.modules import Module, Modules, ModulesState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.facts.secure_boot import KeyEnrolled
from rigwright.operations import module_options, reboot
from rigwright.spec.driver import Driver
from rigwright.spec.rig import Rig
from rigwright.spec.tuning import Tuning
from tasks.reboot import reboot as reboot_task
from tests.unit.operations.harness import Case, steps
from tests.unit.operations.releases import RELEASE, release

NEW, OLD = "6.12.117+deb13-amd64", "6.12.43+deb13-amd64"
BOOT = RELEASE["trixie"].boot_id
MODULE = Module("nvidia-current", f"/lib/modules/{NEW}/updates/dkms/nvidia-current.ko", "550.163.01", False, True)
SECURE = replace(RELEASE["trixie"], secure_boot=True)
WHY = "driver 550.1 is loaded, 550.163.01 is on disk"
ASKED: dict[str, Any] = {"module": "nvidia-current", "words": [], "allowed": True}


def host(running: str | None = "550.1", next_boot: str = NEW, **facts: Any) -> dict[Any, Any]:
    installed = {OLD: Kernel(False, 1.0), NEW: Kernel(True, 1.0)}
    return {
        Release: facts.get("found", RELEASE["trixie"]),
        Kernels: KernelsState(NEW, installed, "update-initramfs", 0.0, ("quiet",), next_boot),
        Modules: ModulesState(running, False, frozenset({"nvidia"}), facts.get("on_disk", {NEW: (MODULE,), OLD: ()})),
        Contents: {reboot.RECORD: facts.get("record")},
        KeyEnrolled: facts.get("enrolled"),
    }


def entries(*words: str) -> dict[Any, Any]:
    """Boot entries that all have these words."""
    return {BootLoader: BootLoaderState((), True, 1.0, (words, words))}


CASES = [
    Case("not needed", reboot.if_needed, ASKED, host("550.163.01")),
    Case(
        "needed",
        reboot.if_needed,
        ASKED,
        host(),
        has=[
            f"{BOOT}\n{WHY}",
            "systemctl reboot",
            f"[_await_boot] {BOOT} {reboot.WAIT_S}\ncat /proc/sys/kernel/random/boot_id >> {reboot.RECORD}",
        ],
        why=[f"reboot: {WHY}"],
    ),
    Case("needed, but not allowed", reboot.if_needed, {**ASKED, "allowed": False}, host()),
    Case("a container has no kernel of its own", reboot.if_needed, ASKED,
         host(found=release("trixie", container="systemd-nspawn"))),
    Case(
        "never into a kernel without the module",
        reboot.if_needed,
        ASKED,
        host(next_boot=OLD),
        refuses=f"needed (kernel {NEW} is running, {OLD} is installed; {WHY}), but the next boot would start",
    ),
    Case(
        "into a kernel without the module where nothing is lost: left to be done",
        reboot.if_needed,
        ASKED,
        host(None, next_boot=OLD, on_disk={}),
    ),
    Case(
        "into a kernel without the module, for a word's sake: left to be done",
        reboot.if_needed,
        {**ASKED, "words": ["iommu=pt"], "layers": ["tuning"]},
        host(next_boot=OLD),
    ),
    Case("not for the driver in a run without it", reboot.if_needed, {**ASKED, "layers": ["access"]}, host()),
    Case(
        "for a word in a run of its layer alone",
        reboot.if_needed,
        {**ASKED, "words": ["iommu=pt"], "layers": ["tuning"]},
        host(),
        has=["systemctl reboot"],
        why=["reboot: not on the running kernel's command line: iommu=pt"],
    ),
    Case(
        "not for a word that the next boot would not have",
        reboot.if_needed,
        {**ASKED, "words": ["iommu=pt"], "layers": ["access"]},
        {**host(), **entries("quiet")},
    ),
    Case(
        "for a word that only waits for it",
        reboot.if_needed,
        {**ASKED, "words": ["iommu=pt"], "layers": ["access"]},
        {**host(), **entries("quiet", "iommu=pt")},
        why=["reboot: not on the running kernel's command line: iommu=pt"],
        has=["systemctl reboot"],
    ),
    Case(
        "for a driver that is to go",
        reboot.if_needed,
        {**ASKED, "module": None, "gone": True},
        host(),
        why=["reboot: driver 550.1 is loaded, and none is wanted"],
        has=["systemctl reboot"],
    ),
    Case(
        "never into a driver that Secure Boot would not load",
        reboot.if_needed,
        ASKED,
        host(found=SECURE, enrolled=False),
        refuses="would not load its nvidia-current module. Secure Boot is on",
    ),
    Case(
        "Secure Boot knows the key, or nobody can tell",
        reboot.if_needed,
        ASKED,
        host(found=SECURE),
        has=["systemctl reboot"],
    ),
    Case("one that did not help is not repeated", reboot.if_needed, ASKED,
         host(record=f"another boot\n{WHY}\n{BOOT}\n")),
    Case(
        "one that helped once is, when it is needed again",
        reboot.if_needed,
        ASKED,
        host(record=f"another boot\n{WHY}\nthe boot after that\n"),
        has=["systemctl reboot"],
    ),
    Case(
        "one of which nobody saw the end is",
        reboot.if_needed,
        ASKED,
        host(record=f"another boot\n{WHY}\n"),
        has=["systemctl reboot"],
    ),
    Case(
        "one that was asked for and never came is",
        reboot.if_needed,
        ASKED,
        host(record=f"{BOOT}\n{WHY}\n"),
        has=["systemctl reboot"],
    ),
    Case(
        "another reason is another reboot",
        reboot.if_needed,
        {**ASKED, "words": ["iommu=pt"]},
        host(record=f"another boot\n{WHY}\n{BOOT}\n"),
        has=["systemctl reboot"],
    ),
]  # fmt: skip


def optioned(value: str, text: str = "options nvidia-current NVreg_X=1\n") -> dict[Any, Any]:
    written = {reboot.RECORD: None, module_options.FILE: text}
    return {**host("550.163.01"), Contents: written, ModuleParameters: f"nvidia NVreg_X {value}"}


OPTIONS = {**ASKED, "options": {"nvidia": {"NVreg_X": 1}}}
CASES += [
    Case(
        "options that the loaded module does not run with",
        reboot.if_needed,
        OPTIONS,
        optioned("0"),
        has=["systemctl reboot"],
        why=["reboot: module nvidia runs with NVreg_X=0, declared 1"],
    ),
    Case("options that it runs with", reboot.if_needed, OPTIONS, optioned("1")),
    Case("options that no file gives it", reboot.if_needed, OPTIONS, optioned("0", "")),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_reboot(case: Case) -> None:
    case.check()


class Clock:
    """Time that passes when one sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def waited(answers: Iterator[str | None], wait_s: float = 60) -> float:
    clock = Clock()
    reboot.await_boot("old", wait_s, lambda: next(answers), clock, clock.sleep)
    return clock.now


def test_the_old_boot_and_silence_are_waited_out() -> None:
    assert waited(iter(["old", "old", None, None, None, "new"])) > 0


@pytest.mark.parametrize(("answer", "text"), [("old", "still runs the boot"), (None, "does not answer")])
def test_a_host_that_does_not_come_back(answer: str | None, text: str) -> None:
    def for_ever() -> Iterator[str | None]:
        while True:
            yield answer

    with pytest.raises(PyinfraError, match=f"{text}.*run again"):
        waited(for_ever())


@pytest.mark.parametrize(
    ("allowed", "record", "text"),
    [(False, None, "a reboot is needed, and not allowed"), (True, f"another boot\n{WHY}\n{BOOT}\n", "did not help")],
)
def test_what_it_does_not_do_is_outstanding(
    allowed: bool, record: str | None, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(reboot, "outstanding", said.append)
    Case("", reboot.if_needed, {**ASKED, "allowed": allowed}, host(record=record)).check()
    assert text in said[0] and WHY in said[0]


BARE = {
    **host(None),
    Modules: ModulesState(loaded=frozenset({"nouveau"})),
    Packages: PackagesState(lists_current=True),
    Gpus: [],
    Offers: {},
    **entries("quiet"),
}


@pytest.mark.parametrize("on_disk", [{}, {NEW: (MODULE,)}], ids=["bare", "driver not loaded"])
@pytest.mark.parametrize("layers", ["base", "access", "cuda", "containers", "tuning"])
def test_each_layer_alone_leaves_the_driver_to_its_own(layers: str, on_disk: dict[str, tuple[Module, ...]]) -> None:
    rig = Rig(name="x", driver=Driver(source="distribution"), tuning=Tuning(kernel_cmdline=["quiet"]))
    facts = {**BARE, Modules: ModulesState(None, False, frozenset({"nouveau"}), on_disk)}
    done = steps(reboot_task, rig, facts, {"layers": layers})
    assert {name: step.commands for name, step in done.items()} == {"Reboot if needed": ()}


def test_the_drivers_layer_removes_kernels_and_reboots() -> None:
    rig = Rig(name="x", driver=Driver(source="distribution"))
    facts = {**BARE, Modules: ModulesState(None, False, frozenset({"nouveau"}), {NEW: (MODULE,)})}
    done = steps(reboot_task, rig, facts, {"layers": "driver"})
    assert done["Reboot if needed"].why == ("reboot: nouveau is loaded, and holds the cards",)
    assert "Remove kernels that can never have the driver" in done


def test_a_driver_that_is_taken_back_is_unloaded_by_a_reboot() -> None:
    rig = Rig(name="x", driver=Driver(source="distribution", state="absent"))
    assert steps(reboot_task, rig, {**BARE, **host()}, {})["Reboot if needed"].why == (
        "reboot: driver 550.1 is loaded, and none is wanted",
    )
