"""An unattended installation by Debian's installer: the answers, and the scripts that it runs."""

from __future__ import annotations

from ipaddress import IPv4Interface, ip_interface
from typing import NamedTuple
from urllib.parse import urlsplit

from rigwright.choice.install.layout import DiskLayout, Partition, layout_of
from rigwright.choice.install.target import data_disks
from rigwright.installer.payload import FOLDER, File, Order, payload
from rigwright.spec.install import Install
from rigwright.templates import render

MB = 10**6
MIB = 1024**2
LAST = 10**4
"""How much partman prefers the partition that takes the rest, MB: more than any other."""


class Mirror(NamedTuple):
    """An archive as the installer asks for it: by HTTP, a rule of section install."""

    host: str
    directory: str


def mirror_of(install: Install) -> Mirror:
    """The declared archive."""
    assert install.mirror is not None, "a rule of section install, for Debian"
    parts = urlsplit(install.mirror)
    return Mirror(parts.netloc, parts.path or "/")


def preseed(order: Order) -> str:
    """preseed.cfg."""
    rig, install = order.rig, order.rig.install
    assert install is not None, "asked for by whoever installs"
    own = ip_interface(install.network.address) if install.network.address else None
    four = isinstance(own, IPv4Interface)
    security = install.security_mirror
    assert security is not None, "a rule of section install, for Debian"
    return render(
        "installer/debian/preseed.cfg.j2",
        {
            "host": rig.name,
            "release": order.release,
            "install": install,
            "network": install.network,
            # An IPv6 address keeps its prefix: the installer then asks for no netmask.
            "address": (str(own.ip) if four else str(own)) if own else None,
            "netmask": str(own.network.netmask) if own and four else None,
            "hostname": rig.base.hostname,
            "timezone": rig.base.timezone,
            "mirror": mirror_of(install),
            "security_host": _security_host(security),
            "recipe": recipe(layout_of(rig)),
            "packages": order.packages,
            "wipe": order.wipe,
        },
    )


def _security_host(mirror: str) -> str:
    return mirror.removeprefix("http://").removesuffix("/debian-security")


def recipe(layout: DiskLayout) -> str:
    """The partitions as partman reads them: MB (least, how much it is preferred, most) and what is made of each."""
    return f"rigwright :: {' '.join(_entry(each, layout.firmware) for each in layout.partitions)}"


def _entry(each: Partition, firmware: str) -> str:
    size = "8590 {last} -1" if each.size_mib is None else " ".join([str(-(-each.size_mib * MIB // MB))] * 3)
    size = size.format(last=LAST)
    if each.fs is None or each.fs == "vfat":
        method = "method{ efi } format{ }" if firmware == "uefi" else "method{ biosgrub }"
        return f"{size} free $iflabel{{ gpt }} $reusemethod{{ }} {method} ."
    if each.fs == "swap":
        return f"{size} linux-swap method{{ swap }} format{{ }} ."
    return (
        f"{size} ext4 method{{ format }} format{{ }} use_filesystem{{ }} filesystem{{ ext4 }} "
        f"label{{ {each.label} }} mountpoint{{ {each.mount} }} ."
    )


def find_disk_script(order: Order) -> str:
    """The script that finds the one disk, in whichever installer."""
    layout, data = layout_of(order.rig), data_disks(order.rig)
    return render(
        "installer/find-disk.sh.j2",
        {
            "host": order.rig.name,
            "serial": layout.serial,
            "least_bytes": layout.least_bytes,
            "firmware": layout.firmware,
            "mark": order.mark,
            "wipe": order.wipe,
            "data_serials": sorted(data.serials),
            "data_uuids": sorted(data.uuids),
        },
    )


def debian_files(order: Order) -> dict[str, File]:
    """What is added to the installer's initrd: path without the first slash → file."""
    context = {"host": order.rig.name, "payload": FOLDER}
    scripts = {name: render(f"installer/debian/{name}.j2", context) for name in ("partman.sh", "late.sh")}
    texts = {
        "preseed.cfg": preseed(order),
        "rigwright/find-disk.sh": find_disk_script(order),
        "rigwright/refused.templates": render("installer/debian/refused.templates.j2", context),
        **{f"rigwright/{name}": text for name, text in scripts.items()},
    }
    return {
        **{name: File(text.encode()) for name, text in texts.items()},
        **{f"rigwright/payload/{name}": each for name, each in payload(order).items()},
    }
