"""Layer `base`: the distribution itself, before anything about GPUs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigwright.spec.model import Model, key

Package = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9+.-]+$", description="a package's name: lower-case letters, digits, '+', '-' and '.'"
    ),
]
DiskName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", description="a short name of letters, digits, '_' and '-'")
]
MountOption = Annotated[
    str, Field(pattern=r"^[^\s,#]+$", description="one mount option, without blanks, commas and '#', e.g. 'noatime'")
]
Server = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9:][A-Za-z0-9._:-]*$", description="the name or the address of a server")
]
Component = Literal["contrib", "non-free", "non-free-firmware", "universe", "restricted", "multiverse"]
DEFAULT_PACKAGES = ("ca-certificates", "curl", "pciutils", "lm-sensors", "htop", "tmux")


class Journald(Model):
    """Limits on what the journal may take."""

    max_use_mb: int = key(1024, "SystemMaxUse, MiB", ge=16)
    max_retention_days: int = key(90, "MaxRetentionSec, days; 0: no limit", ge=0)


class UnattendedUpgrades(Model):
    """Security updates by themselves; the driver stack never among them."""

    enabled: bool = key(True, "install the distribution's security updates daily")
    never: list[str] = key(
        default_factory=list, description="more package name patterns (Python regex) that are left alone"
    )


class Swap(Model):
    """Swap: none, compressed memory, or a file."""

    kind: Literal["none", "zram", "file", "keep"] = key("keep", "'keep' leaves what the installer made")
    size_gib: int | None = key(None, "size in GiB; needed for zram and file", gt=0, le=1024)


class Disk(Model):
    """A data disk, mounted by the UUID of its file system; the host boots without it."""

    uuid: str | None = key(
        None,
        "file system UUID as blkid prints it; needed unless `format` makes the file system",
        pattern=r"^[0-9A-Fa-f][0-9A-Fa-f-]{7,35}$",
        form="a file system UUID as blkid prints it, e.g. '3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77'",
    )
    mount: str = key(
        description="mount point", pattern=r"^(/[^/\s]+)+$", form="an absolute path without a slash at its end"
    )
    fs: Literal["ext4", "xfs", "btrfs"] = key("ext4", "file system type")
    options: list[MountOption] = key(default_factory=list, description="mount options besides nofail")
    format: str | None = key(
        None,
        "serial number of the one drive that may be formatted when it is empty; None: never format",
        unproved="a permission, not a state: it ends when the disk holds a file system",
    )


class Base(Model):
    """The base system."""

    hostname: str | None = key(
        None,
        "host name; None: left as installed",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        form="one label of a host name: up to 63 lower-case letters, digits and inner hyphens",
    )
    timezone: str = key(
        "Etc/UTC",
        "time zone, IANA name",
        pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$",
        form="the IANA name of a time zone, e.g. 'Europe/Berlin'",
    )
    locale: str = key(
        "C.UTF-8",
        "system locale",
        pattern=r"^(C|POSIX|[a-z]{2,3}_[A-Z]{2})(\.[A-Za-z0-9-]+)?$",
        form="a locale, e.g. 'C.UTF-8' or 'de_DE.UTF-8'",
    )
    components: list[Component] | None = key(
        None, "archive components added to the mirror in use; None: what the driver source needs"
    )
    packages: dict[Package, bool] = key(
        default_factory=lambda: dict.fromkeys(DEFAULT_PACKAGES, True),
        description="packages by name: true installed, false removed",
        form="a mapping of package names to True (installed) or False (removed)",
    )
    time_sync: bool = key(True, "keep the clock by NTP")
    ntp_servers: list[Server] = key(default_factory=list, description="NTP servers; empty: the distribution's")
    journald: Journald = key(default_factory=Journald, description="journal limits")
    unattended_upgrades: UnattendedUpgrades = key(default_factory=UnattendedUpgrades, description="automatic updates")
    needrestart: Literal["quiet", "absent"] = key(
        "quiet", "'quiet': installed, never asks and never restarts by itself"
    )
    smartd: bool = key(True, "watch the drives' health")
    swap: Swap = key(default_factory=Swap, description="swap")
    disks: dict[DiskName, Disk] = key(
        default_factory=dict, description="data disks by name", form="a mapping of names to disks"
    )
