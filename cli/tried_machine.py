"""The whole machine of `rig try --vm`: bare where the processor helps, prepared in a container where it does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.simulated import simulated_cards

if TYPE_CHECKING:
    from rigwright.spec.rig import Rig
    from sim.host.root import Root
    from sim.host.throwaway import ThrowawayHost
    from sim.vm.machine import Machine

MEMORY_MIB = 4096
# Folders beside cli/ whose files decide what a host becomes by being applied to.
_PRODUCT = ("rigwright", "tasks", "templates", "rigd", "fetch", "save", "profiles", "group_data", "inventory")
_PATTERNS = ("*.py", "*.toml", "*.j2", "*.sh")


def machine(rig: Rig, root: Root) -> Machine:
    """A machine of the rig's name with its cards simulated, and this root on its disk. It does not run yet."""
    from sim.gpu.model import LOADED  # noqa: PLC0415  # only when something is tried
    from sim.vm.image import image  # noqa: PLC0415
    from sim.vm.machine import Machine  # noqa: PLC0415

    disk = image(root, rig.name, gpus=simulated_cards(rig), driver_version=LOADED)
    return Machine(disk, memory_mib=MEMORY_MIB, resumed=False)


def emulated() -> bool:
    """Whether the machine runs in software: some fifteen times slower than this one."""
    from sim.vm.accelerator import KVM, accelerator  # noqa: PLC0415

    return accelerator() != KVM


def prepared(rig: Rig, release: str, apply: Callable[[ThrowawayHost], None], inputs: object) -> Root:
    """The root that `apply` makes of a bare host in a container, kept for the next time.

    ``inputs``: what it depends on besides the product's own files. A container takes all but what is its kernel's.
    """
    from sim.cache import sources_text  # noqa: PLC0415
    from sim.host.warm import derive, prefetched  # noqa: PLC0415

    here = Path(__file__).parents[1]
    sources = [sources_text(here / folder, *_PATTERNS) for folder in _PRODUCT]
    return derive(prefetched(release), "tried", apply, inputs=[sources, inputs], gpus=simulated_cards(rig))
