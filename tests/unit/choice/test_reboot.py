"""When only a reboot helps, and when it would do harm."""

from __future__ import annotations

import pytest

from rigwright.choice.reboot import obstacle_to_reboot, reasons_to_reboot
from rigwright.facts.kernels import Kernel, KernelsState
from rigwright.facts.modules import Module, ModulesState

OLD, NEW = "6.12.43+deb13-amd64", "6.12.117+deb13-amd64"


def kernels(running: str = NEW, next_boot: str | None = NEW, cmdline: tuple[str, ...] = ("quiet",)) -> KernelsState:
    installed = {OLD: Kernel(False, 1.0), NEW: Kernel(True, 1.0)}
    return KernelsState(running, installed, "update-initramfs", 0.0, cmdline, next_boot)


def module(version: str = "580.105.08", is_open: bool = True) -> Module:
    return Module("nvidia", "/lib/modules/x/nvidia.ko", version, is_open, False)


def modules(
    running: str | None = "580.105.08",
    *,
    is_open: bool = True,
    loaded: str = "nvidia",
    on_disk: tuple[str, ...] = (NEW,),
) -> ModulesState:
    return ModulesState(running, is_open, frozenset(loaded.split()), {kernel: (module(),) for kernel in on_disk})


def test_nothing_to_reboot_for() -> None:
    assert reasons_to_reboot(kernels(), modules(), "nvidia", ["quiet"]) == []


@pytest.mark.parametrize(
    ("state", "found", "words", "reason"),
    [
        (kernels(OLD), modules(on_disk=(OLD, NEW)), [], f"kernel {OLD} is running, {NEW} is installed"),
        (kernels(OLD, None), modules(on_disk=(OLD, NEW)), [], f"kernel {OLD} is running, {NEW} is installed"),
        (kernels(), modules("580.95.05"), [], "driver 580.95.05 is loaded, 580.105.08 is on disk"),
        (kernels(), modules(is_open=False), [], "the proprietary module is loaded, the open one is on disk"),
        (kernels(), modules(None, loaded="nouveau"), [], "nouveau is loaded, and holds the cards"),
        (kernels(), modules(), ["iommu=pt", "quiet"], "not on the running kernel's command line: iommu=pt"),
    ],
)
def test_reasons(state: KernelsState, found: ModulesState, words: list[str], reason: str) -> None:
    assert reasons_to_reboot(state, found, "nvidia", words) == [reason]


def test_an_older_kernel_that_grub_was_told_to_start_is_no_reason() -> None:
    assert reasons_to_reboot(kernels(OLD, OLD), modules(on_disk=(OLD,)), "nvidia", []) == []


def test_without_a_driver_of_ours_only_the_command_line_counts() -> None:
    found = modules("550.1", loaded="nouveau")
    assert reasons_to_reboot(kernels(OLD), found, None, ["iommu=pt"], new_kernel=False) == [
        "not on the running kernel's command line: iommu=pt"
    ]


def test_a_kernel_without_the_module_is_not_booted() -> None:
    obstacle = obstacle_to_reboot(kernels(next_boot=OLD), modules(on_disk=(NEW,)), "nvidia")
    assert obstacle is not None
    assert f"kernel {OLD}, which has no nvidia module" in obstacle
    assert f"linux-headers-{OLD}" in obstacle
    assert obstacle_to_reboot(kernels(), modules(on_disk=(NEW,)), "nvidia") is None
    assert obstacle_to_reboot(kernels(next_boot=OLD), modules(on_disk=()), None) is None
