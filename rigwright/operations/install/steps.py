"""The installation itself, each step a script of the workshop. Whatever is cut off begins anew with the first."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.catalog.releases import Release
from rigwright.choice.install.layout import DiskLayout
from rigwright.choice.install.rescue import Ground, RescueRefused, ground
from rigwright.choice.install.target import DataDisks, DiskRefused
from rigwright.engine.reasons import because, refuse
from rigwright.facts.live_system import WORKSHOP, LiveSystem

_WHAT = {
    "blank": "nothing",
    "unfinished": "an installation that did not come to its end",
    "installed": "an installation that is to go",
    "occupied": "what is to go",
}


@operation()
def erased(
    host_name: str, layout: DiskLayout, release: Release, data: DataDisks, agreed: Ground, wipe: bool
) -> Generator[str, None, None]:
    """Erase the disk that was agreed to, and make partitions and file systems on it.

    Refuses where the live system's disks are not as they were when it was agreed.
    """
    try:
        found = ground(host_name, layout, release, data, host.get_fact(LiveSystem), wipe=wipe)
    except (DiskRefused, RescueRefused) as error:
        refuse(host, str(error))
    if (found.disk, found.others) != (agreed.disk, agreed.others):
        refuse(host, "the disks are not what they were when this was agreed to; nothing was written. Run it again")
    because(f"{found.disk.words} holds {_WHAT[found.state]}")
    yield _run("erase")


@operation()
def taken(script: str, why: str) -> Generator[str, None, None]:
    """Take one step. It follows on the disk's erasure, and so is never done already."""
    because(why)
    yield _run(script)


@operation()
def restarted() -> Generator[str, None, None]:
    """Restart the machine, from a moment after this command has come back."""
    because("asked for")
    yield "(sleep 3; systemctl reboot || reboot) >/dev/null 2>&1 </dev/null &"


def _run(script: str) -> str:
    return f"sh {WORKSHOP}/{script}.sh"
