"""The layer tuning as a whole."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatch
from typing import Any

import pytest

from rigwright.facts.boot_loader import BootLoader, BootLoaderState
from rigwright.facts.files import Contents, Files
from rigwright.facts.gpus import Gpus, PciGpu
from rigwright.facts.kernel_values import BlockQueues, KernelValue, KernelValues
from rigwright.facts.kernels import Kernels, KernelsState
from rigwright.facts.manager_limits import ManagerLimits
from rigwright.facts.module_config import ModuleConfig, ModuleConfigState
from rigwright.facts.modules import Modules, ModulesState
from rigwright.facts.release import Release
from rigwright.facts.smi import Smi
from rigwright.facts.sysctl import SysctlFiles
from rigwright.facts.units import Units
from rigwright.spec.driver import Driver
from rigwright.spec.rig import Rig
from rigwright.spec.tuning import Tuning
from tasks.tuning import tuning
from tests.unit.operations.harness import Step, file, steps
from tests.unit.operations.releases import CODENAMES, RELEASE, UBUNTU

SWAPPINESS, SOMAXCONN = "/proc/sys/vm/swappiness", "/proc/sys/net/core/somaxconn"
LACKING = BootLoaderState(grub=True, written=100.0, entries=(("root=1", "quiet"),))
ALL = Tuning(
    kernel_cmdline=["iommu=pt"],
    module_options={"nvidia": {"NVreg_EnableGpuFirmware": 0}},
    sysctl={"vm.swappiness": 10},
    cpu_governor="performance",
    aspm="off",
    io_scheduler={"nvme": "none", "hdd": "bfq"},
)
GOVERNOR = "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
LINK = "/sys/bus/pci/devices/0000:03:00.0/link/l1_aspm"
NVME, DISK = "/sys/block/nvme0n1/queue/scheduler", "/sys/block/sda/queue/scheduler"
CARD = PciGpu("0000:03:00.0", "0x2204", 16, 16, "GA102 [GeForce RTX 3090]", "ampere")


def held(kernel: dict[str, KernelValue]) -> Callable[[list[str]], dict[str, KernelValue]]:
    return lambda paths: {path: value for path, value in kernel.items() if any(fnmatch(path, each) for each in paths)}


def layer(
    codename: str, declared: Tuning, source: str = "distribution", facts: dict[Any, Any] | None = None
) -> dict[str, Step]:
    kernel = {
        SWAPPINESS: KernelValue("60", "proc", True),
        GOVERNOR: KernelValue("schedutil", "sysfs", True),
        LINK: KernelValue("1", "sysfs", True),
        NVME: KernelValue("[mq-deadline] none", "sysfs", True),
        DISK: KernelValue("[mq-deadline] bfq", "sysfs", True),
    }
    bare: dict[Any, Any] = {
        Release: RELEASE[codename], BootLoader: LACKING, SysctlFiles: [], ModuleConfig: ModuleConfigState(),
        KernelValues: held(kernel), BlockQueues: {"nvme0n1": "nvme", "sda": "hdd"}, Gpus: [CARD],
        Kernels: KernelsState(running="6"), ManagerLimits: {}, Files: {}, Contents: {}, Units: {},
        Modules: ModulesState(), Smi: [],
    }  # fmt: skip
    driver = Driver.model_validate({"source": source, **({} if source == "none" else {"branch": 580})})
    return steps(tuning, Rig(name="rig", tuning=declared, driver=driver), {**bare, **(facts or {})})


@pytest.mark.parametrize("codename", CODENAMES)
def test_everything_at_once(codename: str) -> None:
    done = layer(codename, ALL)
    assert done["Set sysctl settings"].why == ("vm.swappiness: 60, wanted 10",)
    assert done["Set the CPU governor"].why == (f"{GOVERNOR}: schedutil, wanted performance",)
    assert done["Keep the GPUs' links awake"].why == (f"{LINK}: 1, wanted 0",)
    assert done["Set the drives' I/O schedulers"].why == (
        f"{NVME}: mq-deadline, wanted none",
        f"{DISK}: mq-deadline, wanted bfq",
    )
    assert "l1_aspm" in done["Write rigwright-gpu-links.service"].commands[0]
    assert done["Set the GPUs' links at boot"].commands == ("systemctl enable rigwright-gpu-links.service",)
    rules = done["Write udev's rules for drives"].commands[0]
    assert 'KERNEL=="nvme*", ATTR{queue/scheduler}="none"' in rules
    assert 'ATTR{queue/rotational}=="1", ATTR{queue/scheduler}="bfq"' in rules
    assert 'ATTR{queue/rotational}=="0"' not in rules
    module = "nvidia" if RELEASE[codename].id == "ubuntu" else "nvidia-current"
    assert f"options {module} NVreg_EnableGpuFirmware=0" in done["Write module options"].commands[0]


def test_nvidias_own_packages_call_the_module_nvidia() -> None:
    assert "options nvidia NVreg_" in layer("trixie", ALL, source="nvidia")["Write module options"].commands[0]
    assert "options nvidia NVreg_" in layer("trixie", ALL, source="none")["Write module options"].commands[0]


@pytest.mark.parametrize("codename", CODENAMES)
def test_the_persistence_daemons_unit_is_overridden_where_it_is_shipped_off(codename: str) -> None:
    found = layer(codename, Tuning())
    if codename not in UBUNTU:
        assert found["Leave the persistence daemon's unit as shipped"].commands == ()
        return
    (drop_in,) = found["Have the persistence daemon keep persistence mode on"].commands
    assert "ExecStart=\nExecStart=/usr/bin/nvidia-persistenced --user nvidia-persistenced --verbose\n" in drop_in
    assert "WantedBy=multi-user.target" in drop_in
    assert "Have the persistence daemon keep persistence mode on" not in layer(codename, Tuning(persistence_mode=False))


def test_persistence_mode_of_a_driver_that_is_not_ours() -> None:
    card = "0, RTX, GPU-1, 00000000:03:00.0, 580.105.08, Disabled, 8"
    loaded = {Modules: ModulesState(running="580.105.08"), Smi: card}
    found = layer("noble", Tuning(), source="none", facts=loaded)
    assert found["Set the cards' persistence mode"].commands == ("nvidia-smi --persistence-mode=1",)
    assert "Run the persistence daemon as declared" not in found
    assert "Have the persistence daemon keep persistence mode on" not in found


def test_units_wait_for_their_files() -> None:
    done = layer("trixie", ALL)
    assert done["Set the CPU governor at boot"].waits == ("Write rigwright-cpu-governor.service",)
    assert done["Set sysctl settings"].waits == ("Load the modules that sysctl settings need",)
    assert done["Set the GPUs' links at boot"].waits == ("Write rigwright-gpu-links.service",)


def test_nothing_declared_on_a_bare_host_is_nothing_to_do() -> None:
    for declared in (Tuning(), Tuning(state="absent"), ALL.model_copy(update={"state": "absent"})):
        assert {name: step.commands for name, step in layer("trixie", declared).items() if step.commands} == {}


def test_absent_takes_everything_back() -> None:
    written: dict[str, str] = {}
    for step in layer("trixie", ALL).values():
        for command in step.commands:
            line, given, text = command.partition("\n<<<\n")
            if given:
                written[line.rpartition('mv -fT "$new" ')[2].split(";")[0]] = text
    facts = {Contents: written, Files: {path: file(text) for path, text in written.items()}}
    in_force = {
        SWAPPINESS: KernelValue("10", "proc", True), GOVERNOR: KernelValue("performance", "sysfs", True),
        LINK: KernelValue("0", "sysfs", True), NVME: KernelValue("mq-deadline [none]", "sysfs", True),
        DISK: KernelValue("mq-deadline [bfq]", "sysfs", True),
    }  # fmt: skip
    done = layer("trixie", Tuning(state="absent"), facts={**facts, KernelValues: held(in_force)})
    commands = "\n".join(command for step in done.values() for command in step.commands)
    for path in written:
        assert f"rm -f -- {path}" in commands, path
    for path, was in {SWAPPINESS: "60", GOVERNOR: "schedutil", LINK: "1", NVME: "mq-deadline"}.items():
        assert f"set_value {path} {was}" in commands
