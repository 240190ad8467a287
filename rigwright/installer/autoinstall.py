"""An unattended installation by Ubuntu's installer (subiquity): cloud-init's user-data, with `autoinstall` in it.

Keys as documented in subiquity's autoinstall reference; storage as curtin's documentation has it. People are made by
`finish.sh`, as everywhere; cloud-init is turned off in the installed system: on its first start it would make new SSH
host keys (cc_ssh, ssh_deletekeys).
"""

from __future__ import annotations

import base64
from typing import Any

import yaml

from rigwright.choice.install.layout import BIOS_BOOT, ESP, DiskLayout, Partition, layout_of
from rigwright.choice.install.network import netplan
from rigwright.installer.payload import FOLDER, File, Order, payload
from rigwright.installer.preseed import find_disk_script
from rigwright.spec.install import Install
from rigwright.templates import render

LIVE = "/run/rigwright"
"""Where our files lie while the installer runs: in memory."""
PLAIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.:=@_")
"""Letters that udev leaves as they are in ID_SERIAL, and that mean themselves in a pattern."""
UTC = ("Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu")
"""What the installer knows by the name 'UTC' alone."""
MIB = 1024**2
FIRST_NOCLOUD = (24, 4)
"""The release from which on 'ds=nocloud' fetches over the network; before, that is 'ds=nocloud-net'."""


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # it says nothing about its types
    """Writes what has several lines line by line, so that people can read it."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def user_data(order: Order) -> str:
    """The whole user-data. It holds the host's private keys: subiquity keeps its own part of it on the new system, and
    they are not in that part."""
    document = {"write_files": [_live(name, each) for name, each in live_files(order).items()]}
    # Wide: a command is one line.
    text = yaml.dump({**document, "autoinstall": autoinstall(order)}, Dumper=_Dumper, sort_keys=False, width=10**6)
    return f"#cloud-config\n# {order.rig.name}, made by `rig installer`. It holds private keys.\n{text}"


def meta_data(order: Order) -> str:
    """The meta-data: an identity of its own, so that cloud-init takes it for new."""
    return f"instance-id: {order.mark}\nlocal-hostname: {order.rig.base.hostname}\n"


def live_files(order: Order) -> dict[str, File]:
    """What the installer finds under `LIVE`."""
    context = {"host": order.rig.name, "folder": LIVE, "pattern": serial_pattern(layout_of(order.rig).serial)}
    return {
        "find-disk.sh": File(find_disk_script(order).encode()),
        "guard.sh": File(render("installer/ubuntu/guard.sh.j2", context).encode()),
        **{f"payload/{name}": each for name, each in payload(order).items()},
    }


def _live(name: str, file: File) -> dict[str, str]:
    place = {"path": f"{LIVE}/{name}", "permissions": "0600"}
    try:
        return {**place, "content": file.data.decode()}
    except UnicodeDecodeError:  # a certificate
        return {**place, "encoding": "b64", "content": base64.b64encode(file.data).decode()}


def autoinstall(order: Order) -> dict[str, Any]:
    """The installer's own part, as plain data."""
    rig, install = order.rig, order.rig.install
    assert install is not None, "asked for by whoever installs"
    network = {"network": netplan(install.network)} if install.network.mac else {}
    return {
        "version": 1,
        "early-commands": [f"sh {LIVE}/guard.sh"],
        "locale": rig.base.locale,
        "keyboard": {"layout": install.keyboard},
        "timezone": "UTC" if rig.base.timezone in UTC else rig.base.timezone,
        **network,
        "apt": _apt(install),
        "storage": {"config": storage(layout_of(rig)), "swap": {"size": 0}},
        "user-data": {"hostname": rig.base.hostname, "users": [], "ssh_deletekeys": False, "disable_root": False},
        "ssh": {"install-server": True, "allow-pw": False},
        "packages": [name for name in order.packages if name != "openssh-server"],
        "updates": "security",
        "late-commands": [
            f"mkdir -m 700 /target{FOLDER}",
            f"cp {LIVE}/payload/* /target{FOLDER}/",
            f'curtin in-target --target=/target -- sh {FOLDER}/finish.sh {FOLDER} "$(findmnt -n -o SOURCE /target)"',
            f"rm -rf /target{FOLDER}",
            "touch /target/etc/cloud/cloud-init.disabled",
        ],
        "shutdown": "reboot",
    }


def _apt(install: Install) -> dict[str, Any]:
    settings: dict[str, Any] = {"geoip": False, "preserve_sources_list": False}
    if install.mirror is not None:
        settings["primary"] = [{"arches": ["default"], "uri": install.mirror}]
    if install.security_mirror is not None:
        settings["security"] = [{"arches": ["default"], "uri": install.security_mirror}]
    return settings


def serial_pattern(serial: str) -> str:
    """What `match: serial` meets the disk by: udev's ID_SERIAL, which has the model before the serial number and, with
    NVMe, the namespace behind it, and '_' for what it does not like. That it meets one disk alone the guard sees to."""
    return f"*{''.join(letter if letter in PLAIN else '?' for letter in serial)}*"


def storage(layout: DiskLayout) -> list[dict[str, Any]]:
    """The disk in curtin's actions."""
    bios = layout.firmware == "bios"
    disk = {
        "type": "disk",
        "id": "disk",
        "match": {"serial": serial_pattern(layout.serial)},
        "ptable": "gpt",
        "wipe": "superblock-recursive",
        "preserve": False,
        "grub_device": bios,
    }
    return [disk, *(action for each in layout.partitions for action in _actions(each))]


_FLAGS = {ESP: "boot", BIOS_BOOT: "bios_grub"}


def _actions(each: Partition) -> list[dict[str, Any]]:
    flag = "swap" if each.fs == "swap" else _FLAGS.get(each.type_guid)
    partition = {
        "type": "partition",
        "id": each.name,
        "device": "disk",
        "number": each.number,
        "size": -1 if each.size_mib is None else each.size_mib * MIB,
        **({"flag": flag} if flag else {}),
        "wipe": "superblock",
        "preserve": False,
        **({"grub_device": True} if each.type_guid == ESP else {}),
    }
    if each.fs is None:
        return [partition]
    kind = "fat32" if each.fs == "vfat" else each.fs
    made = {"type": "format", "id": f"{each.name}-fs", "volume": each.name, "fstype": kind, "label": each.label}
    mount = {"type": "mount", "id": f"{each.name}-mount", "device": f"{each.name}-fs", "path": each.mount or ""}
    return [partition, made, mount]


def kernel_command_line(order: Order, seed: str) -> str:
    """What the installer's kernel is told where it comes over the network. ``seed``: the address of the folder that
    holds user-data and meta-data, with '/' at its end. In a GRUB file ';' stands in quotes."""
    assert order.rig.install is not None, "asked for by whoever installs"
    number = tuple(int(each) for each in order.release.version_id.split("."))
    source = "nocloud" if number >= FIRST_NOCLOUD else "nocloud-net"
    options = order.rig.install.kernel_options
    return " ".join(["ip=dhcp", "autoinstall", f"ds={source};s={seed}", *options, "---"])
