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
    return Module("nvidia", "/lib/modules/x/updates/dkms/nvidia.ko", version, is_open, False)


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


def test_a_driver_that_is_to_go_and_is_loaded_is_a_reason() -> None:
    assert reasons_to_reboot(kernels(), modules(), None, [], gone=True) == [
        "driver 580.105.08 is loaded, and none is wanted"
    ]
    assert reasons_to_reboot(kernels(), modules(None, loaded="nouveau"), None, [], gone=True) == []


@pytest.mark.parametrize(("running", "worse"), [("580.95.05", True), (None, False)])
def test_a_module_that_secure_boot_would_not_load_is_an_obstacle(running: str | None, worse: bool) -> None:
    obstacle = obstacle_to_reboot(kernels(), modules(running), "nvidia", "Enrol the key.")
    assert obstacle is not None
    assert obstacle.worse is worse
    assert "would not load its nvidia module. Enrol the key." in obstacle.text
    by_ubuntu = Module("nvidia", "/lib/modules/x/kernel/nvidia-580-server-open/nvidia.ko", "580.105.08", True, True)
    signed = ModulesState(running, True, frozenset({"nvidia"}), {NEW: (by_ubuntu,)})
    assert obstacle_to_reboot(kernels(), signed, "nvidia", "Enrol the key.") is None


def test_a_kernel_without_the_module_is_not_booted() -> None:
    obstacle = obstacle_to_reboot(kernels(next_boot=OLD), modules(on_disk=(NEW,)), "nvidia")
    assert obstacle is not None
    assert obstacle.worse
    assert f"kernel {OLD}, which has no nvidia module" in obstacle.text
    assert f"linux-headers-{OLD}" in obstacle.text
    nothing_lost = obstacle_to_reboot(kernels(next_boot=OLD), modules(on_disk=()), "nvidia")
    assert nothing_lost is not None
    assert not nothing_lost.worse
    assert obstacle_to_reboot(kernels(), modules(on_disk=(NEW,)), "nvidia") is None
    assert obstacle_to_reboot(kernels(next_boot=OLD), modules(on_disk=()), None) is None
