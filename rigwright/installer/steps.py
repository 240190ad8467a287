"""How to go on with media, in plain words: writing, booting, and what to do with the key."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.choice.install.layout import layout_of
from rigwright.installer.media import SEED_PLACE, Format, Media
from rigwright.installer.netboot import INSTALLED

FIRMWARE = {"uefi": "UEFI", "bios": "BIOS"}


def steps(media: Media, form: Format) -> Iterator[str]:
    """One line a step."""
    if media.order.release.id == "ubuntu":
        yield from _ubuntu(media, form)
    else:
        yield from _debian(media, form)
    name = media.order.rig.name
    yield f"Have {name} known by its key: cat {media.folder / 'known_hosts'} >> ~/.ssh/known_hosts"
    yield f"Once it has restarted: rig apply {name}"


def _debian(media: Media, form: Format) -> Iterator[str]:
    name, install = media.order.rig.name, media.order.rig.install
    assert install is not None, "media are made of it"
    if form == "files":
        yield f"Look at {media.folder / form / 'preseed.cfg'}; the other formats carry these very files."
        return
    if form == "iso":
        image = media.folder / f"{name}.iso"
        yield f"Write it to a stick, whose data is lost: dd if={image} of=/dev/STICK bs=4M conv=fsync status=progress"
        yield f"Start {name} from it, by {FIRMWARE[install.firmware]}. It asks nothing."
        yield "Take the stick out when it restarts. Should it start from it again, nothing is installed twice."
        return
    yield f"Serve {media.folder / form} by TFTP or HTTP, in this network alone, and only while {name} is installed."
    yield f"What DHCP names: pxelinux.0 (BIOS), {INSTALLED}/bootnetx64.efi (UEFI), boot.ipxe (iPXE)."
    yield f"Or a virtual machine: {qemu(media)}"


def _ubuntu(media: Media, form: Format) -> Iterator[str]:
    name, version = media.order.rig.name, media.order.release.version_id
    if form == "iso":
        image = media.folder / f"{name}-seed.iso"
        yield f"Have two sticks: one with Ubuntu's own live-server image of {version}, and one for the answers."
        yield f"Write the answers, the stick's data is lost: dd if={image} of=/dev/STICK bs=4M conv=fsync"
        yield f"Start {name} from Ubuntu's with both in. It asks once whether to go on: type yes."
        return
    yield f"Serve {media.folder / form} by HTTP as {SEED_PLACE}{name}/, and only while {name} is installed."
    yield f"Boot the kernel and initrd of Ubuntu's live-server image of {version} with: url=ADDRESS-OF-THE-IMAGE " + (
        media.append or ""
    )
    yield "In a GRUB file, put the word with ';' into quotes."


def qemu(media: Media) -> str:
    """The line that installs on a virtual machine's disk image."""
    layout = layout_of(media.order.rig)
    firmware = "-bios /usr/share/ovmf/OVMF.fd " if layout.firmware == "uefi" else ""
    return (
        f"qemu-system-x86_64 -m 2048 {firmware}-kernel {media.kernel} -initrd {media.initrd} -append '{media.append}' "
        f"-drive file=DISK.qcow2,if=none,id=system -device virtio-blk-pci,drive=system,serial='{layout.serial}' "
        "-no-reboot"
    )
