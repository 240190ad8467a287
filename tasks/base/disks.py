"""Data disks."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.operation import OperationMeta

from rigwright.engine.reasons import after
from rigwright.operations import disks as make
from rigwright.spec.rig import Rig


def disks(rig: Rig, installed: OperationMeta) -> None:
    """Format what may be formatted, then mount everything that is declared."""
    declared = rig.base.disks
    formatted = []
    for name, disk in host.loop(list(declared.items())):
        if disk.format is not None:
            with after(installed):  # it brings the program that makes the file system
                formatted.append(make.formatted(name=f"Format disk {name}", disk_name=name, disk=disk))
    with after(*formatted):
        make.mounted(name="Mount the data disks", disks=declared)
