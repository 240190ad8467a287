"""Settings of single devices: processors, the GPUs' links, drives."""

from __future__ import annotations

from pyinfra import host

from rigwright.facts.gpus import Gpus
from rigwright.facts.kernel_values import BlockQueues, KernelValues
from rigwright.operations import files, kernel_values, units
from rigwright.spec.tuning import Tuning

GOVERNOR_UNIT = "rigwright-cpu-governor.service"
GOVERNORS = "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor"
UDEV = "/etc/udev/rules.d/61-rigwright-tuning.rules"
ASPM = ("l0s_aspm", "l1_aspm")


def governor(declared: str | None, records: str) -> None:
    """One governor for all processors, now and at boot."""
    path = f"/etc/systemd/system/{GOVERNOR_UNIT}"
    if declared is None:
        units.service(name="Leave the CPU governor at boot", unit=GOVERNOR_UNIT, running=False, enabled=False)
        files.absent(name=f"Remove {GOVERNOR_UNIT}", paths=[path])
    else:
        files.template(name=f"Write {GOVERNOR_UNIT}", src=f"{path[1:]}.j2", dest=path, context={"governor": declared})
        units.service(name="Set the CPU governor at boot", unit=GOVERNOR_UNIT, running=False)
    found = host.get_fact(KernelValues, paths=[GOVERNORS]) if declared else {}
    kernel_values.in_force(
        name="Set the CPU governor",
        wanted=dict.fromkeys(found, declared or ""),
        record=f"{records}/cpu-governor.json",
    )


def links_and_drives(declared: Tuning, records: str) -> None:
    """The GPUs' links and the drives' schedulers: by udev for what appears, by hand for what is there."""
    off = declared.aspm == "off"
    if off or declared.io_scheduler:
        files.template(
            name="Write udev rules for links and drives",
            src=f"{UDEV[1:]}.j2",
            dest=UDEV,
            context={"aspm_off": off, "schedulers": dict(declared.io_scheduler)},
        )
    else:
        files.absent(name="Remove udev rules for links and drives", paths=[UDEV])
    kernel_values.in_force(
        name="Keep the GPUs' links awake",
        wanted=dict.fromkeys(_link_states(), "0") if off else {},
        record=f"{records}/aspm.json",
    )
    kernel_values.in_force(
        name="Set the drives' I/O schedulers",
        wanted=_schedulers(declared) if declared.io_scheduler else {},
        record=f"{records}/io-scheduler.json",
    )


def _link_states() -> list[str]:
    cards = [gpu.address for gpu in host.get_fact(Gpus)]
    paths = [f"/sys/bus/pci/devices/{address}/link/{state}" for address in cards for state in ASPM]
    found = host.get_fact(KernelValues, paths=paths)
    return [path for path in paths if path in found]


def _schedulers(declared: Tuning) -> dict[str, str]:
    drives = host.get_fact(BlockQueues)
    return {
        f"/sys/block/{drive}/queue/scheduler": scheduler
        for drive, kind in drives.items()
        for wanted, scheduler in declared.io_scheduler.items()
        if kind == wanted
    }
