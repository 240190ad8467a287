"""Secure Boot: nothing that can be done from here, so it is said what a person has to do."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.catalog.releases import Release as KnownRelease
from rigwright.choice.secure_boot import advice
from rigwright.engine.reasons import remark
from rigwright.facts.driver import DriverPackages
from rigwright.facts.modules import Modules
from rigwright.facts.release import Release


@operation()
def looked_at(release: KnownRelease) -> Generator[str, None, None]:
    """Find whether Secure Boot is on; where the driver's modules would need a key of the host's own, remark what to do.

    Nothing needs to be done once the driver is loaded: then the key is known.
    """
    ready_signed = any(name.startswith("linux-modules-nvidia-") for name in host.get_fact(DriverPackages))
    text = advice(release, host.get_fact(Release).secure_boot, ready_signed)
    if text is not None and host.get_fact(Modules).running is None:
        remark(text)
    else:
        host.noop("Secure Boot is off, or no obstacle")
    yield from ()
