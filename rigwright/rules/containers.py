"""The engine's keys fit together, and its data lies where it can."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from rigwright.catalog import Catalog
from rigwright.rules import places
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig

OWNED = {
    "data-root": "containers.data_root",
    "graph": "containers.data_root",
    "log-driver": "containers.log",
    "log-opts": "containers.log",
    "registry-mirrors": "containers.registry_mirrors",
    "features": "containers.toolkit: CDI is switched on with it",
    "runtimes": "containers.toolkit: the GPUs come by CDI",
}
"""Keys of daemon.json that have a key of their own here."""


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What does not hold of layer `containers`."""
    containers = rig.containers
    if containers.state == "absent":
        return
    if containers.engine == "podman":
        yield from _podman(rig)
    if containers.source == "distribution" and (containers.repository_url or containers.repository_fingerprint):
        name = "repository_url" if containers.repository_url else "repository_fingerprint"
        yield Finding(
            "containers.repository-unused",
            f"containers.{name}",
            getattr(containers, name),
            "no repository: source 'distribution' installs from the distribution's own mirror",
            "Remove it, or set source to 'vendor'.",
            rests_on=("containers.source",),
        )
    yield from _toolkit(rig, catalog)
    yield from _daemon(rig)
    if containers.data_root is not None:
        yield from places.find(rig, "containers.data_root", containers.data_root, "docker")
    for index, mirror in enumerate(containers.registry_mirrors):
        parts = urlsplit(mirror)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            yield Finding(
                "containers.mirror",
                f"containers.registry_mirrors.{index}",
                mirror,
                "a URL that begins with http:// or https://",
                "Add the scheme.",
            )


def _podman(rig: Rig) -> Iterator[Finding]:
    if rig.containers.source == "vendor":
        yield Finding(
            "containers.podman-vendor",
            "containers.source",
            "vendor",
            "'distribution': there is no vendor's repository for podman",
            "Set source to 'distribution', or engine to 'docker'.",
        )
    if rig.containers.daemon:
        yield Finding(
            "containers.podman-daemon",
            "containers.daemon",
            rig.containers.daemon,
            "no keys for daemon.json: podman has no daemon",
            "Remove it, or set engine to 'docker'.",
        )


def _toolkit(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    toolkit, table = rig.containers.toolkit, catalog.containers.toolkit
    if toolkit.state == "absent":
        return
    if _numbers(toolkit.version) < _numbers(table.cdi_from):
        yield Finding(
            "containers.toolkit-old",
            "containers.toolkit.version",
            toolkit.version,
            f"{table.cdi_from} or later: older ones do not keep the CDI specification up to date with the driver",
            f"Use {table.recommended}.",
            rests_on=("containers.toolkit.state",),
        )
    if toolkit.version in table.regressions:
        yield Finding(
            "containers.toolkit-regression",
            "containers.toolkit.version",
            toolkit.version,
            "another version: with this one some hosts get CUDA_ERROR_UNKNOWN (nvidia-container-toolkit issue 1967)",
            f"Use {table.recommended}.",
            severity="warning",
            rests_on=("containers.toolkit.state",),
        )


def _daemon(rig: Rig) -> Iterator[Finding]:
    for name in rig.containers.daemon:
        if name in OWNED:
            yield Finding(
                "containers.daemon-key",
                f"containers.daemon.{name}",
                rig.containers.daemon[name],
                f"a key that has none of its own here: this one is {OWNED[name]}",
                "Declare it there.",
            )
        if name == "hosts":
            yield Finding(
                "containers.daemon-hosts",
                "containers.daemon.hosts",
                rig.containers.daemon[name],
                "no listening addresses: the unit passes them, and dockerd refuses to start with both",
                "Reach the daemon over SSH: DOCKER_HOST=ssh://…",
            )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
