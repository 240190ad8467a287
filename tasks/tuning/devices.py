"""Settings of single devices: processors, the GPUs' links, drives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyinfra import host

from rigwright.engine.reasons import after
from rigwright.facts.gpus import Gpus
from rigwright.facts.kernel_values import BlockQueues, KernelValues
from rigwright.operations import files, kernel_values, units

GOVERNORS = "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor"
UDEV = "/etc/udev/rules.d/61-rigwright-io-scheduler.rules"
ASPM = ("l0s_aspm", "l1_aspm")


def governor(declared: str | None, records: str) -> None:
    """One governor for all processors, now and at boot."""
    _at_boot("the CPU governor", "rigwright-cpu-governor.service", {"governor": declared} if declared else None)
    found = host.get_fact(KernelValues, paths=[GOVERNORS]) if declared else {}
    kernel_values.in_force(
        name="Set the CPU governor",
        wanted=dict.fromkeys(found, declared or ""),
        record=f"{records}/cpu-governor.json",
    )


def links(awake: bool, records: str) -> None:
    """No power saving on the GPUs' links, now and at boot."""
    _at_boot("the GPUs' links", "rigwright-gpu-links.service", {} if awake else None)
    kernel_values.in_force(
        name="Keep the GPUs' links awake",
        wanted=dict.fromkeys(_link_states(), "0") if awake else {},
        record=f"{records}/aspm.json",
    )


def drives(schedulers: Mapping[str, str], records: str) -> None:
    """I/O schedulers by kind of drive: by udev for drives that appear, by hand for those that are there."""
    if schedulers:
        files.template(
            name="Write udev's rules for drives", src=f"{UDEV[1:]}.j2", dest=UDEV, context={"schedulers": schedulers}
        )
    else:
        files.absent(name="Remove udev's rules for drives", paths=[UDEV])
    found = host.get_fact(BlockQueues) if schedulers else {}
    kernel_values.in_force(
        name="Set the drives' I/O schedulers",
        wanted={
            f"/sys/block/{drive}/queue/scheduler": schedulers[kind]
            for drive, kind in found.items()
            if kind in schedulers
        },
        record=f"{records}/io-scheduler.json",
    )


def _at_boot(what: str, unit: str, context: Mapping[str, Any] | None) -> None:
    """A oneshot unit of ours that sets it at every boot; ``context`` None: no such unit."""
    path = f"/etc/systemd/system/{unit}"
    if context is None:
        units.service(name=f"Leave {what} alone at boot", unit=unit, running=False, enabled=False)
        files.absent(name=f"Remove {unit}", paths=[path])
    else:
        written = files.template(name=f"Write {unit}", src=f"{path[1:]}.j2", dest=path, context=context)
        with after(written):
            units.service(name=f"Set {what} at boot", unit=unit, running=False)


def _link_states() -> list[str]:
    cards = [gpu.address for gpu in host.get_fact(Gpus)]
    paths = [f"/sys/bus/pci/devices/{address}/link/{state}" for address in cards for state in ASPM]
    found = host.get_fact(KernelValues, paths=paths)
    return [path for path in paths if path in found]
