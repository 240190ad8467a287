"""Rules over the base system."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import KEY, UUID, Case, Parts, machine


def removing(name: str, **base: Any) -> Parts:
    """A package declared absent; a disk needs the programs for ext4."""
    disk = {"a": {"uuid": UUID, "mount": "/a"}}
    return {"base": {"packages": {name: False}, "disks": disk, **base}}


BASE = [
    Case(
        "base.timezone",
        "base.timezone",
        {"base": {"timezone": "Europe/Berln"}},
        {"base": {"timezone": "Europe/Berlin"}},
    ),
    Case(
        "base.swap-size",
        "base.swap.size_gib",
        {"base": {"swap": {"kind": "file"}}},
        {"base": {"swap": {"kind": "keep"}}},
    ),
    Case(
        "base.swap-size",
        "base.swap.size_gib",
        {"base": {"swap": {"kind": "none", "size_gib": 4}}},
        {"base": {"swap": {"kind": "file", "size_gib": 4}}},
        "size of nothing",
    ),
    Case(
        "base.swap-zram",
        "base.swap.size_gib",
        {"base": {"swap": {"kind": "zram", "size_gib": 65}}, **machine(ram_gib=32)},
        {"base": {"swap": {"kind": "zram", "size_gib": 64}}, **machine(ram_gib=32)},
    ),
    Case(
        "base.disk-identity",
        "base.disks.data",
        {"base": {"disks": {"data": {"mount": "/srv", "uuid": UUID, "format": "S1"}}}},
        {"base": {"disks": {"data": {"mount": "/srv", "format": "S1"}}}},
    ),
    *(
        Case(
            "base.disk-mount",
            "base.disks.data.mount",
            {"base": {"disks": {"data": {"mount": system, "uuid": UUID}}}},
            {"base": {"disks": {"data": {"mount": data, "uuid": UUID}}}},
            system,
        )
        for system, data in (
            ("/var", "/var/lib/docker"),
            ("/var/log", "/var/log/rig"),
            ("/home", "/home/owner"),
            ("/boot/efi", "/srv/boot"),
            ("/srv/../home", "/srv/home"),
        )
    ),
    Case(
        "base.disk-noauto",
        "base.disks.data.options.1",
        {"base": {"disks": {"data": {"mount": "/srv", "uuid": UUID, "options": ["noatime", "noauto"]}}}},
        {"base": {"disks": {"data": {"mount": "/srv", "uuid": UUID, "options": ["noauto", "x-systemd.automount"]}}}},
    ),
    Case(
        "base.disk-serial",
        "base.disks.data.format",
        {
            "base": {"disks": {"data": {"mount": "/srv", "format": "S1"}}},
            **machine(storage={"data": {"model": "x", "size_gb": 1, "serial": "S2"}}),
        },
        {
            "base": {"disks": {"data": {"mount": "/srv", "format": "S2"}}},
            **machine(storage={"data": {"model": "x", "size_gb": 1, "serial": "S2"}}),
        },
    ),
    Case(
        "base.disk-uuid-twice",
        "base.disks.b.uuid",
        {"base": {"disks": {"a": {"mount": "/a", "uuid": UUID}, "b": {"mount": "/b", "uuid": UUID}}}},
        {"base": {"disks": {"a": {"mount": "/a", "uuid": UUID}, "b": {"mount": "/a/b", "uuid": f"{UUID[:-1]}8"}}}},
    ),
    Case(
        "base.package-of-a-layer",
        "base.packages.docker.io",
        {"base": {"packages": {"docker.io": True}}},
        {"base": {"packages": {"nvtop": True, "podracer": True}}},
    ),
    *(
        Case("base.package-needed", f"base.packages.{name}", removing(name), removing(name, **other), name)
        for name, other in (
            ("needrestart", {"needrestart": "absent"}),
            ("unattended-upgrades", {"unattended_upgrades": {"enabled": False}}),
            ("smartmontools", {"smartd": False}),
            ("systemd-timesyncd", {"packages": {"systemd-timesyncd": False, "chrony": True}}),
            ("e2fsprogs", {"disks": {"a": {"uuid": UUID, "mount": "/a", "fs": "xfs"}}}),
        )
    ),
    Case(
        "base.package-needed",
        "base.packages.openssh-server",
        removing("openssh-server"),
        removing("openssh-client"),
        "rig's own",
    ),
    Case(
        "base.package-needed",
        "base.packages.nftables",
        removing("nftables"),
        {**removing("nftables"), "access": {"firewall": {"state": "absent"}}},
        "of layer access",
    ),
    Case(
        "base.package-needed",
        "base.packages.sudo",
        {**removing("sudo"), "access": {"users": {"me": {"keys": [KEY]}}}},
        {**removing("sudo"), "access": {"users": {"me": {"keys": [KEY], "sudo": "none"}}}},
        "of a user",
    ),
    Case(
        "base.package-needed",
        "base.packages.dkms",
        removing("dkms"),
        {**removing("dkms"), "driver": {"source": "none"}, "containers": {"state": "absent"}},
        "of layer driver",
    ),
    *(
        Case(
            "base.second-clock",
            f"base.packages.{second}",
            {"base": {"packages": {"chrony": True, name: True}, "time_sync": sync}},
            {"base": {"packages": {"chrony": True, name: False}, "time_sync": sync}},
            f"{name}, time_sync {sync}",
        )
        for name, second, sync in (
            ("systemd-timesyncd", "chrony", True),
            ("ntpsec", "ntpsec", True),
            ("openntpd", "openntpd", False),
        )
    ),
    Case(
        "base.never-pattern",
        "base.unattended_upgrades.never.0",
        {"base": {"unattended_upgrades": {"never": ["("]}}},
        {"base": {"unattended_upgrades": {"never": ["^foo-"]}}},
    ),
    *(
        Case(
            "base.never-unwritable",
            "base.unattended_upgrades.never.1",
            {"base": {"unattended_upgrades": {"never": ["^a$", pattern]}}},
            {"base": {"unattended_upgrades": {"never": [r"^a\.b$", "[^;{}/]"]}}},
            repr(pattern),
        )
        for pattern in ('a"b', "a%41", "a\nb")
    ),
    Case(
        "base.ntp-unused",
        "base.ntp_servers",
        {"base": {"time_sync": False, "ntp_servers": ["a.example"]}},
        {"base": {"ntp_servers": ["a.example"]}},
    ),
]
