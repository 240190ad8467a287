"""What the proof of layer tuning makes of a loaded driver, and of a kernel of the host's own."""

from __future__ import annotations

from typing import Any

import pytest

from rigwright.spec.rig import Rig
from tests.host import test_tuning as proof
from tests.host.answers import CouldNotTell
from tests.host.reading import Answers

SUSPEND = {"nvidia": {"NVreg_PreserveVideoMemoryAllocations": 1}, "nvidia-uvm": {"uvm_disable_hmm": "Y"}}
IN_FORCE = "nvidia NVreg_PreserveVideoMemoryAllocations 1\nnvidia_uvm uvm_disable_hmm Y"


def rig(driver: dict[str, Any] | None = None, **tuning: Any) -> Rig:
    values = {"name": "x", "driver": {"branch": 580, **(driver or {})}, "tuning": tuning}
    return Rig.model_validate(values, strict=False)


def persistence(declared: Rig, *modes: str, running: str = "NVRM version: …") -> None:
    smi = "\n".join(f"{number}, {mode}" for number, mode in enumerate(modes))
    proof.test_persistence_mode(declared, Answers(running=running, smi=smi), declared.tuning)


def test_persistence_mode_is_on() -> None:
    persistence(rig(), "Enabled", "Enabled")
    with pytest.raises(AssertionError, match=r"persistence mode is off for card 1\b"):
        persistence(rig(), "Enabled", "Disabled")


def test_persistence_mode_is_off() -> None:
    off = rig(persistence_mode=False)
    persistence(off, "Disabled", "Disabled")
    with pytest.raises(AssertionError, match=r"persistence mode is on for card 0, 1\b"):
        persistence(off, "Enabled", "Enabled")
    with pytest.raises(AssertionError, match=r"persistence mode is on for card 0\b"):
        persistence(rig(state="absent"), "Enabled")


def test_persistence_mode_without_a_driver() -> None:
    with pytest.raises(CouldNotTell, match="no NVIDIA driver is loaded"):
        persistence(rig(), running="")
    with pytest.raises(CouldNotTell, match="nvidia-smi tells of no card: no answer"):
        persistence(rig())


def options(parameters: str) -> None:
    proof.test_module_options_in_force(Answers(parameters=parameters), rig(module_options=SUSPEND).tuning)


def test_module_options_in_force() -> None:
    options(IN_FORCE)
    options(IN_FORCE.replace("hmm Y", "hmm 1"))
    with pytest.raises(
        AssertionError, match="nvidia runs with NVreg_PreserveVideoMemoryAllocations=0, declared 1: rebo"
    ):
        options(IN_FORCE.replace("Allocations 1", "Allocations 0"))
    with pytest.raises(AssertionError, match="module nvidia-uvm runs with uvm_disable_hmm=N, declared Y: reboot"):
        options(IN_FORCE.replace("hmm Y", "hmm N"))
    with pytest.raises(CouldNotTell, match=r"not loaded, or the module does not show it: nvidia-uvm uvm_disable_hmm$"):
        options(IN_FORCE.splitlines()[0])


def command_line(**other: str) -> None:
    """A machine that was started with the declared word, of which something is otherwise."""
    seen = {
        "container": "none",
        "our words": "iommu=pt",
        "next cmdline": "quiet iommu=pt",
        "boot entries": "root=UUID=1 ro quiet iommu=pt",
        "cmdline": "BOOT_IMAGE=/boot/vmlinuz root=UUID=1 ro quiet iommu=pt",
        **{name.replace("_", " "): text for name, text in other.items()},
    }
    proof.test_kernel_command_line(Answers(seen), rig(kernel_cmdline=["iommu=pt"]).tuning)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"our_words": ""}, "our words at the next boot: none; declared: iommu=pt"),
        ({"our_words": "iommu=pt nosmt"}, "our words at the next boot: iommu=pt, nosmt; declared: iommu=pt"),
        ({"next_cmdline": "quiet"}, "another file of GRUB's takes iommu=pt away again"),
        ({"boot_entries": "root=UUID=1 ro quiet"}, "a boot entry lacks iommu=pt"),
        ({"cmdline": "root=UUID=1 ro quiet"}, "the running kernel was started without iommu=pt: reboot"),
    ],
)
def test_kernel_command_line(other: dict[str, str], said: str) -> None:
    command_line()
    with pytest.raises(AssertionError, match=said):
        command_line(**other)


def drives(declared: dict[str, str], **scheduler: str) -> None:
    """Drives with these schedulers in force, under a rule for NVMe."""
    rule = 'ACTION=="add|change", KERNEL=="nvme[0-9]*n[0-9]*", ATTR{queue/scheduler}="none"'
    seen = {"udev": rule, "kernel's": "", "drives": "\n".join(f"/sys/block/{n}=0 {s}" for n, s in scheduler.items())}
    proof.test_io_scheduler(Answers(seen), rig(io_scheduler=declared).tuning)


def test_io_scheduler() -> None:
    drives({"nvme": "none"}, nvme0n1="[none] mq-deadline", sda="none [mq-deadline]")
    with pytest.raises(AssertionError, match=r"nvme0n1 .nvme. has mq-deadline, declared none"):
        drives({"nvme": "none"}, nvme0n1="none [mq-deadline]")
    with pytest.raises(AssertionError, match=r"udev's rules set .* at boot, declared .*mq-deadline"):
        drives({"nvme": "mq-deadline"}, nvme0n1="none [mq-deadline]")
    with pytest.raises(CouldNotTell, match="there is no drive of kind nvme here"):
        drives({"nvme": "none"}, sda="none [mq-deadline]")
