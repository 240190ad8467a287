"""Installed systems on a disk: a root that was prepared natively, partitioned, with a real GRUB for BIOS and UEFI."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sim import programs
from sim.cache import built_once, cache_dir, key_of, sources_text
from sim.gpu import installation
from sim.gpu.build import built
from sim.gpu.model import INSTALLED, Gpu
from sim.host import identity
from sim.host.disk import VOLUMES, Disk, unmount
from sim.host.root import Root
from sim.host.warm import derive
from sim.vm.pci import install_cards
from sim.vm.tools import Tools, tools

SIZE_GIB = 20
_MIB = 1024 * 1024
_BIOS_MIB, _ESP_MIB = 1, 128
ROOT_AT_MIB = 1 + _BIOS_MIB + _ESP_MIB
ROOT_MIB = SIZE_GIB * 1024 - ROOT_AT_MIB - 1
"""Where the root file system lies on the disk, and how large it is."""

# The partition types of the UEFI specification's and the Discoverable Partitions Specification's names.
_TABLE = f"""label: gpt
size={_BIOS_MIB}MiB, type=21686148-6449-6E6F-744E-656564454649, name=grub
size={_ESP_MIB}MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp
type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=root
"""

# Both kinds of GRUB, so that one disk boots on either firmware; grub-efi-amd64 is the one that dpkg upgrades.
_BOOTLOADER = """
export DEBIAN_FRONTEND=noninteractive
echo grub-efi-amd64 grub2/force_efi_extra_removable boolean true | debconf-set-selections
apt-get -qq update
apt-get -qq --yes --no-install-recommends install \
    grub-efi-amd64 grub-efi-amd64-signed shim-signed grub-pc-bin grub2-common initramfs-tools
sed -i -e 's/^GRUB_CMDLINE_LINUX=.*/GRUB_CMDLINE_LINUX="console=ttyS0"/' -e 's/^GRUB_TIMEOUT=.*/GRUB_TIMEOUT=0/' \
    /etc/default/grub
systemctl enable systemd-networkd
"""
# By name: a match by kind would take the engines' interfaces out of their bridges.
_NETWORK = "[Match]\nName=en* eth*\nKind=!veth\n\n[Network]\nDHCP=yes\n"
# QEMU's own network has its name server there.
_RESOLVER = "nameserver 10.0.2.3\n"


@dataclass(frozen=True)
class Image:
    """A disk that boots. It must not be written: a machine lays a layer over it.

    `base`: what this one is a layer over itself; it must stay.
    """

    name: str
    key: str
    folder: Path
    base: Image | None = None

    @property
    def disk(self) -> Path:
        """The disk's image, in `format`."""
        return self.folder / f"disk.{'img' if self.base is None else 'qcow2'}"

    @property
    def format(self) -> Literal["raw", "qcow2"]:
        """How QEMU has to read the disk."""
        return "raw" if self.base is None else "qcow2"

    @property
    def ssh_key(self) -> Path:
        """The private key that opens `root` and `admin`."""
        return self.folder / identity.KEY

    @property
    def host_keys(self) -> list[str]:
        """Its public host keys, as `KIND KEY`."""
        lines = (self.folder / identity.KNOWN_HOSTS).read_text().splitlines()
        return [line.split(maxsplit=1)[1] for line in lines]


def bootable(root: Root) -> Root:
    """The root with what a machine has and a container has not: bootloader, initramfs, its own network."""
    return derive(root, "bootable", _BOOTLOADER)


def image(
    root: Root,
    name: str = "basement",
    *,
    gpus: Sequence[Gpu] = (),
    driver_version: str = INSTALLED,
    sudo: bool = True,
) -> Image:
    """The disk of a machine called `name` with all of `root` on it, built in a minute or two if it is not there yet.

    `gpus`, `driver_version`, `sudo`: as of a throw-away host.
    """
    base = bootable(root)
    cards = [driver_version, built().name, *(str(gpu) for gpu in gpus)] if gpus else []
    made_by = sources_text(Path(__file__).parent, "image.py", "pci.py", "first_boot.py")
    key = key_of([base.key, name, cards, sudo, made_by, tools().root.parent.name])

    def build(aside: Path) -> None:
        from sim.vm.first_boot import install_bootloader  # noqa: PLC0415  # a machine is made of an image

        scratch = Disk(aside / "scratch")
        scratch.create(base)
        try:
            tree = scratch.merged
            if gpus:
                installation.install(tree, gpus, driver_version=driver_version)
                install_cards(tree, gpus)
            identity.give_identity(tree, aside, name=name, address="machine", sudo=sudo)
            (tree / "etc/resolv.conf").write_text(_RESOLVER)
            (tree / "etc/systemd/network/10-machine.network").write_text(_NETWORK)
            with _with_volumes(scratch):
                _write_disk(tools(), tree, aside)
        finally:
            scratch.destroy()
        install_bootloader(Image(name, key, aside))

    folder = built_once(cache_dir() / "disks" / f"{root.release}-{name}-{key}", build)
    return Image(name, key, folder)


@contextmanager
def _with_volumes(scratch: Disk) -> Iterator[None]:
    """What a container keeps beside its root, a machine has on it. Bound, not copied: on an overlay no file can be made
    that says of another overlay that something is gone.
    """
    with ExitStack() as stack:
        for name, path in VOLUMES.items():
            target = scratch.merged / path.lstrip("/")
            if any((scratch.volumes / name).iterdir()):
                programs.run(["mount", "--bind", str(scratch.volumes / name), str(target)])
                stack.callback(unmount, target)
        yield


def _write_disk(with_tools: Tools, tree: Path, folder: Path) -> None:
    root_id = str(uuid.uuid4())
    esp_id = uuid.uuid4().hex[:8].upper()
    (tree / "boot/efi").mkdir(exist_ok=True)
    (tree / "etc/fstab").write_text(
        f"UUID={root_id} / ext4 errors=remount-ro 0 1\nUUID={esp_id[:4]}-{esp_id[4:]} /boot/efi vfat umask=0077 0 1\n"
    )
    for kind in ("vmlinuz", "initrd.img"):
        newest = max((tree / "boot").glob(f"{kind}-*"), key=lambda file: file.stat().st_mtime)
        shutil.copyfile(newest, folder / kind)
    (folder / "root-uuid").write_text(root_id)
    disk, esp = folder / "disk.img", folder / "esp.img"
    _sparse(disk, SIZE_GIB * 1024)
    with_tools.run(["sfdisk", "--quiet", with_tools.at(disk)], input=_TABLE)
    _sparse(esp, _ESP_MIB)
    with_tools.run(["mkfs.vfat", "-i", esp_id, with_tools.at(esp)])
    with disk.open("r+b") as target:
        target.seek((1 + _BIOS_MIB) * _MIB)
        target.write(esp.read_bytes())
    esp.unlink()
    size = f"{ROOT_MIB * 1024}k"
    where = ["-E", f"offset={ROOT_AT_MIB * _MIB}", with_tools.at(disk), size]
    with_tools.run(["mke2fs", "-q", "-t", "ext4", "-U", root_id, "-L", "root", "-d", with_tools.at(tree), *where])


def _sparse(file: Path, mib: int) -> None:
    with file.open("wb") as target:
        target.truncate(mib * _MIB)
