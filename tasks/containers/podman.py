"""Podman: the distribution's packages; our settings in files of our own, where podman has a place for such."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.engine.reasons import after, changes_in
from rigwright.facts.files import Files
from rigwright.operations import apt, engine_data, engine_guards, files, podman_storage, probe_image
from rigwright.spec.containers import Containers
from rigwright.spec.rig import Rig

CONTAINERS = "/etc/containers/containers.conf.d/50-rigwright.conf"
REGISTRIES = "/etc/containers/registries.conf.d/50-rigwright.conf"


def present(rig: Rig, release: Release) -> OperationMeta:
    """Configure and install; what comes back tells whether the engine changes."""
    declared = rig.containers
    if declared.data_root:
        disks = {disk.mount: name for name, disk in rig.base.disks.items()}
        with after(*changes_in("base")):
            engine_guards.disk_there(
                name="Check that the disk for images is there", path=declared.data_root, disks=disks
            )
    engine_data.podman_stays_in_sight(name="Check that podman keeps what it has in sight", path=declared.data_root)
    files.template(
        name="Write podman's settings",
        src=f"{CONTAINERS[1:]}.j2",
        dest=CONTAINERS,
        context={
            "log_bytes": log_bytes(declared),
            "nvidia_runtime": declared.toolkit.state == "present" and not release.podman_cdi,
        },
    )
    _registries(declared)
    podman_storage.graph_root(name="Set where podman keeps images", path=declared.data_root)
    installed: OperationMeta = apt.install(
        name="Install podman",
        packages=catalog().containers.engine_packages("podman", declared.source, release.codename),
    )
    return installed


def absent(release: Release, whole: bool) -> None:
    """Take back what was ours, images and volumes apart; ``whole``: the packages too, whoever had them installed."""
    if whole or host.get_fact(Files, paths=[CONTAINERS])[CONTAINERS]:
        stopped = engine_data.containers_stopped(name="Stop podman's containers", engine="podman")
        with after(stopped):
            probe_image.absent(name="Remove the probe image from podman", engine="podman")
        apt.remove(name="Remove podman", names=["podman"], purge=False)
    files.absent(name="Remove our settings of podman", paths=[CONTAINERS, REGISTRIES])
    podman_storage.graph_root(name="Let podman keep images where it does by itself", path=None)


def log_bytes(declared: Containers) -> int:
    """What one container's log may take in all: podman keeps one file where Docker keeps several."""
    return declared.log.max_size_mb * declared.log.max_files * 1_000_000


def _registries(declared: Containers) -> None:
    if not declared.registry_mirrors:
        files.absent(name="Ask no registry mirrors", paths=[REGISTRIES])
        return
    mirrors = [
        {"location": mirror.partition("://")[2].rstrip("/"), "insecure": mirror.startswith("http://")}
        for mirror in declared.registry_mirrors
    ]
    files.template(
        name="Ask registry mirrors first", src=f"{REGISTRIES[1:]}.j2", dest=REGISTRIES, context={"mirrors": mirrors}
    )
