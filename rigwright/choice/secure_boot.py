"""Secure Boot: what it means for modules built on the host, and the one thing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rigwright.choice.keepsake import Keepsake
from rigwright.spec.rig import Rig

if TYPE_CHECKING:  # rules ask this module, too, and they are offline
    from rigwright.facts.kernels import KernelsState
    from rigwright.facts.modules import ModulesState

KEYS = {"debian": "/var/lib/dkms/mok.pub", "ubuntu": "/var/lib/shim-signed/mok/MOK.der"}
"""The key that DKMS signs with."""


def keepsakes(rig: Rig) -> list[Keepsake]:
    """The key that DKMS signs with, both halves: the firmware knows it, and would have to be told of another one."""
    if rig.driver.source == "none" or rig.driver.state == "absent":
        return []
    return [Keepsake("mok", paths=["/var/lib/dkms/mok.key", "/var/lib/dkms/mok.pub", "/var/lib/shim-signed/mok"])]


def advice(
    distribution: str, secure_boot: bool | None, *, built_here: bool = True, enrolled: bool | None = None
) -> str | None:
    """The one thing to do about Secure Boot; None where it is off, or no obstacle.

    ``built_here``: the modules are DKMS's, not ones that carry the distribution's own signature, which its every kernel
    knows; ``enrolled``: whether the firmware's helper knows DKMS's key, None where nobody can tell.
    """
    if not secure_boot or not built_here or enrolled:
        return None
    return (
        "Secure Boot is on: the kernel loads only modules whose key it knows. Enrol this host's key once: "
        f"`mokutil --import {KEYS[distribution]}`, choose a password, reboot, and at the console choose 'Enroll MOK' "
        "and give it"
    )


def is_proved(kernels: KernelsState, modules: ModulesState, module: str) -> bool:
    """Whether the running kernel has loaded the very module that is on disk, and so knows its key."""
    on_disk = modules.module(kernels.running, module)
    if on_disk is None or modules.running is None:
        return False
    return (modules.running, modules.running_open) == (on_disk.version, on_disk.open)
