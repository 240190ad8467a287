"""What grows lies on a disk that is there for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from rigwright.rules.finding import Finding, nearest
from rigwright.spec.rig import Rig


def find(rig: Rig, key: str, place: str, folder: str) -> Iterator[Finding]:
    """What does not hold of a place for data, where disks are declared. ``folder``: a good name for one on a disk."""
    disks, path = rig.base.disks, PurePosixPath(place)
    name = key.replace("_", "-")
    for disk_name, disk in disks.items():
        if path != PurePosixPath(disk.mount) and PurePosixPath(disk.mount).is_relative_to(path):
            yield Finding(
                f"{name}-above-disk",
                key,
                place,
                f"a place that does not hold the mount point of base.disks.{disk_name}, {disk.mount}",
                f"Use a folder on that disk: '{disk.mount}/{folder}'.",
            )
            return
    mounts = [disk.mount for disk in disks.values()]
    if disks and not any(path.is_relative_to(mount) for mount in mounts) and not path.is_relative_to("/var"):
        yield Finding(
            f"{name}-off-disk",
            key,
            place,
            f"a place on a declared disk ({', '.join(mounts)}) or under /var",
            "Correct the path: what is kept there would fill the system's disk.",
            nearest(place, [f"{mount}/{path.name}" for mount in mounts]),
            rests_on=("base.disks.*.mount",),
        )
