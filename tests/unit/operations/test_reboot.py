"""Rebooting: when, when not, and until which boot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyinfra.api.exceptions import PyinfraError

from rigwright.facts.files import Contents
from rigwright.facts.kernels import Kernel, Kernels, KernelsState
from rigwright.facts.module_parameters import ModuleParameters
from rigwright.facts.modules import Module, Modules, ModulesState
from rigwright.facts.release import Release
from rigwright.operations import module_options, reboot
from tests.unit.operations.harness import Case
from tests.unit.operations.releases import RELEASE, release

NEW, OLD = "6.12.117+deb13-amd64", "6.12.43+deb13-amd64"
BOOT = RELEASE["trixie"].boot_id
MODULE = Module("nvidia-current", "/x", "550.163.01", False, True)
WHY = "driver 550.1 is loaded, 550.163.01 is on disk"
ASKED: dict[str, Any] = {"module": "nvidia-current", "words": [], "allowed": True}


def host(running: str | None = "550.1", next_boot: str = NEW, **facts: Any) -> dict[Any, Any]:
    installed = {OLD: Kernel(False, 1.0), NEW: Kernel(True, 1.0)}
    return {
        Release: facts.get("found", RELEASE["trixie"]),
        Kernels: KernelsState(NEW, installed, "update-initramfs", 0.0, ("quiet",), next_boot),
        Modules: ModulesState(running, False, frozenset({"nvidia"}), {NEW: (MODULE,), OLD: facts.get("old", ())}),
        Contents: {reboot.RECORD: facts.get("record")},
    }


CASES = [
    Case("not needed", reboot.if_needed, ASKED, host("550.163.01")),
    Case(
        "needed",
        reboot.if_needed,
        ASKED,
        host(),
        has=[f"{BOOT}\n{WHY}", "systemctl reboot", "[_await_boot]"],
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
    Case("one that did not help is not repeated", reboot.if_needed, ASKED, host(record=f"another boot\n{WHY}\n")),
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
        host(record=f"another boot\n{WHY}\n"),
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
    [(False, None, "a reboot is needed, and not allowed"), (True, f"another boot\n{WHY}\n", "did not help")],
)
def test_what_it_does_not_do_it_remarks(
    allowed: bool, record: str | None, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(reboot, "remark", said.append)
    Case("", reboot.if_needed, {**ASKED, "allowed": allowed}, host(record=record)).check()
    assert text in said[0] and WHY in said[0]
