"""Installing a host from the live system that it was started from: one disk erased, a Debian that can be reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, cast

from pyinfra.api.deploy import deploy

from rigwright.choice.install.rescue import Ground
from rigwright.choice.install.target import data_disks
from rigwright.engine.reasons import after
from rigwright.installer.rescue import Making
from rigwright.operations.install import steps, workshop

STEPS = (
    ("mount", "Mount the new file systems", "they are filled from here"),
    ("bootstrap", "Put the least Debian on it", "from the declared archive, its signature checked"),
    ("settings", "Write its own files", "fstab by UUID, names, archive, time zone, keyboard"),
    ("packages", "Install kernel, boot loader and SSH", "with the security updates of today"),
    ("people", "Make people, keys and network", "the declared ones, and the host's own key"),
    ("boot", "Install the boot loader", "for the firmware that is declared"),
    ("check", "Check what a first boot stands on", "before anything says that it is done"),
    ("close", "Unmount, check the file systems, mark it as done", "the mark comes last of all"),
)
"""Script, name, why."""

Arguments = ParamSpec("Arguments")


def _part(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """A deploy called `install`, with the function's own type: pyinfra's is an operation's."""
    return cast("Callable[Arguments, None]", deploy("install")(function))


@_part
def from_live_system(making: Making, agreed: Ground, wipe: bool, restart: bool) -> None:
    """All of it, on the disk that was agreed to."""
    order = making.order
    had = workshop.tools(name="Have the programs for it on the live system")
    laid = workshop.laid_out(name="Lay down scripts and keys", files=making.files)
    with after(had, laid):
        step = steps.erased(
            name=f"Erase the disk {making.layout.serial} and partition it",
            host_name=order.rig.name,
            layout=making.layout,
            release=order.release,
            data=data_disks(order.rig),
            agreed=agreed,
            wipe=wipe,
        )
    for script, name, why in STEPS:
        with after(step):
            step = steps.taken(name=name, script=script, why=why)
    if restart:
        with after(step):
            steps.restarted(name="Restart into it")
