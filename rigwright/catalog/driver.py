"""The NVIDIA driver: GPU generations, module flavours, package names (driver.toml)."""

from __future__ import annotations

from typing import Literal

from rigwright.catalog.entry import Entry
from rigwright.catalog.releases import Distribution, Release

Flavour = Literal["open", "proprietary"]
Source = Literal["nvidia", "distribution"]


class Generation(Entry):
    """One GPU generation: which kernel modules drive it, and from which branch to which."""

    flavours: tuple[Flavour, ...]
    first: int
    last: int | None = None


class ByFlavour(Entry):
    """A name for each kernel module flavour."""

    open: str
    proprietary: str

    def of(self, flavour: Flavour) -> str:
        """The name for this flavour."""
        return self.open if flavour == "open" else self.proprietary


class Names(Entry):
    """Package names with {branch} and {open} to be filled in."""

    user: tuple[str, ...]
    open: tuple[str, ...]
    proprietary: tuple[str, ...]
    persistence: str


class PackageNames(Names):
    """What the driver's packages, modules and units are called in one source of one distribution."""

    module: ByFlavour
    dkms: ByFlavour
    persistence_override: bool
    signed_open: str | None = None
    signed_proprietary: str | None = None
    from_590: Names | None = None


class PackageSet(Entry):
    """The packages of one driver, ready to install."""

    user: tuple[str, ...]
    kernel: tuple[str, ...]
    persistence: str
    persistence_override: bool
    flavour: Flavour
    module: str
    """Name on disk of upstream's `nvidia`: for modinfo, and for options under /etc/modprobe.d."""
    dkms: str
    signed: str | None
    """Ubuntu's ready-signed modules, {kernel_flavour} still to be filled in; None elsewhere."""

    @property
    def packages(self) -> tuple[str, ...]:
        """All of them, the kernel modules last: by then everything that their build wants is there."""
        return (*self.user, *self.kernel)

    def signed_for(self, name: str) -> str:
        """How a package's name begins if it is one of Ubuntu's ready-signed modules of this set; empty: it is not.

        They come in parts: the module, its objects.
        """
        beginning = self.signed.partition("{kernel_flavour}")[0] if self.signed else ""
        parts = (beginning, beginning.replace("linux-modules-", "linux-objects-", 1))
        return next((part for part in parts if part and name.startswith(part)), "")

    def module_on_disk(self, upstream: str) -> str:
        """The name on disk of upstream's ``nvidia``, ``nvidia_uvm``, ``nvidia-drm`` …; others as they are."""
        name = upstream.replace("_", "-")
        if name != "nvidia" and not name.startswith("nvidia-"):
            return upstream
        if self.module == "nvidia":
            return upstream
        return self.module + name.removeprefix("nvidia")


class NvidiaRepositoryRules(Entry):
    """What holds for NVIDIA's CUDA repository in every release."""

    base_url: str
    architecture: str
    keyring: str
    pin_packages: str
    archive_packages: str
    pin_priority: int
    old_sources: tuple[str, ...]

    def url(self, release: Release) -> str:
        """The repository of this release."""
        return f"{self.base_url}/{release.nvidia.directory}/{self.architecture}"

    def key_url(self, release: Release) -> str | None:
        """Where its signing key lies; None where unverified."""
        return f"{self.url(release)}/{release.nvidia.key_file}" if release.nvidia.key_file else None


class DriverTable(Entry):
    """driver.toml."""

    recommended: int
    """The branch that is advised."""
    generations: dict[str, Generation]
    open_modules: dict[Literal["first_default"], int]
    packages: dict[Source, dict[Distribution, PackageNames]]
    nvidia: NvidiaRepositoryRules
    unattended: dict[Literal["never"], tuple[str, ...]]

    def package_set(self, source: Source, release: Release, branch: int | None, flavour: Flavour) -> PackageSet:
        """Names of the packages of one driver.

        Raises ValueError when the names depend on the branch and none is given.
        """
        names = self.packages[source][release.id]
        by_branch: Names = names.from_590 if names.from_590 and branch is not None and branch >= 590 else names
        kernel = by_branch.open if flavour == "open" else by_branch.proprietary
        signed = names.signed_open if flavour == "open" else names.signed_proprietary
        if branch is None and any("{branch}" in name for name in (*by_branch.user, *kernel)):
            raise ValueError(f"{release.codename}: the driver's package names depend on the branch, and none is given")

        def filled(name: str) -> str:
            return name.replace("{branch}", str(branch)).replace("{open}", "-open" if flavour == "open" else "")

        return PackageSet(
            user=tuple(filled(name) for name in by_branch.user),
            kernel=tuple(filled(name) for name in kernel),
            persistence=filled(by_branch.persistence),
            persistence_override=names.persistence_override,
            flavour=flavour,
            module=names.module.of(flavour),
            dkms=names.dkms.of(flavour),
            signed=filled(signed) if signed else None,
        )
