"""NVIDIA's repository, for the driver, for toolkits, or not at all; and who may serve the driver's packages."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.choice.driver import Wanted, repository_url
from rigwright.choice.pins import Pin, driver_pins, vendor_shut_out
from rigwright.choice.toolkits import toolkits_from_nvidia
from rigwright.engine.reasons import after
from rigwright.facts.release import Release as ReleaseFact
from rigwright.operations import apt, files, sources
from rigwright.operations.driver import repository
from rigwright.spec.rig import Rig

SOURCE = "/etc/apt/sources.list.d/rigwright-nvidia.sources"
PREFERENCES = "/etc/apt/preferences.d/00-rigwright-nvidia.pref"


def needed(rig: Rig) -> bool:
    """Whether the host has NVIDIA's repository: for its driver, or for toolkits beside no driver of ours."""
    driver = rig.driver.source == "nvidia" and rig.driver.state == "present"
    return driver or toolkits_from_nvidia(rig)


def present(rig: Rig, release: Release) -> OperationMeta:
    """The repository with its key checked, alone in its place; what comes back tells whether apt has to read it."""
    rules = catalog().driver.nvidia
    url = repository_url(rig, release, catalog())
    fingerprint = rig.driver.repository_fingerprint or release.nvidia.fingerprint
    tools = apt.install(
        name="Install what reads the repository's key", packages=["ca-certificates", "gpg"], beside_unfinished=True
    )
    removed = others_removed(rig, release)
    with after(tools, removed):
        key = repository.key(
            name="Fetch the repository's key",
            url=url,
            key_file=release.nvidia.key_file,
            fingerprint=fingerprint,
            keyring=rules.keyring,
        )
    source = apt.source(
        name="Add NVIDIA's repository",
        path=SOURCE,
        text=files.render(
            f"{SOURCE[1:]}.j2", {"url": url, "arch": host.get_fact(ReleaseFact).arch, "keyring": rules.keyring}
        ),
    )
    with after(key, source, removed):
        updated: OperationMeta = apt.updated(name="Fetch the repository's lists", source=SOURCE)
    return updated


def others_removed(rig: Rig, release: Release) -> OperationMeta:
    """No second list of the repository; `base` sees to it too, before apt reads anything."""
    removed: OperationMeta = sources.others_absent(
        name="Remove other lists of NVIDIA's repository",
        ours=SOURCE,
        patterns=catalog().driver.nvidia.old_sources,
        places=(repository_url(rig, release, catalog()), "/compute/cuda/repos/"),
        package=repository.KEYRING_PACKAGE,
    )
    return removed


def absent() -> None:
    """The repository and its key gone, where no other source needs the key."""
    files.absent(name="Remove NVIDIA's repository", paths=[SOURCE])
    repository.key_absent(name="Remove the repository's key", keyring=catalog().driver.nvidia.keyring, ours=SOURCE)


def pinned(wanted: Wanted) -> OperationMeta:
    """apt takes the driver from the declared source alone, and only what was declared."""
    return _preferences(
        "Pin the driver",
        f"the driver is {wanted.said}, and comes from nowhere else.",
        driver_pins(wanted, catalog().driver.nvidia),
    )


def toolkits_only() -> OperationMeta:
    """apt takes toolkits from NVIDIA's repository, but no driver."""
    return _preferences(
        "Keep NVIDIA's repository from serving drivers",
        "NVIDIA's repository is here for CUDA toolkits; it serves no driver.",
        vendor_shut_out(catalog().driver.nvidia),
    )


def unpinned() -> None:
    """No preferences of ours."""
    files.absent(name="Remove the driver's pin", paths=[PREFERENCES])


def _preferences(name: str, said: str, entries: list[Pin]) -> OperationMeta:
    meta: OperationMeta = files.template(
        name=name,
        src=f"{PREFERENCES[1:]}.j2",
        dest=PREFERENCES,
        context={"said": said, "entries": entries},
    )
    return meta
