"""Rules over section `install`: the disk, the network, and the way in afterwards."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import EXAMPLE, KEY, Case, Parts

SECRET = {"file": "~/.ssh/x"}
DRIVES = {
    "system": {"model": "Silicon Power 2 TB NVMe", "size_gb": 2000, "serial": "S1"},
    "data": {"model": "x", "size_gb": 4000, "serial": "S2"},
    "old": {"model": "x", "size_gb": 20},
}
MAC = "d0:50:99:12:34:56"
FIXED = {"mac": MAC, "address": "192.168.1.50/24", "gateway": "192.168.1.1", "dns": ["192.168.1.1"]}


MIRRORS = {"mirror": "http://mirror.lan/debian", "security_mirror": "http://mirror.lan/debian-security"}


def install(more: Parts | None = None, **keys: Any) -> Parts:
    """A host that can be installed, with these keys of the section."""
    section = {"release": "trixie", "disk": {"serial": "S1"}, **MIRRORS, **keys}
    return {"base": {"hostname": "x"}, **(more or {}), "install": section}


def among(**keys: Any) -> Parts:
    return install({"hardware": {"storage": DRIVES}}, **keys)


def network(**keys: Any) -> Parts:
    return install(network={name: value for name, value in {**FIXED, **keys}.items() if value is not None})


def data(serial: str) -> Parts:
    return {"base": {"hostname": "x", "disks": {"data": {"format": serial, "mount": "/srv"}}}}


INSTALL = [
    Case("install.no-mirror", "install.mirror", install(mirror=None), install(release="noble", mirror=None)),
    Case("install.no-security-mirror", "install.security_mirror", install(security_mirror=None), install()),
    Case("install.unknown-release", "install.release", install(release="trixy"), install(release="noble")),
    Case(
        "install.mirror",
        "install.mirror",
        install(mirror="https://mirror.lan/debian"),
        install(release="noble", mirror="https://mirror.lan/ubuntu", security_mirror="https://mirror.lan/ubuntu"),
    ),
    Case(
        "install.security-mirror",
        "install.security_mirror",
        install(security_mirror="https://mirror.lan/debian-security"),
        install(security_mirror="http://mirror.lan:81/x/debian-security"),
    ),
    Case("install.disk-identity", "install.disk", install(disk={}), install()),
    Case(
        "install.disk-identity",
        "install.disk",
        among(disk={"serial": "S1", "drive": "system"}),
        among(disk={"drive": "system"}),
        "both",
    ),
    Case("install.disk-unknown-drive", "install.disk.drive", among(disk={"drive": "sistem"}), among()),
    Case(
        "install.disk-without-serial",
        "hardware.storage.old.serial",
        among(disk={"drive": "old"}, layout={"root_gib": 8}),
        among(disk={"drive": "data"}),
    ),
    Case("install.disk-serial", "install.disk.serial", among(disk={"serial": "S9"}), among()),
    Case("install.disk-is-data", "install.disk", install(data("S1")), install(data("S2"))),
    Case(
        "install.disk-is-data",
        "install.disk",
        install({**data("S2"), "hardware": {"storage": DRIVES}}, disk={"drive": "data"}),
        install({**data("S2"), "hardware": {"storage": DRIVES}}, disk={"drive": "system"}),
        "by its name",
    ),
    Case(
        "install.disk-too-small", "install.layout", among(layout={"root_gib": 1863}), among(layout={"root_gib": 1861})
    ),
    Case(
        "install.swap",
        "install.layout.swap_gib",
        install({"base": {"hostname": "x", "swap": {"kind": "none"}}}, layout={"swap_gib": 8}),
        install(layout={"swap_gib": 8}),
    ),
    Case("install.no-hostname", "base.hostname", install({"base": {}}), install()),
    Case(
        "install.mok-without-uefi",
        "install.mok",
        install(firmware="bios", mok={"private_key": SECRET, "certificate": SECRET}),
        install(mok={"private_key": SECRET, "certificate": SECRET}),
    ),
    *(
        Case("install.network-incomplete", f"install.network.{name}", network(**{name: None}), network(), name)
        for name in ("mac", "gateway", "dns")
    ),
    Case(
        "install.network-unused",
        "install.network.dns",
        install(network={"dns": ["192.168.1.1"]}),
        install(network={"mac": MAC, "domain": "home.arpa"}),
    ),
    Case("install.network-address", "install.network.address", network(address="192.168.1.500/24"), network()),
    Case("install.network-address", "install.network.dns.1", network(dns=["1.1.1.1", "1.1.1"]), network(), "dns"),
    Case("install.network-gateway", "install.network.gateway", network(gateway="192.168.2.1"), network()),
    Case(
        "install.network-gateway",
        "install.network.gateway",
        network(gateway="192.168.1.50"),
        network(address="2001:db8::2/64", gateway="2001:db8::1"),
        "itself",
    ),
]


def coming_in(user: str, **users: Any) -> Parts:
    """A connection as this user to what is installed with these accounts."""
    return {**install({"base": {"hostname": "x"}, "access": {"users": users}}), "connection": {"ssh_user": user}}


NOPASSWD: Parts = {"keys": [KEY]}
INSTALL_WAY_IN = [
    Case("install.no-way-in", "access.users", coming_in("root", me={"keys": [KEY], "sudo": "password"}),
         coming_in("root", me=NOPASSWD)),
    Case("install.no-way-in", "access.users.root", coming_in("root", root={}, me=NOPASSWD),
         coming_in("root", root=NOPASSWD), "root is declared"),
    Case("install.no-way-in", "access.users.you", coming_in("you", me=NOPASSWD),
         coming_in("you", you=NOPASSWD), "nobody"),
    Case("install.no-way-in", "access.users", coming_in("root", me={"keys": [EXAMPLE]}),
         coming_in("root", me={"keys": [EXAMPLE, KEY]}), "the example"),
]  # fmt: skip
