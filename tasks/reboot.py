"""The last step: a reboot, if the host's state calls for one and the declaration allows it."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.deploy import deploy

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.choice.cards import generations
from rigwright.choice.driver import wanted_driver
from rigwright.choice.flavour import Impossible
from rigwright.engine.layers import layers_of
from rigwright.engine.reasons import after, changes_in
from rigwright.facts.gpus import Gpus
from rigwright.facts.release import Release as ReleaseFact
from rigwright.operations import reboot as rebooting
from rigwright.operations.driver import kernels
from rigwright.spec.rig import Rig


@deploy("reboot")
def reboot(rig: Rig) -> None:
    """Reboot once if needed, then remove the kernels that can never have the driver."""
    release = catalog().release(host.get_fact(ReleaseFact).codename)
    layers = layers_of(host)
    managed = rig.driver.state == "present" and rig.driver.source != "none"
    try:
        module = _module(rig, release) if managed else None
    except Impossible:
        if "driver" in layers:
            return  # layer driver says so; a reboot makes nothing possible
        module = None
    words = rig.tuning.kernel_cmdline if rig.tuning.state == "present" else []
    with after(*changes_in("base"), *changes_in("driver"), *changes_in("tuning")):
        rebooted = rebooting.if_needed(
            name="Reboot if needed",
            module=module,
            words=words,
            allowed=rig.driver.reboot and not host.data.get("no_reboot"),
            new_kernel=managed,
            gone=rig.driver.state == "absent",
            layers=layers,
            options=rig.tuning.module_options if rig.tuning.state == "present" else {},
        )
    if module is not None and "driver" in layers:
        with after(rebooted, *changes_in("driver")):
            kernels.unbuildable_removed(
                name="Remove kernels that can never have the driver", release=release, module=module
            )


def _module(rig: Rig, release: Release) -> str:
    """The driver's name on disk."""
    on_bus = host.get_fact(Gpus)
    return wanted_driver(rig, release, catalog(), generations(rig, catalog(), on_bus)).packages.module
