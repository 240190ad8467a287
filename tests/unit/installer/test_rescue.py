"""What is laid down on a live system: tables, fstab, sources, answers, and scripts that a shell takes."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from rigwright.choice.install.disks import Content, ProbedDisk
from rigwright.choice.install.layout import layout_of
from rigwright.choice.install.rescue import Ground, table_id
from rigwright.installer.host_key import new_host_key
from rigwright.installer.payload import Order
from rigwright.installer.rescue import (
    SCRIPTS,
    Identities,
    Making,
    debconf,
    fstab,
    making,
    marked,
    on_interface,
    packages,
    sources,
    table,
)
from tests.unit.installer.order import odd, reference

DISK = ProbedDisk("/dev/sdz", "S", 10**12)
GROUND = Ground(DISK, "blank", None, (), (), "/dev/disk/by-id/ata-X_S")


def made(order: Order, ground: Ground = GROUND) -> Making:
    return making(order, ground, {}, Identities.new(layout_of(order.rig)))


def script(made: Making, name: str) -> str:
    return made.files[f"{name}.sh"].data.decode()


@pytest.mark.parametrize("order", [reference(), odd()], ids=["reference", "odd"])
def test_scripts_are_shell(order: Order) -> None:
    used = Content("/dev/mapper/a b", "lvm", "ext4", None, ("/mnt/it's",))
    swap = Content("/dev/sdz3", "part", "swap", None, ("[SWAP]",))
    array = Content("/dev/md0", "raid1", "ext4")
    work = made(order, replace(GROUND, ended=(used, swap, array)))
    for name in SCRIPTS:
        text = script(work, name)
        done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        assert name == "begin" or ". /run/rigwright-install/begin.sh" in text
    erase = script(work, "erase")
    for line in ("umount -R -- '/mnt/it'\"'\"'s'", "dmsetup remove '/dev/mapper/a b'", "swapoff /dev/sdz3"):
        assert line in erase
    assert erase.index("mdadm --stop /dev/md0") < erase.index("swapoff") < erase.index("dmsetup"), "the last made first"
    assert erase.index("dmsetup") < erase.index("rereadpt") < erase.index("wipefs"), "ended before, looked at before"


def test_the_serial_number_is_one_word_of_the_shell() -> None:
    assert "serial='S 1'\"'\"'[x]'" in script(made(odd()), "begin")


@pytest.mark.parametrize("order", [reference(), odd()], ids=["reference", "odd"])
def test_the_private_key_is_in_one_file_alone(order: Order) -> None:
    work = made(order)
    key = order.host_key.private.decode().splitlines()[1]
    assert [name for name, each in work.files.items() if key in each.data.decode()] == [
        f"payload/{order.host_key.file}"
    ]
    assert key not in repr(work)


def test_the_mark_is_written_after_everything_else() -> None:
    work = made(marked(odd()))
    holding = [name for name in SCRIPTS if f'e2label "$(part 4)" {work.order.mark}' in script(work, name)]
    assert holding == ["close"] == [SCRIPTS[-1]]
    lines = [line for line in script(work, "close").splitlines() if line]
    mark = next(number for number, line in enumerate(lines) if line.startswith("e2label"))
    assert not {"umount", "mount", "inside", "quietly", "close_target"} & {line.split()[0] for line in lines[mark:]}
    assert script(work, "people").rstrip().endswith('rm -rf "$place"')
    assert "finish.sh /root/rigwright-install\n" in script(work, "people"), "without a device it writes no mark"


def test_the_mark_follows_from_what_is_installed() -> None:
    order = odd()
    assert marked(order).mark == marked(odd()).mark
    assert marked(order).mark.startswith("rig-")
    assert len(marked(order).mark) == 12
    others = [
        odd(keyboard="us"),
        odd(ssh_user="root"),
        odd(layout={"boot_mib": 2048}),
        replace(order, host_key=new_host_key()),
    ]
    assert len({marked(each).mark for each in [order, *others]}) == 5


def test_the_interface_is_known_by_its_mac_address() -> None:
    link = made(on_interface(reference(), "52:54:00:12:34:56")).files["payload/10-rigwright-lan.link"].data.decode()
    assert "MACAddress=52:54:00:12:34:56" in link


def test_fstab_is_by_uuid() -> None:
    ids = Identities({1: "", 2: "b", 3: "s", 4: "r"})
    assert fstab(layout_of(odd().rig), ids) == (
        "UUID=r / ext4 errors=remount-ro 0 1\nUUID=b /boot ext4 defaults 0 2\nUUID=s none swap sw 0 0\n"
    )
    ids = Identities({1: "AAAA-BBBB", 2: "r"})
    assert fstab(layout_of(reference().rig), ids) == (
        "UUID=r / ext4 errors=remount-ro 0 1\nUUID=AAAA-BBBB /boot/efi vfat umask=0077 0 2\n"
    )


def test_identities_are_new_each_time_and_in_fat_s_own_form() -> None:
    layout = layout_of(reference().rig)
    one, other = Identities.new(layout), Identities.new(layout)
    assert set(one.by_number.values()).isdisjoint(other.by_number.values())
    first, dash, second = one.by_number[1].partition("-")
    assert (len(first), dash, len(second)) == (4, "-", 4)
    assert one.by_number[1] == one.by_number[1].upper()


def test_the_table_says_whose_it_is() -> None:
    layout = layout_of(reference().rig)
    assert table("basement", layout).splitlines()[:3] == [
        "label: gpt",
        f"label-id: {table_id('basement', layout.serial)}",
        '1 : size=512MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="esp"',
    ]


def test_sources() -> None:
    install = odd().rig.install
    assert install is not None
    assert sources(install, "bookworm") == (
        "Types: deb\nURIs: http://mirror.lan:8080/x/debian\nSuites: bookworm bookworm-updates\n"
        "Components: main non-free-firmware\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
        "Types: deb\nURIs: http://mirror.lan:81/y/debian-security\nSuites: bookworm-security\n"
        "Components: main non-free-firmware\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )
    own = reference().rig.install
    assert own is not None
    assert "URIs: http://mirror.lan/debian\n" in sources(own, "trixie")
    assert "URIs: http://mirror.lan/debian-security\n" in sources(own, "trixie")


def test_packages_are_asked_nothing() -> None:
    bios, uefi = odd().rig.install, reference().rig.install
    assert bios is not None
    assert uefi is not None
    assert "grub-pc grub-pc/install_devices multiselect /dev/disk/by-id/ata-X_S\n" in debconf(bios, GROUND)
    assert "grub-efi-amd64 grub2/force_efi_extra_removable boolean true\n" in debconf(uefi, GROUND)
    assert "keyboard-configuration keyboard-configuration/xkb-keymap select de\n" in debconf(bios, GROUND)


def test_packages_are_those_of_the_firmware_and_the_release() -> None:
    bios, uefi = packages(odd()), packages(reference())
    assert {"grub-pc", "isc-dhcp-client", "locales", "sudo", "openssh-server"} <= set(bios)
    assert {"grub-efi-amd64", "shim-signed", "efibootmgr", "dosfstools", "dhcpcd-base"} <= set(uefi)
    assert not {"grub-pc", "isc-dhcp-client"} & set(uefi)
    assert not {"shim-signed", "efibootmgr"} & set(bios)


def test_the_boot_loader_is_the_firmware_s() -> None:
    assert "--target=x86_64-efi" in script(made(reference()), "boot")
    assert "--force-extra-removable" in script(made(reference()), "boot")
    assert "i386-pc" not in script(made(reference()), "boot")
    assert 'grub-install --target=i386-pc "$disk"' in script(made(odd()), "boot")


def test_the_archive_s_signature_is_checked() -> None:
    text = script(made(odd()), "bootstrap")
    assert "--force-check-gpg --keyring=/usr/share/keyrings/debian-archive-keyring.gpg bookworm" in text
    assert "--no-check-gpg" not in text


def test_settings_that_reach_the_archive_are_carried_over() -> None:
    order = reference()
    work = making(
        order, GROUND, {"99proxy": 'Acquire::http::Proxy "http://p";\n'}, Identities.new(layout_of(order.rig))
    )
    assert work.files["tree/etc/apt/apt.conf.d/99proxy"].data == b'Acquire::http::Proxy "http://p";\n'
