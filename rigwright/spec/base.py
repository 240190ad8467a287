"""Layer `base`: the distribution itself, before anything about GPUs."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from rigwright.spec.model import Model, key

PACKAGE = r"^[a-z0-9][a-z0-9+.-]+$"


class Journald(Model):
    """Limits on what the journal may take."""

    max_use_mb: int = key(1024, "SystemMaxUse, MiB", ge=16)
    max_retention_days: int = key(90, "MaxRetentionSec, days; 0: no limit", ge=0)


class UnattendedUpgrades(Model):
    """Security updates by themselves; the driver stack never among them."""

    enabled: bool = key(True, "install the distribution's security updates daily")
    never: list[str] = key(default_factory=list, description="more package name patterns (Python regex) that are left alone")


class Swap(Model):
    """Swap: none, compressed memory, or a file."""

    kind: Literal["none", "zram", "file", "keep"] = key("keep", "'keep' leaves what the installer made")
    size_gib: int | None = key(None, "size in GiB; needed for zram and file", gt=0, le=1024)

    @model_validator(mode="after")
    def _sized(self) -> Swap:
        if self.kind in ("zram", "file") and self.size_gib is None:
            raise ValueError(f"swap.kind {self.kind!r} needs size_gib")
        return self


class Disk(Model):
    """A data disk, mounted by the UUID of its file system; the host boots without it."""

    uuid: str | None = key(None, "file system UUID as blkid prints it; needed unless `format` makes the file system")
    mount: str = key(description="mount point", pattern=r"^/[^\s]*[^/\s]$")
    fs: Literal["ext4", "xfs", "btrfs"] = key("ext4", "file system type")
    options: list[str] = key(default_factory=list, description="mount options besides nofail")
    format: str | None = key(
        None,
        "serial number of the one drive that may be formatted when it is empty; None: never format",
        unproved="a permission, not a state: it ends when the disk holds a file system",
    )

    @model_validator(mode="after")
    def _identified(self) -> Disk:
        if (self.uuid is None) == (self.format is None):
            raise ValueError("exactly one of uuid (an existing file system) and format (a serial number)")
        return self


class Base(Model):
    """The base system."""

    hostname: str | None = key(None, "host name; None: left as installed", pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")
    timezone: str = key("Etc/UTC", "time zone, IANA name", pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$")
    locale: str = key("C.UTF-8", "system locale", pattern=r"^(C|POSIX|[a-z]{2,3}_[A-Z]{2})(\.[A-Za-z0-9-]+)?$")
    components: list[Literal["contrib", "non-free", "non-free-firmware", "universe", "restricted", "multiverse"]] | None = key(
        None, "archive components added to the mirror in use; None: what the driver source needs"
    )
    packages: dict[str, bool] = key(
        default_factory=lambda: {name: True for name in ("ca-certificates", "curl", "pciutils", "lm-sensors", "htop", "tmux")},
        description="packages by name: true installed, false removed",
    )
    time_sync: bool = key(True, "keep the clock by NTP")
    ntp_servers: list[str] = key(default_factory=list, description="NTP servers; empty: the distribution's")
    journald: Journald = key(default_factory=Journald, description="journal limits")
    unattended_upgrades: UnattendedUpgrades = key(default_factory=UnattendedUpgrades, description="automatic updates")
    needrestart: Literal["quiet", "absent"] = key("quiet", "'quiet': installed, never asks and never restarts by itself")
    smartd: bool = key(True, "watch the drives' health")
    swap: Swap = key(default_factory=Swap, description="swap")
    disks: dict[str, Disk] = key(default_factory=dict, description="data disks by name")
