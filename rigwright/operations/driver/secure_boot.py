"""Secure Boot: nothing that can be done from here, so it is said what a person has to do."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.choice.secure_boot import KEYS, advice, is_proved
from rigwright.engine.reasons import remark
from rigwright.facts.kernels import Kernels
from rigwright.facts.modules import Modules
from rigwright.facts.release import Release
from rigwright.facts.secure_boot import KeyEnrolled


@operation()
def looked_at(module: str) -> Generator[str, None, None]:
    """Find whether Secure Boot is on; where the driver's modules need a key of the host's own, remark what to do.

    ``module``: the driver's name on disk. Nothing needs to be done once that very module is loaded: then the key is
    known.
    """
    text = key_to_enrol(module)
    if text is not None:
        remark(text)
    else:
        host.noop("Secure Boot is off, or no obstacle")
    yield from ()


def key_to_enrol(module: str, certainly: bool = False) -> str | None:
    """What has to be done before the kernel loads the modules on disk; None: nothing.

    ``certainly``: only where it is known that the key is not enrolled, not where nobody can tell.
    """
    release = host.get_fact(Release)
    if not release.secure_boot:
        return None
    kernels, modules = host.get_fact(Kernels), host.get_fact(Modules)
    enrolled = host.get_fact(KeyEnrolled, path=KEYS[release.id])
    if is_proved(kernels, modules, module) or (certainly and enrolled is not False):
        return None
    found = [each for kernel in kernels.installed if (each := modules.module(kernel, module)) is not None]
    built_here = not found or any(each.built_here for each in found)
    return advice(release.id, True, built_here=built_here, enrolled=enrolled)
