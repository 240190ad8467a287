"""What is put into the new system: people, keys, the interface's name."""

from __future__ import annotations

from rigwright.installer.mok import MokPair
from rigwright.installer.payload import payload
from tests.unit.installer.order import FIXED, KEY, MARK, host_key, odd, reference


def test_the_reference_machine() -> None:
    files = payload(reference())
    assert set(files) == {
        "finish.sh", "ssh_host_ed25519_key", "ssh_host_ed25519_key.pub", "keys-root", "keys-owner", "sudo-owner",
    }  # fmt: skip
    assert files["keys-root"].data == files["keys-owner"].data, "rig connects as root"
    assert files["sudo-owner"].data == b"owner ALL=(ALL:ALL) NOPASSWD: ALL\n"
    assert files["ssh_host_ed25519_key.pub"].data.decode() == f"{host_key().public} root@basement\n"
    script = files["finish.sh"].data.decode()
    assert "useradd --create-home --user-group --shell /bin/bash owner" in script
    assert "/etc/sudoers.d/rigwright-owner" in script
    assert f'e2label "$2" {MARK}' in script
    assert "lan0" not in script
    assert "update-grub" not in script
    assert "mok" not in script


def test_a_machine_with_a_bit_of_everything() -> None:
    files = payload(odd(mok=MokPair(b"KEY", b"DER")))
    assert files["keys-anna"].data.decode() == f"{KEY}\n"
    assert files["sudo-anna"].data == b"anna ALL=(ALL:ALL) ALL\n"
    assert "keys-eve" not in files, "nobody could log in"
    assert "keys-root" not in files, "rig connects as bob"
    assert files["10-rigwright-lan.link"].data == (
        b"[Match]\nMACAddress=d0:50:99:12:34:56\nType=ether\n\n[Link]\nName=lan0\n"
    )
    assert (
        files["interfaces"]
        .data.decode()
        .endswith(
            "auto lan0\niface lan0 inet static\n    address 192.168.1.50/24\n    gateway 192.168.1.1\n"
            "    dns-nameservers 192.168.1.1 9.9.9.9\n    dns-search home.arpa\n"
        )
    )
    assert files["resolv.conf"].data == b"search home.arpa\nnameserver 192.168.1.1\nnameserver 9.9.9.9\n"
    assert (files["mok.key"].secret, files["mok.der"].data) == (True, b"DER")
    script = files["finish.sh"].data.decode()
    assert 'install -D -o root -g root -m 600 "$from/mok.key" /var/lib/dkms/mok.key' in script
    assert "127.0.1.1\\t%s\\n' 'odd-one.home.arpa odd-one'" in script
    assert 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX console=tty0 console=ttyS0,115200"' in script
    assert r"s/^# *\(de_DE\.UTF-8 \)/\1/" in script
    assert "update-initramfs -u" in script


def test_an_interface_by_dhcp_keeps_its_name_too() -> None:
    files = payload(odd(network={"mac": FIXED["mac"]}))
    assert files["interfaces"].data.decode().endswith("auto lan0\niface lan0 inet dhcp\n")
    assert "resolv.conf" not in files


def test_ubuntu_finds_the_interface_by_its_mac_address_itself() -> None:
    files = payload(odd(release="noble", security_mirror=None, mok=MokPair(b"KEY", b"DER")))
    assert "10-rigwright-lan.link" not in files
    script = files["finish.sh"].data.decode()
    assert "/var/lib/shim-signed/mok/MOK.priv" in script
    assert "/etc/network/interfaces" not in script
