"""The driver can drive the cards, and says enough to be installed.

Which release a host runs is known only on the host. What follows from it there (which open modules are broken, which
branches a repository holds) is refused there; here only what holds on every release.
"""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.catalog.driver import Flavour, Generation
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What does not hold of layer `driver`."""
    driver = rig.driver
    if driver.state == "absent" or driver.source == "none":
        yield from _nothing_without(rig)
        return
    if driver.source == "nvidia" and driver.branch is None and driver.version is None:
        yield Finding(
            "driver.branch-missing",
            "driver.branch",
            None,
            "a branch or a version: NVIDIA's repository holds many, and an upgrade must not happen by itself",
            f"Add branch, e.g. {catalog.driver.recommended}, the long-term one.",
            rests_on=("driver.version",),
        )
    if driver.branch is not None and driver.version is not None and branch_of(rig) != int(driver.version.split(".")[0]):
        yield Finding(
            "driver.version-branch",
            "driver.version",
            driver.version,
            f"a version of branch {driver.branch}, which driver.branch names",
            "Correct one of the two; a version alone is enough.",
        )
        return
    if driver.source == "distribution" and driver.repository_url is not None:
        yield Finding(
            "driver.repository-unused",
            "driver.repository_url",
            driver.repository_url,
            "no repository: source 'distribution' installs from the distribution's own mirror",
            "Remove it, or set source to 'nvidia'.",
        )
    yield from _cards(rig, catalog)


def branch_of(rig: Rig) -> int | None:
    """The declared driver branch, by itself or in the version; None: the distribution's."""
    if rig.driver.branch is not None:
        return rig.driver.branch
    return int(rig.driver.version.split(".")[0]) if rig.driver.version else None


def newest_of_debian(catalog: Catalog) -> int:
    """The newest driver branch in a Debian release: what 'distribution' without a branch can be at most.

    Ubuntu's archive has a package set for each branch, so that a branch must be declared there.
    """
    return max(release.driver_branch or 0 for release in catalog.releases.values() if release.id == "debian")


def _nothing_without(rig: Rig) -> Iterator[Finding]:
    key = "driver.state" if rig.driver.state == "absent" else "driver.source"
    value = rig.driver.state if rig.driver.state == "absent" else rig.driver.source
    if rig.cuda.state == "present" and rig.cuda.toolkits:
        yield Finding(
            "driver.needed",
            key,
            value,
            f"a driver, which the CUDA toolkits {', '.join(rig.cuda.toolkits)} (cuda.toolkits) need",
            "Set the driver's source, or remove the toolkits.",
            rests_on=("cuda.state",),
        )
    if rig.containers.state == "present" and rig.containers.toolkit.state == "present":
        yield Finding(
            "driver.needed",
            key,
            value,
            "a driver, which NVIDIA's container toolkit (containers.toolkit) needs",
            "Set the driver's source, or containers.toolkit.state to 'absent'.",
            rests_on=("containers.state", "containers.toolkit.state"),
        )


def _cards(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    branch = branch_of(rig)
    possible: set[Flavour] = {"open", "proprietary"}
    for index, gpu in enumerate(rig.hardware.gpus):
        model = catalog.gpus.get(gpu.model)
        if model is None:
            continue
        generation = catalog.driver.generations[model.generation]
        name = f"{gpu.model} (hardware.gpus.{index}, {model.generation.capitalize()})"
        possible &= set(generation.flavours)
        yield from _branch(rig, catalog, generation, name, branch)
        yield from _flavour(rig, generation, name)
    if not possible:
        yield Finding(
            "driver.no-common-flavour",
            "hardware.gpus",
            None,
            "cards that one kind of kernel module drives: some of these need the open modules, others the proprietary",
            "Put the older cards into another host.",
        )
    yield from _open_from_debian(rig, catalog, possible)


def _branch(rig: Rig, catalog: Catalog, generation: Generation, name: str, branch: int | None) -> Iterator[Finding]:
    key = "driver.branch" if rig.driver.branch is not None or rig.driver.version is None else "driver.version"
    value = rig.driver.branch or rig.driver.version
    if branch is not None and generation.last is not None and branch > generation.last:
        yield Finding(
            "driver.branch-dropped-card",
            key,
            value,
            f"a branch up to {generation.last}, the last that drives {name}",
            f"Set branch to {generation.last}.",
        )
    at_most = branch if branch is not None else newest_of_debian(catalog)
    if at_most < generation.first and (branch is not None or rig.driver.source == "distribution"):
        told = "" if branch is not None else f"; the distribution's is {at_most} at most"
        yield Finding(
            "driver.branch-too-old",
            key,
            value,
            f"a branch of at least {generation.first}, the first that drives {name}{told}",
            f"Set branch to {max(catalog.driver.recommended, generation.first)}, with source 'nvidia'.",
            rests_on=("driver.version",),
        )


def _flavour(rig: Rig, generation: Generation, name: str) -> Iterator[Finding]:
    declared = rig.driver.flavour
    if declared != "auto" and declared not in generation.flavours:
        other = generation.flavours[0]
        yield Finding(
            "driver.flavour-unfit",
            "driver.flavour",
            declared,
            f"{other!r} or 'auto': the {declared} modules do not drive {name}",
            "Use 'auto': it is chosen by the cards.",
        )


def _open_from_debian(rig: Rig, catalog: Catalog, possible: set[Flavour]) -> Iterator[Finding]:
    """Without a branch the distribution can only be Debian, and in no Debian release do its open modules work."""
    if rig.driver.source != "distribution" or branch_of(rig) is not None:
        return
    wants = {rig.driver.flavour} if rig.driver.flavour != "auto" else possible
    debian = [release for release in catalog.releases.values() if release.id == "debian"]
    if wants == {"open"} and not any(release.open_modules for release in debian):
        why = "; ".join(f"{release.codename}: {release.open_modules_why}" for release in debian)
        yield Finding(
            "driver.open-broken",
            "driver.flavour",
            rig.driver.flavour,
            f"other than the distribution's open modules, which cannot be used ({why})",
            "Set flavour to 'proprietary', or source to 'nvidia' with a branch.",
            rests_on=("driver.branch", "driver.version"),
        )
