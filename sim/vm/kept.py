"""What a machine was made into once, kept as a disk that later ones start from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from sim.cache import built_once, key_of
from sim.host import identity
from sim.vm.image import Image
from sim.vm.machine import Machine


def derive(base: Image, name: str, prepare: Callable[[Machine], None], *, inputs: object, memory_mib: int) -> Image:
    """The disk that `prepare` makes of `base` in a running machine, kept under `name` and all that made it.

    `inputs` must say all that its work depends on. Raises SimulationError when the machine does not switch itself off;
    nothing is kept where the preparation fails.
    """

    key = key_of([base.key, name, inputs])
    target = base.folder.with_name(f"{base.folder.name}-{name}-{key}")

    def build(aside: Path) -> None:
        with Machine(base, memory_mib=memory_mib, resumed=False) as machine:
            prepare(machine)
            machine.power_off()
            shutil.move(machine.record.disks / "system.qcow2", aside / "disk.qcow2")
        for file in (identity.KEY, f"{identity.KEY}.pub", identity.KNOWN_HOSTS):
            shutil.copy2(base.folder / file, aside / file)

    return Image(base.name, key, built_once(target, build), base)
