"""Layer `tuning`: settings that no BIOS holds; each in force now, and again after the next boot."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.deploy import deploy

from rigwright.catalog import catalog
from rigwright.engine.reasons import after, changes_in
from rigwright.facts.release import Release
from rigwright.operations import (
    initramfs,
    kernel_cmdline,
    kernel_values,
    module_loads,
    module_options,
    resource_limits,
    sysctl,
)
from rigwright.spec.rig import Rig
from rigwright.spec.tuning import Limits, Tuning
from tasks.driver import PACKAGE_STEPS, REBUILD
from tasks.tuning import devices, persistence

RECORDS = "/var/lib/rigwright/before"
"""Where the values are kept that stood in the kernel before ours."""


@deploy("tuning")
def tuning(rig: Rig) -> None:
    """Bring the host's settings to the declared state; what is no longer declared is taken back."""
    declared = rig.tuning if rig.tuning.state == "present" else Tuning(state="absent")
    kernel_cmdline.words(name="Put our words on the kernel command line", wanted=declared.kernel_cmdline)
    with after(*changes_in("driver", *PACKAGE_STEPS)):
        options = module_options.declared(
            name="Write module options", options=declared.module_options, main_module=_main_module(rig)
        )
    with after(options, *changes_in("driver", REBUILD)):
        initramfs.current(name="Carry the module options into the initial RAM file systems")
    persistence.mode(rig)
    _sysctl(declared)
    devices.governor(declared.cpu_governor, RECORDS)
    _limits(declared.limits)
    devices.links(declared.aspm == "off", RECORDS)
    devices.drives({str(kind): str(name) for kind, name in declared.io_scheduler.items()}, RECORDS)


def _main_module(rig: Rig) -> str:
    """What the packages of the declared source call upstream's `nvidia` on disk."""
    if rig.driver.source == "none":
        return "nvidia"
    names = catalog().driver.packages[rig.driver.source][catalog().release(host.get_fact(Release).codename).id]
    return names.module.of("open" if rig.driver.flavour == "open" else "proprietary")


def _sysctl(declared: Tuning) -> None:
    values = {name: " ".join(str(value).split()) for name, value in declared.sysctl.items()}
    wanted = {kernel_values.sysctl_path(name): value for name, value in values.items()}
    loaded = module_loads.for_settings(name="Load the modules that sysctl settings need", paths=sorted(wanted))
    sysctl.at_boot(name="Have sysctl settings set at boot", values=values)
    # The firewall and the container engine load modules, too, and set some of these to their needs.
    with after(*changes_in("access"), *changes_in("containers"), loaded):
        kernel_values.in_force(name="Set sysctl settings", wanted=wanted, record=f"{RECORDS}/sysctl.json")


def _limits(declared: Limits) -> None:
    unlimited = declared.memlock == "unlimited"
    nofile = {} if declared.nofile is None else {"nofile": str(declared.nofile)}
    resource_limits.of_logins(name="Limit logins", limits={**({"memlock": "unlimited"} if unlimited else {}), **nofile})
    services = {name.upper(): value for name, value in nofile.items()}
    resource_limits.of_services(
        name="Limit services", limits={**({"MEMLOCK": "infinity"} if unlimited else {}), **services}
    )
