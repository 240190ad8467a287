"""The installation erases one disk that is meant, makes what fits on it, and leaves a host that can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface

from rigwright.catalog import Catalog
from rigwright.choice.install.layout import disk_layout, drive_of, system_serial
from rigwright.choice.install.people import installed_people
from rigwright.rules.access import is_example
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.connection import Connection
from rigwright.spec.install import Install, Network
from rigwright.spec.rig import Rig

KEY = "install.disk"


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What does not hold of section `install`."""
    if rig.install is None:
        return
    yield from _release(rig.install, catalog)
    yield from _mirrors(rig.install, catalog)
    yield from _disk(rig, rig.install)
    yield from _fits(rig, rig.install)
    yield from _swap(rig, rig.install)
    yield from _network(rig.install.network)
    if rig.base.hostname is None:
        yield Finding(
            "install.no-hostname",
            "base.hostname",
            None,
            "a name: what is installed has none that could be left as it is",
            "Add it.",
            rests_on=("install",),
        )
    if rig.install.mok is not None and rig.install.firmware == "bios":
        yield Finding(
            "install.mok-without-uefi",
            "install.mok",
            None,
            "none with firmware 'bios': Secure Boot is UEFI's",
            "Remove it, or set install.firmware to 'uefi'.",
            rests_on=("install.firmware",),
        )


def way_in(rig: Rig, connection: Connection) -> Iterator[Finding]:
    """Whether the one who applies can log in to what was just installed. Passwords do not count: there are none yet."""
    if rig.install is None:
        return
    name = connection.ssh_user
    keys = [line for person in installed_people(rig, name) if person.name == name for line in person.keys]
    if not all(map(is_example, keys)):
        return
    if name == "root" and "root" not in rig.access.users:
        yield Finding(
            "install.no-way-in",
            "access.users",
            None,
            "a user with a key of yours and sudo 'nopasswd', whose keys root is given: ssh_user is 'root', and what is "
            "installed has no other way in",
            "Give a user under access.users your public key, or root.",
            rests_on=("ssh_user", "access.users.*.keys.*", "access.users.*.sudo", "install"),
        )
    else:
        yield Finding(
            "install.no-way-in",
            f"access.users.{name}",
            None,
            f"an account with a key of yours: ssh_user is {name!r}, and what is installed has no other way in",
            "Declare it with your public key.",
            rests_on=("ssh_user", f"access.users.{name}.keys.*", "access.users.*", "install"),
        )


def _release(install: Install, catalog: Catalog) -> Iterator[Finding]:
    if install.release not in catalog.releases:
        yield Finding(
            "install.unknown-release",
            "install.release",
            install.release,
            f"a release of the catalogue: {', '.join(catalog.releases)}",
            "Correct the name.",
            nearest(install.release, catalog.releases),
        )


def _mirrors(install: Install, catalog: Catalog) -> Iterator[Finding]:
    """Debian's installer has questions for neither HTTPS nor the path of security updates; signatures guard both."""
    release = catalog.releases.get(install.release)
    if release is None or release.id != "debian":
        return
    for name, value in (("mirror", install.mirror), ("security_mirror", install.security_mirror)):
        if value is None:
            yield Finding(
                f"install.no-{name.replace('_', '-')}",
                f"install.{name}",
                None,
                "the address of an archive: which one is near is not guessed",
                "Declare the one in the apt sources of a host that you have (apt-get indextargets shows it).",
                rests_on=("install.release",),
            )
    if install.mirror is not None and not install.mirror.startswith("http://"):
        yield Finding(
            "install.mirror",
            "install.mirror",
            install.mirror,
            "an address that begins with 'http://': Debian's installer has no question for another one",
            "Correct it: what comes from there is checked by Debian's signature.",
            rests_on=("install.release",),
        )
    security = install.security_mirror
    if security is not None and not (security.startswith("http://") and security.endswith("/debian-security")):
        yield Finding(
            "install.security-mirror",
            "install.security_mirror",
            security,
            "'http://…/debian-security': Debian's installer asks for the host alone, and adds the rest itself",
            "Correct it, or serve it there.",
            rests_on=("install.release",),
        )


def _disk(rig: Rig, install: Install) -> Iterator[Finding]:
    disk, storage = install.disk, rig.hardware.storage
    if (disk.serial is None) == (disk.drive is None):
        given = "both are" if disk.serial else "neither is"
        yield Finding(
            "install.disk-identity",
            KEY,
            None,
            f"exactly one of serial (its serial number) and drive (its name in hardware.storage): {given} given",
            "Remove one." if disk.serial else "Add serial, as `lsblk -d -o NAME,SIZE,MODEL,SERIAL` prints it.",
            rests_on=(f"{KEY}.serial", f"{KEY}.drive"),
        )
        return
    if disk.drive is not None and disk.drive not in storage:
        yield Finding(
            "install.disk-unknown-drive",
            f"{KEY}.drive",
            disk.drive,
            f"a name in hardware.storage: {', '.join(storage) or 'there is none'}",
            "Correct the name, or declare the drive with its serial number.",
            nearest(disk.drive, storage),
            rests_on=("hardware.storage.*",),
        )
    elif disk.drive is not None and storage[disk.drive].serial is None:
        yield Finding(
            "install.disk-without-serial",
            f"hardware.storage.{disk.drive}.serial",
            None,
            "the drive's serial number: it is to be erased, and nothing else says for sure which one it is",
            "Add it, as `lsblk -d -o NAME,SIZE,MODEL,SERIAL` prints it.",
            rests_on=(f"{KEY}.drive",),
        )
    serials = {drive.serial for drive in storage.values() if drive.serial is not None}
    if disk.serial is not None and serials and disk.serial not in serials:
        yield Finding(
            "install.disk-serial",
            f"{KEY}.serial",
            disk.serial,
            f"a serial number in hardware.storage: {', '.join(sorted(serials))}",
            "Correct it, or declare the drive: what is erased is named twice.",
            nearest(disk.serial, serials),
            rests_on=("hardware.storage.*.serial",),
        )
    serial = system_serial(rig)
    for name, data in rig.base.disks.items():
        if serial is not None and data.format == serial:
            yield Finding(
                "install.disk-is-data",
                KEY,
                serial,
                f"a disk that is not a data disk: base.disks.{name} has this serial number",
                "Correct one of the two. The installation erases the whole disk.",
                rests_on=(
                    f"{KEY}.serial", f"{KEY}.drive", "hardware.storage.*.serial", f"base.disks.{name}.format",
                ),
            )  # fmt: skip


def _fits(rig: Rig, install: Install) -> Iterator[Finding]:
    drive = drive_of(rig)
    if drive is None:
        return
    needed = disk_layout(install, system_serial(rig) or "").least_bytes
    if drive.size_gb * 10**9 < needed:
        yield Finding(
            "install.disk-too-small",
            "install.layout",
            None,
            f"partitions that fit the disk: it has {drive.size_gb} GB, and they need {-(-needed // 10**9)} GB",
            "Make one of them smaller, or correct hardware.storage.",
            rests_on=(
                f"{KEY}.serial", f"{KEY}.drive", "hardware.storage.*", "install.firmware", "install.layout.esp_mib",
                "install.layout.boot_mib", "install.layout.swap_gib", "install.layout.root_gib",
            ),
        )  # fmt: skip


def _swap(rig: Rig, install: Install) -> Iterator[Finding]:
    if install.layout.swap_gib is not None and rig.base.swap.kind != "keep":
        yield Finding(
            "install.swap",
            "install.layout.swap_gib",
            install.layout.swap_gib,
            f"no swap partition while base.swap.kind is {rig.base.swap.kind!r}: the first apply would turn it off",
            "Remove it, or set base.swap.kind to 'keep'.",
            rests_on=("base.swap.kind",),
        )


def _network(network: Network) -> Iterator[Finding]:
    key = "install.network"
    if network.address is None:
        unused = [name for name in ("gateway", "dns") if getattr(network, name)]
        for name in unused:
            yield Finding(
                "install.network-unused",
                f"{key}.{name}",
                getattr(network, name),
                "none without an address: DHCP says it",
                "Remove it, or add address.",
                rests_on=(f"{key}.address",),
            )
        return
    for name, present in (("mac", network.mac), ("gateway", network.gateway), ("dns", network.dns)):
        if not present:
            yield Finding(
                "install.network-incomplete",
                f"{key}.{name}",
                None,
                f"{_MEANING[name]}, which a fixed address needs",
                "Add it, or remove address: then DHCP says it.",
                rests_on=(f"{key}.address", f"{key}.dns.*"),
            )
    yield from _addresses(key, network)


_MEANING = {
    "mac": "the MAC address of the interface that has it",
    "gateway": "the router's address",
    "dns": "at least one name server",
}


def _addresses(key: str, network: Network) -> Iterator[Finding]:
    wanted = [(f"{key}.address", network.address), (f"{key}.gateway", network.gateway)]
    wanted += [(f"{key}.dns.{index}", each) for index, each in enumerate(network.dns)]
    wrong = False
    for where, text in wanted:
        if text is not None and not _is_address(text):
            wrong = True
            yield Finding("install.network-address", where, text, "an IP address that there can be", "Correct it.")
    if wrong or network.gateway is None:
        return
    own, gateway = ip_interface(network.address or ""), ip_address(network.gateway)
    if gateway not in own.network or gateway == own.ip:
        yield Finding(
            "install.network-gateway",
            f"{key}.gateway",
            network.gateway,
            f"another address in {own.network}, the network of {network.address}",
            "Correct one of the two.",
            rests_on=(f"{key}.address",),
        )


def _is_address(text: str) -> bool:
    try:
        ip_interface(text)
    except ValueError:
        return False
    return True
