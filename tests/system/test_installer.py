"""What installers are carried in and told, held against their own tools."""

from __future__ import annotations

import gzip
import lzma
import re
import subprocess
from pathlib import Path

import httpx2
import pytest

from rigwright.installer.archive import Archive
from rigwright.installer.autoinstall import user_data
from rigwright.installer.deb import files_in
from rigwright.installer.iso import debian_iso, seed_iso
from rigwright.installer.netboot import append, netboot
from rigwright.installer.payload import Order
from rigwright.installer.preseed import preseed
from sim import programs
from sim.cache import cache_dir
from sim.host.mirror import machine_mirror
from tests.unit.installer.order import host_key, odd, reference

pytestmark = [pytest.mark.system, pytest.mark.slow]

INFO = r"^Template: (?P<name>\S+)\n(?:.+\n)*?Type: (?P<type>\S+)"
"""A question among others, which an empty line ends."""
UDEBS = (
    "apt-cdrom-setup", "apt-mirror-setup", "apt-setup-udeb", "base-installer", "cdebconf-udeb", "cdrom-detect",
    "choose-mirror-bin", "clock-setup", "console-setup-udeb", "finish-install", "grub-installer", "hw-detect",
    "localechooser", "netcfg", "partman-auto", "partman-base", "partman-basicfilesystems", "partman-efi", "partman-lvm",
    "partman-md", "partman-partitioning", "partman-target", "pkgsel", "preseed-common", "tzsetup-udeb",
    "user-setup-udeb",
)  # fmt: skip
"""The packages of the installer that ask what is answered here."""


def _here(order: Order) -> Order:
    """The same with this machine's mirror."""
    rig, mirror = order.rig, machine_mirror()
    assert rig.install is not None
    install = rig.install.model_copy(update={"mirror": mirror.archive, "security_mirror": mirror.security})
    return Order(rig.model_copy(update={"install": install}), order.release, order.ssh_user, order.host_key, order.mark)


def _archive(order: Order) -> Archive:
    return Archive(machine_mirror().archive, order.release.codename, cache_dir() / "installer")


def _questions() -> dict[str, str]:
    """Question → its type, as Debian 13's installer has it.

    Its own index is read as it comes: some mirrors have another one than is signed, and nothing is installed from it.
    """
    top = machine_mirror().archive
    index = httpx2.get(f"{top}/dists/trixie/main/debian-installer/binary-amd64/Packages.xz", timeout=60)
    stanzas = lzma.decompress(index.raise_for_status().content).decode().split("\n\n")
    wanted = {name: re.search(r"^Filename: (.*)$", text, re.MULTILINE) for text in stanzas
              if (name := text.partition("\n")[0].removeprefix("Package: ")) in UDEBS}  # fmt: skip
    assert set(wanted) == set(UDEBS)
    found: dict[str, str] = {}
    folder = cache_dir() / "installer"
    folder.mkdir(parents=True, exist_ok=True)
    for filename in wanted.values():
        assert filename is not None
        package = folder / filename[1].rpartition("/")[2]
        if not package.exists():
            package.write_bytes(httpx2.get(f"{top}/{filename[1]}", timeout=60).raise_for_status().content)
        text = files_in(package, ["templates"], part="control")["templates"].decode()
        found.update((match["name"], match["type"]) for match in re.finditer(INFO, text, re.MULTILINE))
    return found


def test_every_question_is_one_that_the_installer_asks() -> None:
    known = _questions()
    assert len(known) > 300
    for order in (reference(), odd(release="trixie", security_mirror=None)):
        answered = [line.split(" ", 3)[1:3] for line in preseed(order).splitlines() if line.startswith("d-i ")]
        assert len(answered) > 40
        wrong = {question: (kind, known.get(question)) for question, kind in answered if known.get(question) != kind}
        assert wrong == {}


@pytest.mark.parametrize("order", [reference(), odd()], ids=["reference", "odd"])
def test_debconf_reads_the_answers(order: Order, tmp_path: Path) -> None:
    def checked(text: str) -> str:
        file = tmp_path / "preseed.cfg"
        file.write_text(text)
        done = subprocess.run(
            ["debconf-set-selections", "--checkonly", str(file)], capture_output=True, text=True, check=False
        )
        return f"{done.stdout}{done.stderr}" or ("" if done.returncode == 0 else "failed")

    assert checked(preseed(order)) == ""
    assert checked(f"{preseed(order)}d-i broken\n") != "", "it can say no"


@pytest.mark.parametrize("release", ["trixie", "bookworm"])
def test_a_netboot_folder_holds_the_signed_installer_and_our_answers(release: str, tmp_path: Path) -> None:
    order = _here(reference(release=release))
    files = netboot(order, _archive(order), tmp_path / "out")
    names = {str(path.relative_to(tmp_path / "out")) for path in files}
    assert names >= {"linux", "initrd.gz", "boot.ipxe", "pxelinux.0", "pxelinux.cfg/default"}
    assert (tmp_path / "out/linux").read_bytes()[0x202:0x206] != b"\0\0\0\0", "the boot protocol's version"
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    # Behind the installer's own archive is ours; cpio reads one at a time.
    whole = gzip.decompress((tmp_path / "out/initrd.gz").read_bytes())
    for part in (whole, whole[whole.index(b"TRAILER!!!") :]):
        begin = part.index(b"070701")
        subprocess.run(["cpio", "-idmu", "--quiet"], input=part[begin:], cwd=unpacked, check=True, capture_output=True)
    assert (unpacked / "preseed.cfg").read_text() == preseed(order)
    assert (unpacked / "usr/bin/debconf-set").exists() or (unpacked / "bin/debconf-set").exists()
    assert (unpacked / "rigwright/payload/ssh_host_ed25519_key").read_bytes() == host_key().private
    assert (unpacked / "rigwright/payload/ssh_host_ed25519_key").stat().st_mode & 0o077 == 0
    for tool in ("udevadm", "sed", "grep", "logger", "debconf-loadtemplate", "readlink"):
        assert any((unpacked / folder / tool).is_symlink() or (unpacked / folder / tool).exists()
                   for folder in ("bin", "sbin", "usr/bin", "usr/sbin")), f"partman.sh needs {tool}"  # fmt: skip
    assert append(order) in (tmp_path / "out/boot.ipxe").read_text()


def _extracted(image: Path, name: str, to: Path) -> bytes:
    target = to / name.replace("/", "_")
    programs.run(["xorriso", "-osirrox", "on", "-indev", str(image), "-extract", name, str(target)])
    return target.read_bytes()


def test_an_image_starts_by_bios_and_by_uefi_and_holds_the_same(tmp_path: Path) -> None:
    order = _here(reference())
    (image,) = debian_iso(order, _archive(order), tmp_path / "basement.iso")
    assert image.stat().st_mode & 0o077 == 0
    told = programs.run(["xorriso", "-indev", str(image), "-report_el_torito", "plain", "-report_system_area", "plain"])
    assert re.search(r"El Torito boot img :\s+1\s+BIOS\s+y", told)
    assert re.search(r"El Torito boot img :\s+2\s+UEFI\s+y", told)
    assert "isohybrid" in told
    assert _extracted(image, "/initrd.gz", tmp_path)[-100:] == _rest_of(order, tmp_path)
    assert append(order) in _extracted(image, "/boot/grub/grub.cfg", tmp_path).decode()
    assert append(order) in _extracted(image, "/isolinux/isolinux.cfg", tmp_path).decode()
    efi = tmp_path / "efi.img"
    efi.write_bytes(_extracted(image, "/boot/efi.img", tmp_path))
    listed = programs.run(["mdir", "-i", str(efi), "-b", "::/EFI/BOOT"])
    assert set(listed.split()) == {"::/EFI/BOOT/BOOTX64.EFI", "::/EFI/BOOT/grubx64.efi"}


def _rest_of(order: Order, folder: Path) -> bytes:
    netboot(order, _archive(order), folder / "netboot")
    return (folder / "netboot/initrd.gz").read_bytes()[-100:]


def test_a_seed_is_the_volume_that_cloud_init_looks_for(tmp_path: Path) -> None:
    order = reference(release="noble")
    (image,) = seed_iso({"user-data": user_data(order).encode(), "meta-data": b"x"}, tmp_path / "seed.iso")
    told = programs.run(["xorriso", "-indev", str(image), "-pvd_info"])
    assert re.search(r"^Volume Id +: CIDATA$", told, re.MULTILINE)
    assert _extracted(image, "/user-data", tmp_path).decode() == user_data(order)
