"""Which driver packages a host gets, in which versions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rigwright.catalog import Catalog
from rigwright.catalog.driver import Flavour, PackageSet, Source
from rigwright.catalog.releases import Release
from rigwright.choice.flavour import Impossible, flavour_for
from rigwright.facts.driver import DPKG, DriverPackage, Offer, Place, upstream_version
from rigwright.spec.rig import Rig

_BRANCH_IN_NAME = re.compile(r"-([3-9]\d\d)(?:-|$)")
_BACKPORTS_PRIORITY = 100
"""apt's own priority of what is not chosen unless asked for: backports, and what only dpkg remembers."""


@dataclass(frozen=True)
class Wanted:
    """The declared driver on this release, before apt was asked: everything but exact package versions."""

    source: Source
    release: Release
    branch: int | None
    version: str | None
    flavour: Flavour
    packages: PackageSet
    other: PackageSet
    """What the flavour that is not wanted would have."""
    repository: str
    """NVIDIA's repository, or its declared mirror."""

    @property
    def said(self) -> str:
        """What is wanted, in words."""
        what = self.version or (f"branch {self.branch}" if self.branch else "the archive's")
        where = "NVIDIA's repository" if self.source == "nvidia" else f"{self.release.id.capitalize()}'s archive"
        return f"{what} ({self.flavour} modules) from {where}"

    def fits(self, upstream: str | None) -> bool:
        """Whether a driver of this version is what was declared."""
        if upstream is None:
            return False
        if self.version is not None:
            return upstream == self.version
        return self.branch is None or upstream.split(".", maxsplit=1)[0] == str(self.branch)

    def misplaced(self, package: DriverPackage, offer: Offer | None) -> str | None:
        """Why an installed package does not belong to this driver; None: it does, or nobody can tell.

        ``offer``: what the sources say of its name. A version that no source has any more may be of any.
        """
        if self.foreign(package, offer):
            distribution = any(place.origin.casefold() == self.release.id for place in _places(package, offer))
            if self.source == "distribution" or distribution:
                return f"{package.version} of {'the distribution' if distribution else 'another source'}"
        if self.is_other_flavour(package.name):
            return f"{package.version} of the other flavour"
        branch = _BRANCH_IN_NAME.search(package.name)
        if branch and self.branch is not None and int(branch[1]) != self.branch:
            return f"{package.version} of another branch"
        return None

    def foreign(self, package: DriverPackage, offer: Offer | None) -> bool:
        """Whether an installed package's version is to be had, and not from the declared source."""
        places = _places(package, offer)
        return bool(places) and not any(self._serves(place) for place in places)

    def is_other_flavour(self, name: str) -> bool:
        """Whether a package belongs to the module flavour that is not wanted."""
        if name in self.packages.packages:
            return False
        mine, others = self.packages.signed_for(name), self.other.signed_for(name)
        # One flavour's names begin as the other's do ("…-server-" and "…-server-open-"): the longer match tells.
        return name in self.other.packages or len(others) > len(mine)

    def offers_from_source(self, offer: Offer | None) -> list[str]:
        """Versions of one package that come from the declared source, best first."""
        if offer is None:
            return []
        return [
            version
            for version, places in offer.versions.items()
            if any(place.priority > _BACKPORTS_PRIORITY and self._serves(place) for place in places)
        ]

    def _serves(self, place: Place) -> bool:
        if self.source == "nvidia":
            return self.repository in place.line
        return place.origin.casefold() == self.release.id


@dataclass(frozen=True)
class Target:
    """What to have.

    ``upstream``: the driver's version; ``versions``: package → version; ``gaps``: package → what is wrong with it now.
    """

    upstream: str
    versions: dict[str, str]
    gaps: dict[str, str]
    removals: dict[str, str]
    """Misplaced packages that the declared source has nothing in place of, and why they are that."""


def repository_url(rig: Rig, release: Release, catalog: Catalog) -> str:
    """NVIDIA's repository for this host: the declared mirror, or NVIDIA's own."""
    return (rig.driver.repository_url or catalog.driver.nvidia.url(release)).rstrip("/")


def wanted_driver(rig: Rig, release: Release, catalog: Catalog, generations: Iterable[str]) -> Wanted:
    """What the declaration means on this release with these cards.

    Raises `Impossible` where it cannot be had, and ValueError for source "none".
    """
    driver = rig.driver
    if driver.source == "none":
        raise ValueError("driver.source is 'none': there is no driver to choose")
    branch = driver.branch or (int(driver.version.split(".")[0]) if driver.version else None)
    if driver.source == "distribution" and release.driver_branch is not None:
        if branch is not None and branch != release.driver_branch:
            raise Impossible(
                f"{release.codename}'s archive has driver branch {release.driver_branch} alone, not {branch}; "
                f"declare driver.source 'nvidia', or driver.branch {release.driver_branch}"
            )
        branch = release.driver_branch
    if branch is None:
        raise Impossible(f"driver.branch is needed: {release.codename} has several")
    least = release.nvidia.least_branch
    if driver.source == "nvidia" and driver.repository_url is None and least is not None and branch < least:
        raise Impossible(
            f"NVIDIA's repository for {release.codename} begins with branch {least}, and {branch} is declared; "
            f"declare driver.branch {least} or later, or driver.repository_url with a repository that has it"
        )
    declared = None if driver.flavour == "auto" else driver.flavour
    flavour = flavour_for(catalog.driver, driver.source, release, branch, generations, declared)
    other: Flavour = "proprietary" if flavour == "open" else "open"
    return Wanted(
        source=driver.source,
        release=release,
        branch=branch,
        version=driver.version,
        flavour=flavour,
        packages=catalog.driver.package_set(driver.source, release, branch, flavour),
        other=catalog.driver.package_set(driver.source, release, branch, other),
        repository=repository_url(rig, release, catalog),
    )


def names_of_interest(
    wanted: Wanted, installed: Mapping[str, DriverPackage], kernels: Iterable[str], metas: Iterable[str]
) -> list[str]:
    """Packages whose offers `target` has to know."""
    names = {*wanted.packages.packages, *installed}
    if wanted.packages.signed:
        names |= {wanted.packages.signed.format(kernel_flavour=kernel) for kernel in (*kernels, *metas)}
    return sorted(names)


def misplaced_packages(
    wanted: Wanted, installed: Mapping[str, DriverPackage], offers: Mapping[str, Offer]
) -> dict[str, str]:
    """Installed packages that do not belong to the wanted driver, and why."""
    return {name: why for name, package in installed.items() if (why := wanted.misplaced(package, offers.get(name)))}


def target(
    wanted: Wanted,
    installed: Mapping[str, DriverPackage],
    offers: Mapping[str, Offer],
    kernels: Iterable[str],
    metas: Iterable[str] = (),
) -> Target:
    """Every package and version that the host should have.

    ``kernels``: the installed ones; ``metas``: kernel flavours that the host follows ("generic-hwe-24.04").
    What is installed, from the right source and in the declared branch, stays where it is. Ubuntu's ready-signed
    modules are taken instead of DKMS where every kernel has them. Raises `Impossible` where the source has no such
    driver.
    """
    misplaced = misplaced_packages(wanted, installed, offers)
    own = {name: package for name, package in installed.items() if name not in misplaced}
    names = [*wanted.packages.user, *_kernel_packages(wanted, offers, list(kernels), list(metas))]
    upstream = _upstream(wanted, own, offers, names)
    versions: dict[str, str] = {}
    for name in [*names, *sorted(name for name in own if name not in names)]:
        version = _version(wanted, name, upstream, own.get(name), offers.get(name))
        if version is not None:
            versions[name] = version
        elif name in names:
            raise Impossible(f"no source offers {name} for {wanted.said}; apt-cache policy {name} shows what there is")
    gaps = {
        name: gap
        for name, version in versions.items()
        if (gap := _gap(installed.get(name), version, misplaced.get(name)))
    }
    removals = {
        name: why
        for name, why in misplaced.items()
        if name not in versions and (wanted.is_other_flavour(name) or not wanted.offers_from_source(offers.get(name)))
    }
    return Target(upstream, versions, gaps, removals)


def _kernel_packages(
    wanted: Wanted, offers: Mapping[str, Offer], kernels: list[str], metas: list[str]
) -> tuple[str, ...]:
    signed = wanted.packages.signed
    if signed and kernels:
        for_each = [signed.format(kernel_flavour=kernel) for kernel in kernels]
        following = [signed.format(kernel_flavour=meta) for meta in metas]
        if all(wanted.offers_from_source(offers.get(name)) for name in (*for_each, *following)):
            return (*for_each, *following)
    return wanted.packages.kernel


def _upstream(wanted: Wanted, own: Mapping[str, DriverPackage], offers: Mapping[str, Offer], names: list[str]) -> str:
    """The driver version to have: the one that is there, unless it does not fit or cannot be completed any more."""
    counted = Counter(
        package.upstream for name, package in own.items() if package.upstream and wanted.fits(package.upstream)
    )
    present = max(counted, key=lambda version: (counted[version], version_order(version)), default=None)
    leading = wanted.packages.user[0]
    offered = [
        upstream
        for version in wanted.offers_from_source(offers.get(leading))
        if (upstream := upstream_version(version)) and wanted.fits(upstream)
    ]
    if present is not None:
        incomplete = [name for name in names if (package := own.get(name)) is None or package.upstream != present]
        tied = [name for name in incomplete if _tied(wanted, name, offered, offers)]
        if not offered or all(_offered_at(wanted, offers.get(name), present) for name in tied):
            return present
    if offered:
        return offered[0]
    every = sorted(
        {
            upstream if wanted.version else upstream.split(".", maxsplit=1)[0]
            for version in wanted.offers_from_source(offers.get(leading))
            if (upstream := upstream_version(version))
        },
        key=version_order,
    )
    where = wanted.repository if wanted.source == "nvidia" else f"{wanted.release.codename}'s archive"
    raise Impossible(f"{where} offers no driver {wanted.version or wanted.branch}: it has {', '.join(every) or 'none'}")


def _tied(wanted: Wanted, name: str, offered: list[str], offers: Mapping[str, Offer]) -> bool:
    """Whether a package moves in step with the driver (nvidia-modprobe, for one, has versions of its own in Debian)."""
    return any(_offered_at(wanted, offers.get(name), upstream) for upstream in offered)


def _offered_at(wanted: Wanted, offer: Offer | None, upstream: str) -> str | None:
    return next((v for v in wanted.offers_from_source(offer) if upstream_version(v) == upstream), None)


def _version(wanted: Wanted, name: str, upstream: str, own: DriverPackage | None, offer: Offer | None) -> str | None:
    if own is not None and own.upstream == upstream:
        return own.version
    if (exact := _offered_at(wanted, offer, upstream)) is not None:
        return exact
    if own is not None:
        return own.version
    best = wanted.offers_from_source(offer)
    return best[0] if best else None


def _gap(found: DriverPackage | None, version: str, misplaced: str | None) -> str | None:
    if found is None:
        return f"absent, wanted {version}"
    if misplaced is not None:
        return f"{misplaced}, wanted {version}"
    if found.version != version:
        return f"{found.version}, wanted {version}"
    if found.status[1:2] != "i":
        return f"{version}, left unfinished ({found.status})"
    return None


def _places(package: DriverPackage, offer: Offer | None) -> list[Place]:
    """Where the installed version is to be had, apart from being there."""
    return [place for place in offer.versions.get(package.version, ()) if place.line != DPKG] if offer else []


def version_order(version: str) -> tuple[int, ...]:
    """What sorts upstream versions, oldest first."""
    return tuple(int(part) for part in re.findall(r"\d+", version))
