"""Whether a host has to be rebooted, and whether it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rigwright.facts.kernels import KernelsState
from rigwright.facts.modules import ModulesState


@dataclass(frozen=True)
class Obstacle:
    """Why rebooting would leave the host without its driver. ``worse``: it has one now, and would lose it."""

    text: str
    worse: bool


def reasons_to_reboot(
    kernels: KernelsState,
    modules: ModulesState,
    module: str | None,
    words: Sequence[str],
    *,
    new_kernel: bool = True,
    gone: bool = False,
) -> list[str]:
    """What only a reboot changes; empty: nothing.

    ``module``: the driver's module name on disk, None where no driver is declared; ``words``: declared words of the
    kernel command line; ``new_kernel``: whether another kernel waiting to be booted counts; ``gone``: there is to be no
    driver.
    """
    found = []
    following = kernels.next_boot or kernels.newest
    if new_kernel and following is not None and kernels.running != following:
        found.append(f"kernel {kernels.running} is running, {following} is installed")
    if module is not None:
        found += _of_driver(kernels.running, modules, module)
    if gone and modules.running is not None:
        found.append(f"driver {modules.running} is loaded, and none is wanted")
    missing = [word for word in words if word not in kernels.cmdline]
    if missing:
        found.append(f"not on the running kernel's command line: {' '.join(missing)}")
    return found


def obstacle_to_reboot(
    kernels: KernelsState, modules: ModulesState, module: str | None, unknown_key: str | None = None
) -> Obstacle | None:
    """Why rebooting would leave the host without its driver; None: it would not.

    ``unknown_key``: what to do about Secure Boot, where it is on and does not know the key of modules built here.
    """
    following = kernels.next_boot or kernels.newest
    if module is None or following is None:
        return None
    start = f"the next boot would start kernel {following}"
    found = modules.module(following, module)
    if found is None:
        headers = kernels.installed[following].headers if following in kernels.installed else True
        why = "" if headers else f" (its headers are missing: linux-headers-{following})"
        text = f"{start}, which has no {module} module{why}; the host stays as it is"
        return Obstacle(text, worse=modules.module(kernels.running, module) is not None)
    if unknown_key is not None and found.built_here:
        text = f"{start}, which would not load its {module} module. {unknown_key}"
        return Obstacle(text, worse=modules.running is not None)
    return None


def _of_driver(running: str, modules: ModulesState, module: str) -> list[str]:
    found = []
    rivals = sorted(modules.loaded - {"nvidia"})
    if rivals:
        found.append(f"{', '.join(rivals)} is loaded, and holds the cards")
    on_disk = modules.module(running, module)
    if modules.running is not None and on_disk is not None:
        if modules.running != on_disk.version:
            found.append(f"driver {modules.running} is loaded, {on_disk.version} is on disk")
        elif modules.running_open != on_disk.open:
            flavour = {True: "open", False: "proprietary"}
            found.append(
                f"the {flavour[modules.running_open]} module is loaded, the {flavour[on_disk.open]} one is on disk"
            )
    return found
