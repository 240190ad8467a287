"""Debian's installer with our answers in it, to be booted over the network or by a virtual machine."""

from __future__ import annotations

from pathlib import Path

from rigwright.installer.archive import Archive, ArchiveError
from rigwright.installer.cpio import extended
from rigwright.installer.deb import files_in
from rigwright.installer.payload import Order
from rigwright.installer.places import written
from rigwright.installer.preseed import debian_files
from rigwright.templates import render

INSTALLED = "debian-installer/amd64"
"""Where the installer's own boot loaders look for what they load."""
TIMEOUT_S = 10


def images_package(version_id: str) -> str:
    """The package with the installer's images for booting over the network, as the archive signs it."""
    return f"debian-installer-{version_id}-netboot-amd64"


def images(order: Order, archive: Archive, names: tuple[str, ...]) -> dict[str, bytes]:
    """Files of the installer by their names in its folder, e.g. 'linux'. Raises `ArchiveError`."""
    package = archive.package(images_package(order.release.version_id))
    top = f"usr/lib/debian-installer/images/{order.release.version_id}/amd64/text/{INSTALLED}"
    try:
        found = files_in(package, [f"{top}/{name}" for name in names])
    except ValueError as error:
        raise ArchiveError(str(error)) from error
    return {name: found[f"{top}/{name}"] for name in names}


def append(order: Order) -> str:
    """The installer's kernel command line. What follows '---' would be the installed system's: preseed says that."""
    assert order.rig.install is not None, "asked for by whoever installs"
    return " ".join(["priority=critical", *order.rig.install.kernel_options, "---"])


def title(order: Order) -> str:
    """What a boot menu says."""
    disk = "erase its disk and " if order.wipe else ""
    return f"Install {order.rig.name}: {disk}put {order.release.id} {order.release.version_id} on it"


def boot_config(order: Order, name: str, **more: object) -> str:
    """The configuration of a boot loader."""
    context = {"host": order.rig.name, "title": title(order), "append": append(order), "timeout_s": TIMEOUT_S, **more}
    return render(f"installer/boot/{name}.j2", context)


def netboot(order: Order, archive: Archive, folder: Path) -> list[Path]:
    """Write the folder: for QEMU and iPXE `linux` and `initrd.gz`, for PXE by BIOS `pxelinux.0`, by UEFI
    `debian-installer/amd64/bootnetx64.efi`. Its files; raises `ArchiveError`.

    initrd.gz holds the host's private keys, and is its owner's alone.
    """
    loaders = ("bootnetx64.efi", "grubx64.efi", "pxelinux.0", "boot-screens/ldlinux.c32")
    found = images(order, archive, ("linux", "initrd.gz", *loaders))
    files = {
        "linux": found["linux"],
        "initrd.gz": extended(found["initrd.gz"], debian_files(order)),
        "boot.ipxe": boot_config(order, "boot.ipxe").encode(),
        "pxelinux.0": found["pxelinux.0"],
        "ldlinux.c32": found["boot-screens/ldlinux.c32"],
        "pxelinux.cfg/default": boot_config(order, "syslinux.cfg", root="").encode(),
        f"{INSTALLED}/bootnetx64.efi": found["bootnetx64.efi"],
        f"{INSTALLED}/grubx64.efi": found["grubx64.efi"],
        f"{INSTALLED}/grub/grub.cfg": boot_config(order, "grub.cfg", local=True).encode(),
    }
    return written(folder, files)
