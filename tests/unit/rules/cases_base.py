"""Rules over the base system."""

from __future__ import annotations

from tests.unit.rules.case import UUID, Case, machine

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
    Case(
        "base.disk-mount",
        "base.disks.data.mount",
        {"base": {"disks": {"data": {"mount": "/var", "uuid": UUID}}}},
        {"base": {"disks": {"data": {"mount": "/var/lib/docker", "uuid": UUID}}}},
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
    Case(
        "base.never-pattern",
        "base.unattended_upgrades.never.0",
        {"base": {"unattended_upgrades": {"never": ["("]}}},
        {"base": {"unattended_upgrades": {"never": ["^foo-"]}}},
    ),
    Case(
        "base.ntp-unused",
        "base.ntp_servers",
        {"base": {"time_sync": False, "ntp_servers": ["a.example"]}},
        {"base": {"ntp_servers": ["a.example"]}},
    ),
]
