"""The last step: a reboot, if the host's state calls for one and the declaration allows it."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.deploy import deploy

from rigwright.catalog import catalog
from rigwright.choice.cards import generations
from rigwright.choice.driver import wanted_driver
from rigwright.choice.flavour import Impossible
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
    managed = rig.driver.state == "present" and rig.driver.source != "none"
    module = None
    if managed:
        try:
            on_bus = host.get_fact(Gpus)
            module = wanted_driver(rig, release, catalog(), generations(rig, catalog(), on_bus)).packages.module
        except Impossible:
            return  # layer driver has said so; a reboot makes nothing possible
    words = rig.tuning.kernel_cmdline if rig.tuning.state == "present" else []
    with after(*changes_in("base"), *changes_in("driver"), *changes_in("tuning")):
        rebooted = rebooting.if_needed(
            name="Reboot if needed",
            module=module,
            words=words,
            allowed=rig.driver.reboot and not host.data.get("no_reboot"),
            new_kernel=managed,
            options=rig.tuning.module_options if rig.tuning.state == "present" else {},
        )
    if managed:
        with after(rebooted, *changes_in("driver")):
            kernels.unbuildable_removed(name="Remove kernels that can never have the driver", release=release)
