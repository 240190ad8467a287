"""What must hold before a container engine is configured: checks that change nothing and refuse what would do harm."""

from __future__ import annotations

import posixpath
from collections.abc import Generator, Mapping

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import refuse
from rigwright.facts.engine import Engine
from rigwright.facts.mounts import MountPoints


@operation()
def disk_there(path: str, disks: Mapping[str, str]) -> Generator[str, None, None]:
    """Refuse when ``path`` lies on a declared disk (mount point → its name) that is not mounted.

    The engine would fill the root file system, and its images would vanish from sight once the disk is back.
    """
    mount = disk_of(path, disks)
    if mount is not None and not host.get_fact(MountPoints, paths=[mount])[mount]:
        refuse(
            host,
            f"containers.data_root is {path}, on disk {disks[mount]!r}, and nothing is mounted at {mount}: images would"
            " fill the root file system. Connect the disk (`lsblk -f`) or apply layer base, then run again",
        )
    host.noop(f"{path} is on its disk")
    yield from ()


@operation()
def keeps_containers(live_restore: bool) -> Generator[str, None, None]:
    """Refuse live-restore on a member of a swarm: Docker would not start any more."""
    if live_restore and host.get_fact(Engine, engine="docker").swarm:
        refuse(
            host,
            "this host belongs to a Docker swarm, and Docker does not start with both a swarm and live-restore."
            " Declare containers.daemon = {'live-restore': False}, or leave the swarm",
        )
    host.noop("nothing stands against it")
    yield from ()


def disk_of(path: str, disks: Mapping[str, str]) -> str | None:
    """The mount point among ``disks`` that ``path`` lies under; the innermost."""
    above = [mount for mount in disks if posixpath.commonpath([path, mount]) == mount]
    return max(above, key=len, default=None)
