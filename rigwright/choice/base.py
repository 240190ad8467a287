"""What the base layer gets from a declaration on a given release."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rigwright.catalog import Catalog
from rigwright.catalog.releases import Release
from rigwright.spec.rig import Rig

KERNEL_PACKAGES = (
    "linux-(image|headers|modules|main-modules|kbuild|compiler|signed|objects|tools|cloud-tools|hwe)",
    "linux-(generic|virtual|server|lowlatency|realtime|oem|nvidia|aws|azure|gcp|oracle)",
)
"""Kernels, their headers, modules and metapackages. unattended-upgrades reads its patterns twice, as Python's regular
expressions and as apt's, which are POSIX ones: only what means the same in both may stand here."""

TOOLS = (
    "apt", "ca-certificates", "gpg", "iproute2", "kmod", "mount", "openssh-server", "passwd", "pciutils", "procps",
    "systemd", "systemd-sysv", "udev", "util-linux",
)  # fmt: skip
"""Packages whose programs the layers and the proof call on every host."""

TIME_DAEMONS = ("chrony", "systemd-timesyncd", "ntp", "ntpsec", "openntpd")
"""Packages that keep the clock, of which a host can have one: installing another removes it. We run the first two."""

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


def time_daemon(installed: Collection[str], declared: Mapping[str, bool]) -> str:
    """The package that keeps the clock: the declared one; else chrony where it is there already, or systemd's."""
    if declared.get("systemd-timesyncd"):
        return "systemd-timesyncd"
    return "chrony" if declared.get("chrony", "chrony" in installed) else "systemd-timesyncd"


def other_clocks(rig: Rig, installed: Collection[str]) -> tuple[str, ...]:
    """Installed packages, not declared absent, that would silently go when ours comes to keep the clock."""
    base = rig.base
    if not base.time_sync or time_daemon(installed, base.packages) in installed:
        return ()
    # systemd's is on every bare host, and nobody chose it: where chrony is declared, it may go.
    known = (name for name in TIME_DAEMONS if name != "systemd-timesyncd")
    return tuple(name for name in known if name in installed and base.packages.get(name, True))


def asked_for(rig: Rig, installed: Collection[str]) -> dict[str, str]:
    """Packages of the base layer, given what is installed, each with the key that asks for it."""
    base = rig.base
    wanted = {name: f"base.packages.{name}" for name, present in base.packages.items() if present}
    programs = {"ext4": "e2fsprogs", "xfs": "xfsprogs", "btrfs": "btrfs-progs"}
    wanted.update({programs[disk.fs]: f"base.disks.{name}.fs" for name, disk in base.disks.items()})
    for is_wanted, name, key in (
        (base.time_sync, time_daemon(installed, base.packages), "base.time_sync"),
        (base.unattended_upgrades.enabled, "unattended-upgrades", "base.unattended_upgrades.enabled"),
        (base.needrestart == "quiet", "needrestart", "base.needrestart"),
        (base.smartd, "smartmontools", "base.smartd"),
        (base.locale not in ALWAYS_COMPILED, "locales", "base.locale"),
        (base.timezone != "Etc/UTC", "tzdata", "base.timezone"),
        (base.swap.kind == "zram", "systemd-zram-generator", "base.swap.kind"),
    ):
        if is_wanted:
            wanted[name] = key
    return wanted


def packages(rig: Rig, installed: Collection[str]) -> tuple[str, ...]:
    """Packages of the base layer, given what is installed."""
    return tuple(sorted(asked_for(rig, installed)))


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
