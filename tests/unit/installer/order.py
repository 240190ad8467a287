"""Orders for these tests: the reference machine with a section `install`, and odd ones."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from rigwright.catalog import catalog
from rigwright.installer.host_key import HostKey, new_host_key
from rigwright.installer.mok import MokPair
from rigwright.installer.payload import Order
from rigwright.spec.load import load_rigs
from rigwright.spec.rig import Rig

ROOT = Path(__file__).resolve().parents[3]
MARK = "rig-0a1b2c3d"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOWNKEYOfTheseTestsWhichNobodyHoldsTheOtherH me"
UUID = "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"
FIXED = {
    "mac": "D0:50:99:12:34:56",
    "address": "192.168.1.50/24",
    "gateway": "192.168.1.1",
    "dns": ["192.168.1.1", "9.9.9.9"],
    "domain": "home.arpa",
}


@cache
def host_key() -> HostKey:
    """One key for all tests."""
    return new_host_key()


def of(rig: Rig, *, ssh_user: str = "root", wipe: bool = False, mok: MokPair | None = None) -> Order:
    """An order for what a Rig declares."""
    assert rig.install is not None
    return Order(rig, catalog().release(rig.install.release), ssh_user, host_key(), MARK, mok, wipe)


MIRRORS = {"mirror": "http://mirror.lan/debian", "security_mirror": "http://mirror.lan/debian-security"}


def reference(**section: Any) -> Order:
    """The reference machine."""
    install = {"release": "trixie", "disk": {"serial": "SPCC-0001"}, **MIRRORS, **section}
    overrides = {f"install.{name}": value for name, value in install.items()}
    overrides["access.users.owner.keys"] = [KEY]
    return of(load_rigs(ROOT, overrides=overrides).rigs["basement"])


ODD: dict[str, Any] = {
    "name": "odd-one",
    "driver": {"branch": 580},
    "base": {
        "hostname": "odd-one",
        "locale": "de_DE.UTF-8",
        "timezone": "America/Argentina/Ushuaia",
        "disks": {"a": {"uuid": UUID, "mount": "/a"}, "b": {"format": "DATA 2", "mount": "/b"}},
    },
    "access": {"users": {"anna": {"keys": [KEY], "sudo": "password"}, "bob": {"keys": [KEY]}, "eve": {}}},
    "install": {
        "release": "bookworm",
        "disk": {"serial": "S 1'[x]"},
        "firmware": "bios",
        "layout": {"boot_mib": 1024, "swap_gib": 8, "root_gib": 100},
        "network": FIXED,
        "keyboard": "de",
        "mirror": "http://mirror.lan:8080/x/debian",
        "security_mirror": "http://mirror.lan:81/y/debian-security",
        "kernel_options": ["console=tty0", "console=ttyS0,115200"],
    },
}


def odd(*, wipe: bool = False, mok: MokPair | None = None, ssh_user: str = "bob", **section: Any) -> Order:
    """A machine with a bit of everything."""
    parts = deepcopy(ODD)
    parts["install"].update(section)
    return of(Rig.model_validate(parts), ssh_user=ssh_user, wipe=wipe, mok=mok)
