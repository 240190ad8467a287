"""The disk of one host: a cached root seen through a layer of its own, and its volumes beside it."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sim import programs
from sim.cache import remove_tree
from sim.errors import SimulationError
from sim.host.root import Root, overlay_option

VOLUMES: Mapping[str, str] = {
    "docker": "/var/lib/docker",
    "containerd": "/var/lib/containerd",
    "containers": "/var/lib/containers",
}
"""Folders of the host that stay off its overlay: container engines lay overlays of their own in them."""

_MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Disk:
    """The folder that holds a host's disk."""

    path: Path

    @property
    def merged(self) -> Path:
        """The root as the host sees it."""
        return self.path / "merged"

    @property
    def upper(self) -> Path:
        """What the host changed of its root (on overlayfs only)."""
        return self.path / "store" / "upper"

    @property
    def volumes(self) -> Path:
        """What stands behind VOLUMES."""
        return self.path / "store" / "volumes"

    def create(self, root: Root, *, size: str | None = None) -> None:
        """Lays the disk on `root`. `size` (as tmpfs takes it: `300M`) limits all that the host may write."""
        store = self.path / "store"
        store.mkdir(parents=True)
        self.merged.mkdir()
        if size is not None:
            programs.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "rigwright-disk", str(store)])
        self.upper.mkdir()
        if overlay_works(root):
            self._mount_overlay(root)
        elif size is not None:
            raise SimulationError("a disk of limited size needs overlayfs, which does not work on this machine's cache")
        else:
            _copy(root.trees[-1], self.merged)
        self.volumes.mkdir()
        for name in VOLUMES:
            kept = root.volumes / name if root.volumes else None
            if kept is not None and kept.is_dir():
                _copy(kept, self.volumes / name)
            else:
                (self.volumes / name).mkdir(mode=0o711)

    def destroy(self) -> None:
        """Unmounts and removes all of it. Nothing happens when it is not there."""
        for mount in (self.merged, self.path / "store"):
            unmount(mount)
        remove_tree(self.path)

    def _mount_overlay(self, root: Root) -> None:
        work = self.upper.with_name("work")
        work.mkdir()
        # A throw-away disk need not outlive a crash of this machine: `volatile` drops the syncs that dpkg asks for.
        options = f"volatile,lowerdir={overlay_option(root.trees)},upperdir={self.upper},workdir={work}"
        programs.run(["mount", "-t", "overlay", "-o", options, "rigwright-host", str(self.merged)])


def overlay_works(root: Root) -> bool:
    """Whether overlayfs can be laid over the cache: not where that lies on an overlay itself, as in a container."""
    answer = root.layers[0] / ".overlay-works"
    if not answer.exists():
        answer.write_text("yes" if _try_overlay(root.layers[0]) else "no")
    return answer.read_text() == "yes"


def _try_overlay(layer: Path) -> bool:
    probe = layer.with_name(f".overlay-probe-{os.getpid()}")
    for name in ("upper", "work", "merged"):
        (probe / name).mkdir(parents=True)
    try:
        options = f"volatile,lowerdir={layer / 'fs'},upperdir={probe / 'upper'},workdir={probe / 'work'}"
        if any(sign in str(layer) for sign in ":,\\"):
            raise SimulationError(f"overlayfs takes no ':', ',' or '\\' in its paths, and the cache is {layer.parent}")
        return programs.succeeds(["mount", "-t", "overlay", "-o", options, "rigwright-probe", str(probe / "merged")])
    finally:
        unmount(probe / "merged")
        remove_tree(probe)


def unmount(path: Path) -> None:
    """Unmounts what is mounted at `path`, however deep. Raises SimulationError if that stays busy for five seconds."""
    deadline = time.monotonic() + 5
    while os.path.ismount(path):
        if _libc.umount2(os.fsencode(path), 0) == 0:
            continue
        if time.monotonic() > deadline:
            reason = os.strerror(ctypes.get_errno())
            if _libc.umount2(os.fsencode(path), _MNT_DETACH) != 0:
                raise SimulationError(f"cannot unmount {path}: {reason}")
            return
        time.sleep(0.05)


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    programs.run(["cp", "--archive", "--reflink=auto", "--no-target-directory", str(source), str(target)])
