"""The answers for Debian's installer: every question once, the right disk in one place, and nothing secret."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace

import pytest

from rigwright.choice.install.layout import layout_of
from rigwright.installer.payload import FOLDER, Order
from rigwright.installer.preseed import debian_files, preseed, recipe
from tests.unit.installer.order import host_key, odd, reference


def answers(order: Order) -> dict[str, tuple[str, str]]:
    """Question → its type and its answer."""
    found: dict[str, tuple[str, str]] = {}
    for line in preseed(order).splitlines():
        if line and not line.startswith("#"):
            _, question, kind, *value = line.split(" ", 3)
            assert question not in found, question
            found[question] = (kind, value[0] if value else "")
    return found


def test_the_reference_machine() -> None:
    found = answers(reference())
    assert found["netcfg/choose_interface"] == ("select", "auto")
    assert found["netcfg/hostname"] == ("string", "basement")
    assert found["mirror/http/hostname"] == ("string", "mirror.lan")
    assert found["mirror/http/directory"] == ("string", "/debian")
    assert found["apt-setup/security_host"] == ("string", "mirror.lan")
    assert found["time/zone"] == ("select", "Europe/Berlin")
    assert found["pkgsel/include"] == ("string", "openssh-server sudo")
    assert found["partman-efi/non_efi_system"] == ("boolean", "true")
    assert found["grub-installer/force-efi-extra-removable"] == ("boolean", "true")
    assert found["partman/early_command"] == ("string", "sh /rigwright/partman.sh")
    assert "netcfg/get_ipaddress" not in found


def test_a_machine_with_a_bit_of_everything() -> None:
    found = answers(odd(wipe=True))
    assert found["netcfg/choose_interface"] == ("select", "d0:50:99:12:34:56")
    assert found["netcfg/get_ipaddress"] == ("string", "192.168.1.50")
    assert found["netcfg/get_netmask"] == ("string", "255.255.255.0")
    assert found["netcfg/get_gateway"] == ("string", "192.168.1.1")
    assert found["netcfg/get_nameservers"] == ("string", "192.168.1.1 9.9.9.9")
    assert found["netcfg/get_domain"] == ("string", "home.arpa")
    assert found["mirror/http/hostname"] == ("string", "mirror.lan:8080")
    assert found["mirror/http/directory"] == ("string", "/x/debian")
    assert found["apt-setup/security_host"] == ("string", "mirror.lan:81/y")
    assert found["keyboard-configuration/xkb-keymap"] == ("select", "de")
    assert found["pkgsel/include"] == ("string", "openssh-server sudo locales")
    assert found["partman-lvm/device_remove_lvm"] == ("boolean", "true")
    assert "grub-installer/force-efi-extra-removable" not in found


def test_an_ipv6_address_keeps_its_prefix() -> None:
    six = {"mac": "d0:50:99:12:34:56", "address": "2001:db8::2/64", "gateway": "2001:db8::1", "dns": ["2001:db8::1"]}
    found = answers(odd(network=six))
    assert found["netcfg/get_ipaddress"] == ("string", "2001:db8::2/64")
    assert "netcfg/get_netmask" not in found


@pytest.mark.parametrize("order", [reference(), odd(), odd(wipe=True)], ids=["reference", "odd", "wiping"])
def test_how_and_where_to_partition_stand_only_in_the_script_that_knows_the_disk(order: Order) -> None:
    """A partman that is told the method, and no disk, takes the only disk that there is."""
    found = answers(order)
    assert "partman-auto/method" not in found
    assert "partman-auto/disk" not in found
    assert "grub-installer/bootdev" not in found
    assert not re.search(r"/dev/(sd|nvme|vd)", preseed(order))
    script = debian_files(order)["rigwright/partman.sh"].data.decode()
    assert script.index("find-disk.sh") < script.index("partman-auto/method")


def test_the_recipe_is_the_layout_in_partmans_megabytes() -> None:
    assert recipe(layout_of(reference().rig)) == (
        "rigwright :: 537 537 537 free $iflabel{ gpt } $reusemethod{ } method{ efi } format{ } . "
        "8590 10000 -1 ext4 method{ format } format{ } use_filesystem{ } filesystem{ ext4 } label{ root } "
        "mountpoint{ / } ."
    )
    assert recipe(layout_of(odd().rig)) == (
        "rigwright :: 2 2 2 free $iflabel{ gpt } $reusemethod{ } method{ biosgrub } . "
        "1074 1074 1074 ext4 method{ format } format{ } use_filesystem{ } filesystem{ ext4 } label{ boot } "
        "mountpoint{ /boot } . "
        "8590 8590 8590 linux-swap method{ swap } format{ } . "
        "107375 107375 107375 ext4 method{ format } format{ } use_filesystem{ } filesystem{ ext4 } label{ root } "
        "mountpoint{ / } ."
    )


def test_private_keys_are_in_files_of_their_own_and_nowhere_else() -> None:
    files = debian_files(reference())
    secret = host_key().private
    holding = [name for name, each in files.items() if secret[60:120] in each.data]
    assert holding == ["rigwright/payload/ssh_host_ed25519_key"]
    assert files[holding[0]].secret
    assert b"PRIVATE" not in repr(files).encode()
    assert "PRIVATE" not in repr(replace(reference(), mark="x"))


@pytest.mark.parametrize("order", [reference(), odd(wipe=True)], ids=["reference", "odd"])
def test_every_script_is_one_for_a_posix_shell(order: Order) -> None:
    scripts = {name: each.data for name, each in debian_files(order).items() if name.endswith(".sh")}
    assert sorted(scripts) == [
        "rigwright/find-disk.sh",
        "rigwright/late.sh",
        "rigwright/partman.sh",
        "rigwright/payload/finish.sh",
    ]
    for name, text in scripts.items():
        done = subprocess.run(["sh", "-n"], input=text, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), name
    assert f"in-target sh {FOLDER}/finish.sh {FOLDER}".encode() in scripts["rigwright/late.sh"]
