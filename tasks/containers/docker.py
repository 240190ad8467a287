"""Docker: its packages, from either source; our keys in daemon.json; its data on the declared disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyinfra import host
from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.engine.reasons import after, changes_in
from rigwright.facts.files import Files
from rigwright.facts.packages import Packages
from rigwright.facts.release import Release as ReleaseFact
from rigwright.operations import apt, engine_data, engine_guards, files, json_merge, probe_image, sources, units
from rigwright.spec.containers import Containers
from rigwright.spec.rig import Rig

DAEMON_JSON = "/etc/docker/daemon.json"
OURS = "/var/lib/rigwright/daemon.json.ours"
SOURCE = "/etc/apt/sources.list.d/rigwright-docker.sources"
DROP_IN = "/etc/systemd/system/docker.service.d/50-rigwright.conf"
VALIDATE = (
    "if command -v dockerd >/dev/null && dockerd --help 2>&1 | grep -q -- --validate;"
    " then dockerd --validate --config-file {path} >/dev/null; fi"
)
# Docker takes live-restore up on a reload: a restart then leaves containers running that were started without it.
_KEEP_CONTAINERS = (
    "if systemctl is-active -q docker.service && grep -q '\"live-restore\": *true' " + DAEMON_JSON + "; then"
    " systemctl reload docker.service; for second in 1 2 3 4 5; do"
    " [ \"$(docker info --format '{{.LiveRestoreEnabled}}')\" = true ] && break; sleep 1; done; fi"
)
_OPTIONS_OF = {"log-opts": "log-driver"}
_UNITS = ("containerd.service", "docker.socket", "docker.service")


def present(rig: Rig, release: Release) -> OperationMeta:
    """Configure, install, run; what comes back tells whether the engine changes."""
    declared = rig.containers
    keys = daemon_keys(declared, version_of(declared, release, host.get_fact(Packages).installed))
    disks = {disk.mount: name for name, disk in rig.base.disks.items()}
    if declared.data_root:
        with after(*changes_in("base")):
            engine_guards.disk_there(
                name="Check that the disk for images is there", path=declared.data_root, disks=disks
            )
    engine_guards.keeps_containers(
        name="Check that Docker may keep containers over its restarts", live_restore=keys["live-restore"] is True
    )
    engine_data.docker_stays_in_sight(
        name="Check that Docker keeps what it has in sight",
        keys=keys,
        dest=DAEMON_JSON,
        record=OURS,
        options_of=_OPTIONS_OF,
    )
    updated = _vendor_source(declared, release) if declared.source == "vendor" else None
    # Before the packages: Docker starts as soon as it is installed, and would make its folders elsewhere.
    merged = json_merge.merged(
        name="Merge our keys into daemon.json",
        dest=DAEMON_JSON,
        keys=keys,
        record=OURS,
        validate=VALIDATE,
        shown=("data-root", "features", "live-restore", "log-driver", "log-opts"),
        options_of=_OPTIONS_OF,
    )
    drop_in = _drop_in(declared.data_root, disks)
    with after(updated):
        installed = apt.install(
            name="Install Docker",
            packages=catalog().containers.engine_packages("docker", declared.source, release.codename),
            # Not purged: purging docker.io deletes /var/lib/docker.
            instead_of=catalog().containers.docker.conflicts[declared.source],
        )
    with after(installed):
        unmasked = units.unmasked(name="Let Docker's units be started", names=_UNITS)
    with after(installed, merged, drop_in, unmasked):
        units.service(name="Run containerd", unit="containerd.service")
        units.service(name="Open Docker's socket", unit="docker.socket")
        running: OperationMeta = units.service(
            name="Run Docker",
            unit="docker.service",
            files=[DAEMON_JSON, DROP_IN],
            check=f"{{ {VALIDATE.format(path=DAEMON_JSON)}; }} && {{ {_KEEP_CONTAINERS}; }}",
        )
    return running


def absent(release: Release, whole: bool) -> None:
    """Take back what was ours, images and volumes apart; ``whole``: the packages too, whoever had them installed."""
    if whole or host.get_fact(Files, paths=[OURS])[OURS]:
        stopped = engine_data.containers_stopped(name="Stop Docker's containers", engine="docker")
        with after(stopped):
            probe_image.absent(name="Remove the probe image from Docker", engine="docker")
        names = catalog().containers.docker.conflicts
        apt.remove(
            name="Remove Docker", names=sorted({name for source in names.values() for name in source}), purge=False
        )
    files.absent(name="Remove our drop-in of Docker", paths=[DROP_IN])
    json_merge.merged(name="Take our keys out of daemon.json", dest=DAEMON_JSON, keys={}, record=OURS)


def daemon_keys(declared: Containers, version: str | None) -> dict[str, Any]:
    """What daemon.json has to say for this declaration to a Docker of this version (None: the vendor's newest)."""
    log = declared.log
    keys: dict[str, Any] = {
        "log-driver": "json-file",
        "log-opts": {"max-size": f"{log.max_size_mb}m", "max-file": str(log.max_files)},
        # A new key in this file means a restart: what serves a model must not go down with it.
        "live-restore": True,
    }
    if declared.data_root:
        keys["data-root"] = declared.data_root
        # From 29 on a new Docker keeps images under /var/lib/containerd, whatever data-root says (docs.docker.com).
        keys["features"] = {"containerd-snapshotter": False}
    if declared.registry_mirrors:
        keys["registry-mirrors"] = list(declared.registry_mirrors)
    if declared.toolkit.state == "present":
        keys = _deeply(keys, _gpu_keys(version))
    return _deeply(keys, declared.daemon)


def version_of(declared: Containers, release: Release, installed: Mapping[str, str]) -> str | None:
    """The version of the declared source's Docker: as ``installed``, or else what the source is known to have."""
    found = installed.get("docker-ce" if declared.source == "vendor" else "docker.io")
    if found:
        return found.rpartition(":")[2]
    return None if declared.source == "vendor" else release.docker


def _gpu_keys(version: str | None) -> dict[str, Any]:
    """A Docker that does not understand CDI gets NVIDIA's runtime."""
    if version is not None and _numbers(version) < _numbers(catalog().containers.docker.cdi["needs"]):
        return {"runtimes": {"nvidia": {"path": "nvidia-container-runtime", "args": []}}}
    return {"features": {"cdi": True}}


def _vendor_source(declared: Containers, release: Release) -> OperationMeta:
    known = catalog().containers.docker.vendor
    url = (declared.repository_url or release.docker_vendor.url).rstrip("/")
    tools = apt.install(name="Install what reads Docker's repository key", packages=["ca-certificates", "gpg"])
    with after(tools):
        key = apt.key(
            name="Fetch Docker's repository key",
            url=f"{url}/{known.key_path}",
            fingerprint=declared.repository_fingerprint or known.fingerprint,
            keyring=known.keyring,
        )
    context = {
        "url": url,
        "suite": release.docker_vendor.suite,
        "component": known.component,
        "arch": host.get_fact(ReleaseFact).arch,
        "keyring": known.keyring,
    }
    source = apt.source(name="Add Docker's repository", path=SOURCE, text=files.render(f"{SOURCE[1:]}.j2", context))
    with after(key, source):
        updated: OperationMeta = apt.updated(name="Fetch Docker's lists", source=SOURCE)
    return updated


def others_removed(declared: Containers, release: Release) -> OperationMeta:
    """No second list of Docker's repository; `base` sees to it too, before apt reads anything."""
    known = catalog().containers.docker.vendor
    removed: OperationMeta = sources.others_absent(
        name="Remove other lists of Docker's repository",
        ours=SOURCE,
        patterns=known.old_sources,
        places=((declared.repository_url or release.docker_vendor.url).rstrip("/"), release.docker_vendor.url),
    )
    return removed


def _drop_in(path: str | None, disks: dict[str, str]) -> OperationMeta:
    written: OperationMeta
    if path is None:
        written = files.absent(name="Let Docker start without a data disk", paths=[DROP_IN])
    else:
        written = files.template(
            name="Keep Docker from starting without its disk",
            src=f"{DROP_IN[1:]}.j2",
            dest=DROP_IN,
            context={"data_root": path, "mount": engine_guards.disk_of(path, disks)},
        )
    return written


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _deeply(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _deeply(merged[name], value) if both else value
    return merged
