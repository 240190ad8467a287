"""Secure Boot: what it means for modules built on the host, and the one thing to do."""

from __future__ import annotations

from rigwright.facts.kernels import KernelsState
from rigwright.facts.modules import ModulesState

KEYS = {"debian": "/var/lib/dkms/mok.pub", "ubuntu": "/var/lib/shim-signed/mok/MOK.der"}
"""The key that DKMS signs with."""


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
