"""An installation from a live system: the scripts and files that are laid down there. No I/O."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rigwright.choice.install.layout import DiskLayout, Partition, layout_of, sfdisk_script
from rigwright.choice.install.rescue import MARK, Ground, table_id
from rigwright.facts.live_system import KEYRING, TARGET, WORKSHOP
from rigwright.installer.payload import FOLDER, File, Order, payload
from rigwright.spec.install import Install
from rigwright.templates import render

COMPONENTS = "main non-free-firmware"
"""Firmware of network cards and microcode are in the second."""
SCRIPTS = ("begin", "erase", "mount", "bootstrap", "settings", "packages", "people", "boot", "check", "close")
"""In the order in which they are run; 'begin' is read by all of them."""
UNSAFE_IO = "force-unsafe-io\n"
"""For dpkg, while an interrupted installation begins anew anyway."""

DHCP_CLIENT = {"bookworm": "isc-dhcp-client"}
"""Release → what ifupdown asks by DHCP there; 'dhcpcd-base' on later ones."""
SYSTEM = (
    "apt", "ca-certificates", "console-setup", "dbus", "gpg", "ifupdown", "initramfs-tools", "iproute2", "iputils-ping",
    "keyboard-configuration", "kmod", "less", "libpam-systemd", "linux-image-amd64", "logrotate", "nano", "pciutils",
    "procps", "systemd-sysv", "systemd-timesyncd", "tzdata", "udev", "zstd",
)  # fmt: skip
"""A Debian that boots, has its network and can be worked on; the rest is the first apply's."""
LOADERS = {
    "uefi": ("efibootmgr", "grub-efi-amd64", "grub-efi-amd64-signed", "shim-signed"),
    "bios": ("grub-pc",),
}


@dataclass(frozen=True)
class Identities:
    """The UUIDs of the new file systems, by the number of their partitions."""

    by_number: Mapping[int, str]

    @classmethod
    def new(cls, layout: DiskLayout) -> Identities:
        """New ones. FAT's are two groups of four hexadecimal digits."""
        found = {}
        for each in layout.partitions:
            text = str(uuid.uuid4())
            found[each.number] = f"{text[:4]}-{text[4:8]}".upper() if each.fs == "vfat" else text
        return cls(found)

    def of(self, partition: Partition) -> str:
        """That of one partition's file system."""
        return self.by_number[partition.number]


@dataclass(frozen=True)
class Making:
    """All that is laid down on the live system: file in `WORKSHOP` → content; and what it makes."""

    order: Order
    layout: DiskLayout
    files: Mapping[str, File] = field(repr=False)


def marked(order: Order) -> Order:
    """With the mark that follows from what is installed: the same declaration and keys, the same mark."""
    bare = replace(order, mark="")
    install = order.rig.install
    assert install is not None, "asked for by whoever installs"
    parts = {name: hashlib.sha256(each.data).hexdigest() for name, each in payload(bare).items()}
    parts["install"] = json.dumps(install.model_dump(mode="json", exclude={"host_key", "mok"}), sort_keys=True)
    parts["base"] = json.dumps([order.rig.base.timezone, order.rig.base.hostname])
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return replace(order, mark=f"{MARK}{digest[:8]}")


def on_interface(order: Order, mac: str) -> Order:
    """The order for the interface with this MAC address."""
    install = order.rig.install
    assert install is not None, "asked for by whoever installs"
    network = install.network.model_copy(update={"mac": mac})
    return replace(
        order,
        rig=order.rig.model_copy(update={"install": install.model_copy(update={"network": network})}),
    )


def making(order: Order, found: Ground, apt_settings: Mapping[str, str], identities: Identities) -> Making:
    """Everything for one installation."""
    layout = layout_of(order.rig)
    install = order.rig.install
    assert install is not None, "asked for by whoever installs"
    tree = {
        "etc/fstab": fstab(layout, identities),
        "etc/hosts": HOSTS,
        "etc/hostname": f"{order.rig.base.hostname}\n",
        "etc/timezone": f"{order.rig.base.timezone}\n",
        "etc/default/keyboard": f'XKBMODEL="pc105"\nXKBLAYOUT="{install.keyboard}"\nBACKSPACE="guess"\n',
        "etc/apt/sources.list.d/debian.sources": sources(install, order.release.codename),
        "etc/dpkg/dpkg.cfg.d/rigwright-install": UNSAFE_IO,
        **{f"etc/apt/apt.conf.d/{name}": text for name, text in apt_settings.items()},
    }
    files = {f"tree/{name}": File(text.encode()) for name, text in tree.items()}
    files |= {f"payload/{name}": each for name, each in payload(order).items()}
    files["table"] = File(table(order.rig.name, layout).encode())
    files["debconf"] = File(debconf(install, found).encode())
    context = _context(order, layout, found, identities)
    for name in SCRIPTS:
        files[f"{name}.sh"] = File(render(f"installer/rescue/{name}.sh.j2", context).encode())
    return Making(order, layout, files)


HOSTS = """127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""
"""The host's own line is added with the people."""


def table(host: str, layout: DiskLayout) -> str:
    """The partition table, with the UUID by which an interrupted installation is known."""
    first, rest = sfdisk_script(layout).split("\n", 1)
    return f"{first}\nlabel-id: {table_id(host, layout.serial)}\n{rest}"


def fstab(layout: DiskLayout, identities: Identities) -> str:
    """fstab(5), by UUID; / first, as mounts are nested."""
    lines = []
    for each in _nested(layout):
        options = ",".join(each.options) or "defaults"
        check = 1 if each.mount == "/" else 2
        lines.append(f"UUID={identities.of(each)} {each.mount} {each.fs} {options} 0 {check}")
    lines += [f"UUID={identities.of(each)} none swap sw 0 0" for each in layout.partitions if each.fs == "swap"]
    return "".join(f"{line}\n" for line in lines)


def sources(install: Install, codename: str) -> str:
    """apt's sources, deb822."""
    assert install.mirror is not None and install.security_mirror is not None, "a rule of section install, for Debian"
    mirror, security = install.mirror.rstrip("/"), install.security_mirror.rstrip("/")
    paragraphs = [(mirror, f"{codename} {codename}-updates"), (security, f"{codename}-security")]
    return "\n".join(
        f"Types: deb\nURIs: {address}\nSuites: {suites}\nComponents: {COMPONENTS}\nSigned-By: {KEYRING}\n"
        for address, suites in paragraphs
    )


def debconf(install: Install, found: Ground) -> str:
    """What packages would ask: the keyboard, and where the boot loader is, for its upgrades also."""
    lines = [
        f"keyboard-configuration keyboard-configuration/xkb-keymap select {install.keyboard}",
        f"keyboard-configuration keyboard-configuration/layoutcode string {install.keyboard}",
    ]
    if install.firmware == "bios":
        lines.append(f"grub-pc grub-pc/install_devices multiselect {found.lasting}")
    else:
        lines.append("grub-efi-amd64 grub2/force_efi_extra_removable boolean true")
    return "".join(f"{line}\n" for line in lines)


def packages(order: Order) -> tuple[str, ...]:
    """All that is installed by name, sorted."""
    install = order.rig.install
    assert install is not None, "asked for by whoever installs"
    file_systems = ("e2fsprogs", "dosfstools") if install.firmware == "uefi" else ("e2fsprogs",)
    client = DHCP_CLIENT.get(order.release.codename, "dhcpcd-base")
    return tuple(sorted({*SYSTEM, *file_systems, client, *LOADERS[install.firmware], *order.packages}))


def _nested(layout: DiskLayout) -> list[Partition]:
    mounted = [each for each in layout.partitions if each.mount is not None]
    return sorted(mounted, key=lambda each: each.mount or "")


def _context(order: Order, layout: DiskLayout, found: Ground, identities: Identities) -> dict[str, object]:
    install = order.rig.install
    assert install is not None and install.mirror is not None, "asked for by whoever installs; a rule of the section"
    parts = [
        {
            "number": each.number,
            "fs": each.fs,
            "label": each.label,
            "uuid": identities.of(each),
            "fat_id": identities.of(each).replace("-", ""),
            "mount": each.mount,
        }
        for each in layout.partitions
    ]
    return {
        "host": order.rig.name,
        "workshop": WORKSHOP,
        "target": TARGET,
        "folder": FOLDER,
        "serial": layout.serial,
        "firmware": layout.firmware,
        "parts": parts,
        "nested": [next(part for part in parts if part["number"] == each.number) for each in _nested(layout)],
        "root": next(part for part in parts if part["number"] == layout.root.number),
        "ended": [
            {"path": each.path, "type": each.type, "mounts": [mount for mount in each.mounts if mount != "[SWAP]"],
             "swap": "[SWAP]" in each.mounts}
            for each in reversed(found.ended)
        ],
        "release": order.release.codename,
        "mirror": install.mirror.rstrip("/"),
        "keyring": KEYRING,
        "components": COMPONENTS.replace(" ", ","),
        "packages": packages(order),
        "timezone": order.rig.base.timezone,
        "host_key": order.host_key.file,
        "mark": order.mark,
    }  # fmt: skip
