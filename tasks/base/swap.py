"""Swap: none, compressed memory, a file, or what the installer made."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.operation import OperationMeta

from rigwright.engine.reasons import after
from rigwright.facts.packages import Packages
from rigwright.facts.release import Release
from rigwright.facts.swap import SWAPFILE
from rigwright.operations import files, units
from rigwright.operations import swap as make
from rigwright.spec.rig import Rig

UNIT = "/etc/systemd/system/swapfile.swap"
GENERATOR = "/etc/systemd/zram-generator.conf.d/10-rigwright.conf"
_PATHS = {"none": None, "zram": make.ZRAM, "file": SWAPFILE}


def compressed(rig: Rig) -> None:
    """Say how much memory is to be swapped to, where the generator is that does it by itself, or is to be."""
    declared = rig.base.swap
    if declared.kind == "keep":
        return
    has_generator = "systemd-zram-generator" in host.get_fact(Packages).installed
    if declared.kind == "zram" or has_generator:
        size_mib = declared.size_gib * 1024 if declared.kind == "zram" and declared.size_gib else 0
        files.template(
            name="Size the compressed swap", src=f"{GENERATOR[1:]}.j2", dest=GENERATOR, context={"size_mib": size_mib}
        )


def swap(rig: Rig, installed: OperationMeta) -> None:
    """Have exactly the declared swap; 'keep' looks at nothing."""
    declared = rig.base.swap
    if declared.kind == "keep":
        return
    if declared.kind == "zram" and declared.size_gib:
        with after(installed):
            make.zram(name="Swap to compressed memory", size_gib=declared.size_gib)
    if declared.kind == "file" and declared.size_gib:
        _file(declared.size_gib)
    else:
        make.no_file(name="Take the swap file away", unit_file=UNIT)
    make.only(name="Turn off other swap", path=_PATHS[declared.kind])


def _file(size_gib: int) -> None:
    made = make.file(name="Make the swap file", size_gib=size_gib)
    unit = files.template(name="Make the swap file's unit", src=f"{UNIT[1:]}.j2", dest=UNIT, context={"path": SWAPFILE})
    with after(made, unit):
        in_container = host.get_fact(Release).container is not None
        # A container has no swap units at all, not even ones whose conditions fail.
        units.service(name="Swap to the file", unit="swapfile.swap", running=not in_container)
