"""Layer `tuning`: settings that no BIOS holds. Power, clocks and fans are rigd's, and have keys of their own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigwright.spec.model import Model, State, key

Word = Annotated[str, Field(pattern=r"^[^\s\"'$`\\]+$", description="a word without spaces, quotes or dollar signs")]
ModuleName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", description="a module's name")]
OptionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$", description="an option's name")]
SysctlName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9_]+(\.[A-Za-z0-9_/-]+)+$", description="a sysctl's name, with dots, e.g. 'vm.swappiness'"),
]


class Limits(Model):
    """Limits of logins and services (pam_limits and systemd's defaults)."""

    memlock: Literal["unlimited", "default"] = key("default", "locked memory, for RDMA and pinned host buffers")
    nofile: int | None = key(None, "open files, soft and hard; None: the distribution's", ge=1024, le=1048576)


class Tuning(Model):
    """Host tuning."""

    state: State = key("present", "'absent' takes back every file and word of ours")
    persistence_mode: bool = key(True, "keep the driver loaded with no client")
    kernel_cmdline: list[Word] = key(
        default_factory=list,
        description="words added to the kernel command line, e.g. ['iommu=pt']",
        form="a list of words without spaces, quotes or dollar signs, e.g. ['iommu=pt']",
    )
    module_options: dict[ModuleName, dict[OptionName, str | int]] = key(
        default_factory=dict,
        description="module options by upstream's module name and option, e.g. "
        "{'nvidia': {'NVreg_EnableGpuFirmware': 0}}; written under the name that the installed packages use",
        form="a mapping of modules to options, each a whole number or text, {'nvidia': {'NVreg_…': 0}}",
    )
    sysctl: dict[SysctlName, str | int] = key(
        default_factory=dict,
        description="sysctl values by name",
        form="a mapping of names with dots to whole numbers or text, {'vm.swappiness': 10}",
    )
    cpu_governor: Literal["performance", "powersave", "schedutil", "ondemand", "conservative"] | None = key(
        None, "CPU frequency governor; None: left alone"
    )
    limits: Limits = key(default_factory=Limits, description="resource limits")
    aspm: Literal["default", "off"] = key("default", "'off': L0s and L1 disabled on the GPUs' links")
    io_scheduler: dict[Literal["nvme", "ssd", "hdd"], Literal["none", "mq-deadline", "bfq", "kyber"]] = key(
        default_factory=dict, description="I/O scheduler by kind of drive"
    )
