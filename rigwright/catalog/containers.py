"""Container engines and NVIDIA's container toolkit: packages, repositories, conflicts (containers.toml)."""

from __future__ import annotations

from typing import Literal

from rigwright.catalog.entry import Entry

Engine = Literal["docker", "podman"]
ContainerSource = Literal["vendor", "distribution"]


class Packages(Entry):
    """A set of packages."""

    packages: tuple[str, ...]


class DockerVendor(Packages):
    """Docker's own packages and the key that signs them."""

    fingerprint: str
    key_path: str
    keyring: str
    component: str
    old_sources: tuple[str, ...]


class DockerTable(Entry):
    """Docker."""

    distribution: dict[str, Packages]
    vendor: DockerVendor
    conflicts: dict[ContainerSource, tuple[str, ...]]
    """Source → packages of the other one that must go first."""
    cdi: dict[Literal["needs"], str]


class PodmanTable(Entry):
    """Podman."""

    distribution: dict[str, Packages]
    cdi: dict[Literal["needs"], str]


class ToolkitTable(Packages):
    """NVIDIA container toolkit."""

    recommended: str
    """The version that is declared by default, and advised."""
    package_version: str
    url: str
    suite: str
    key_url: str
    fingerprint: str
    keyring: str
    old_sources: tuple[str, ...]
    old_places: tuple[str, ...]
    """Parts of the addresses that lists by older instructions name."""
    regressions: tuple[str, ...]
    cdi_spec: str
    cdi_from: str

    def versions(self, version: str) -> dict[str, str]:
        """Each package with its exact version, e.g. '1.19.0' → 'nvidia-container-toolkit': '1.19.0-1', …"""
        return {name: self.package_version.format(version=version) for name in self.packages}


class ContainersTable(Entry):
    """containers.toml."""

    docker: DockerTable
    podman: PodmanTable
    toolkit: ToolkitTable
    unattended: dict[Literal["never"], tuple[str, ...]]

    def engine_packages(self, engine: Engine, source: ContainerSource, codename: str) -> tuple[str, ...]:
        """The engine's packages; podman comes from the distribution alone. Raises KeyError for an unknown release."""
        if engine == "podman":
            return self.podman.distribution[codename].packages
        return self.docker.vendor.packages if source == "vendor" else self.docker.distribution[codename].packages
