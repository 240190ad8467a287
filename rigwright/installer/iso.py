"""Images for a stick or a disc: Debian's installer that starts by BIOS and by UEFI, and Ubuntu's seed.

UEFI's Secure Boot stays on: shim and GRUB are those that Microsoft and Debian have signed, and so is the kernel.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from rigwright.installer.archive import Archive, ArchiveError
from rigwright.installer.cpio import extended
from rigwright.installer.deb import files_in
from rigwright.installer.netboot import boot_config, images
from rigwright.installer.payload import Order
from rigwright.installer.places import run, written
from rigwright.installer.preseed import debian_files

GRUB = "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed"
"""The signed GRUB that looks for its configuration on the medium that has /.disk/info."""
ISOLINUX = "usr/lib/ISOLINUX/isolinux.bin"
MBR = "usr/lib/ISOLINUX/isohdpfx.bin"
EFI_KIB = 8192
"""Size of the small FAT file system that UEFI starts from; shim and GRUB take 3.5 MiB of it."""
VOLUME = 32
"""Longest name of a volume (ISO 9660)."""


def debian_iso(order: Order, archive: Archive, file: Path) -> list[Path]:
    """Write the image; raises `ArchiveError`, `ProgramMissing` and `ProgramFailed`.

    It holds the host's private keys, and is its owner's alone; so is whatever it is written to.
    """
    names = ("linux", "initrd.gz", "bootnetx64.efi", "boot-screens/ldlinux.c32")
    found = images(order, archive, names)
    try:
        grub = files_in(archive.package("grub-efi-amd64-signed"), [GRUB])[GRUB]
        bios = files_in(archive.package("isolinux"), [ISOLINUX, MBR])
    except ValueError as error:
        raise ArchiveError(str(error)) from error
    with TemporaryDirectory(prefix="rig-installer-", dir=file.parent) as scratch:
        tree = Path(scratch) / "tree"
        written(
            tree,
            {
                "linux": found["linux"],
                "initrd.gz": extended(found["initrd.gz"], debian_files(order)),
                ".disk/info": f"rigwright installer of {order.rig.name}\n".encode(),
                "boot/grub/grub.cfg": boot_config(order, "grub.cfg", local=True).encode(),
                "isolinux/isolinux.bin": bios[ISOLINUX],
                "isolinux/ldlinux.c32": found["boot-screens/ldlinux.c32"],
                "isolinux/isolinux.cfg": boot_config(order, "syslinux.cfg", root="/").encode(),
            },
        )
        loaders = {"BOOTX64.EFI": found["bootnetx64.efi"], "grubx64.efi": grub}
        _efi_image(tree / "boot/efi.img", loaders, Path(scratch))
        mbr = written(Path(scratch), {"mbr": bios[MBR]})[0]
        new = Path(scratch) / "image"
        run("xorriso", [
            "xorriso", "-as", "mkisofs", "-quiet", "-o", str(new), "-V", volume(f"RIG_{order.rig.name}"), "-J", "-r",
            "-isohybrid-mbr", str(mbr),
            "-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4",
            "-boot-info-table", "-eltorito-alt-boot", "-e", "boot/efi.img", "-no-emul-boot", "-isohybrid-gpt-basdat",
            str(tree),
        ])  # fmt: skip
        new.chmod(0o600)
        return [new.replace(file)]


def seed_iso(files: dict[str, bytes], file: Path) -> list[Path]:
    """A volume named CIDATA with these files, which cloud-init looks for (NoCloud). As `debian_iso`."""
    with TemporaryDirectory(prefix="rig-installer-", dir=file.parent) as scratch:
        tree = Path(scratch) / "tree"
        written(tree, files)
        new = Path(scratch) / "image"
        run("xorriso", ["xorriso", "-as", "mkisofs", "-quiet", "-o", str(new), "-V", "CIDATA", "-J", "-r", str(tree)])
        new.chmod(0o600)
        return [new.replace(file)]


def volume(name: str) -> str:
    """A volume's name: capitals, digits and '_'."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name.upper())[:VOLUME]


def _efi_image(image: Path, loaders: dict[str, bytes], scratch: Path) -> None:
    with image.open("wb") as file:
        file.truncate(EFI_KIB * 1024)
    run("mtools", ["mformat", "-i", str(image), "-v", "EFI", "::"])
    run("mtools", ["mmd", "-i", str(image), "::EFI", "::EFI/BOOT"])
    for path in written(scratch / "efi", loaders):
        run("mtools", ["mcopy", "-i", str(image), str(path), f"::EFI/BOOT/{path.name}"])
