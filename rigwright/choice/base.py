"""What the base layer gets from a declaration on a given release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rigwright.catalog import Catalog
from rigwright.catalog.releases import Release
from rigwright.spec.rig import Rig

KERNEL_PACKAGES = (
    "linux-(image|headers|modules|main-modules|kbuild|compiler|signed|objects|tools|cloud-tools|hwe)",
    "linux-(generic|virtual|server|lowlatency|realtime|oem|nvidia|aws|azure|gcp|oracle)",
)
"""Kernels, their headers, modules and metapackages. unattended-upgrades reads its patterns twice, as Python's regular
expressions and as apt's, which are POSIX ones: only what means the same in both may stand here."""

ALWAYS_COMPILED = ("C", "POSIX", "C.UTF-8")
"""Locales that need no package."""


def components(rig: Rig, release: Release) -> tuple[str, ...]:
    """Archive components that the host needs; empty: the mirror stays as it is."""
    if rig.base.components is not None:
        return tuple(rig.base.components)
    driver = rig.driver.state == "present" and rig.driver.source != "none"
    needed = set(release.components) if driver else set()
    if release.id == "ubuntu":
        needed.add("universe")  # lm-sensors and systemd-zram-generator are there
    elif rig.hardware.board or rig.hardware.cpu:
        needed.add("non-free-firmware")  # a real machine's microcode, and firmware of its network cards
    order = ("contrib", "non-free", "non-free-firmware", "restricted", "universe", "multiverse")
    return tuple(component for component in order if component in needed)


def time_daemon(installed: Iterable[str]) -> str:
    """The package that keeps the clock: chrony where it is there already, otherwise systemd's."""
    return "chrony" if "chrony" in installed else "systemd-timesyncd"


def packages(rig: Rig, installed: Mapping[str, str]) -> tuple[str, ...]:
    """Packages of the base layer, given what is installed (version by name)."""
    base = rig.base
    wanted = {name for name, present in base.packages.items() if present}
    if base.time_sync:
        wanted.add(time_daemon(installed))
    if base.unattended_upgrades.enabled:
        wanted.add("unattended-upgrades")
    if base.needrestart == "quiet":
        wanted.add("needrestart")
    if base.smartd:
        wanted.add("smartmontools")
    if base.locale not in ALWAYS_COMPILED:
        wanted.add("locales")
    if base.timezone != "Etc/UTC":
        wanted.add("tzdata")
    if base.swap.kind == "zram":
        wanted.add("systemd-zram-generator")
    programs = {"ext4": "e2fsprogs", "xfs": "xfsprogs", "btrfs": "btrfs-progs"}
    wanted.update(programs[disk.fs] for disk in base.disks.values())
    return tuple(sorted(wanted))


def removed(rig: Rig) -> tuple[str, ...]:
    """Packages that must not be there."""
    unwanted = {name for name, present in rig.base.packages.items() if not present}
    if rig.base.needrestart == "absent":
        unwanted.add("needrestart")
    return tuple(sorted(unwanted))


def never_upgraded(rig: Rig, catalog: Catalog) -> tuple[str, ...]:
    """Patterns of packages that unattended upgrades leave alone."""
    return (*never_upgraded_by_default(catalog), *rig.base.unattended_upgrades.never)


def never_upgraded_by_default(catalog: Catalog) -> tuple[str, ...]:
    """Those of every host: kernels, the driver stack, container engines."""
    return (*KERNEL_PACKAGES, *catalog.driver.unattended["never"], *catalog.containers.unattended["never"])


def security_origins(release: Release) -> tuple[str, ...]:
    """The distribution's security archives, as unattended-upgrades' Origins-Pattern names them."""
    code = release.codename
    if release.id == "debian":
        return (f"origin=Debian,codename={code}-security,label=Debian-Security",)
    return (
        f"origin=Ubuntu,archive={code}-security,label=Ubuntu",
        f"origin=UbuntuESMApps,archive={code}-apps-security,label=UbuntuESMApps",
        f"origin=UbuntuESM,archive={code}-infra-security,label=UbuntuESM",
    )
