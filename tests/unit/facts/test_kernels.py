"""Kernels and what GRUB would start next."""

from __future__ import annotations

import pytest

from rigwright.facts.kernels import Kernels, version_key

RAW = """\
running=6.12.43+deb13-amd64
kernel=6.12.117+deb13-amd64|yes|1795420242.647
kernel=6.12.43+deb13-amd64|no|
tool=update-initramfs
modprobe=1795420235.29
cmdline=BOOT_IMAGE=/boot/vmlinuz-6.12.43+deb13-amd64 root=UUID=11 ro quiet iommu=pt
default={default}
entry=kernel|0|gnulinux-simple-11|Debian GNU/Linux
starts=6.12.117+deb13-amd64
entry=submenu|0|gnulinux-advanced-11|Advanced options for Debian GNU/Linux
entry=kernel|1|gnulinux-6.12.117+deb13-amd64-advanced-11|Debian GNU/Linux, with Linux 6.12.117+deb13-amd64
starts=6.12.117+deb13-amd64
entry=kernel|1|gnulinux-6.12.43+deb13-amd64-advanced-11|Debian GNU/Linux, with Linux 6.12.43+deb13-amd64
starts=6.12.43+deb13-amd64
entry=kernel|0|uefi-firmware|UEFI Firmware Settings
"""
OLD = "6.12.43+deb13-amd64"
NEW = "6.12.117+deb13-amd64"


def test_kernels() -> None:
    found = Kernels().process(RAW.format(default="0").splitlines())
    assert found.running == OLD
    assert list(found.installed) == [OLD, NEW]
    assert found.newest == NEW
    assert (found.installed[NEW].headers, found.installed[NEW].initrd) == (True, 1795420242.647)
    assert (found.installed[OLD].headers, found.installed[OLD].initrd) == (False, None)
    assert found.modprobe_changed == 1795420235.29
    assert found.initrd_tool == "update-initramfs"
    assert "iommu=pt" in found.cmdline
    assert "root=UUID=11" in found.cmdline


@pytest.mark.parametrize(
    ("default", "kernel"),
    [
        ("0", NEW),
        ("", NEW),
        ("1>0", NEW),
        ("1>1", OLD),
        ("gnulinux-advanced-11>gnulinux-6.12.43+deb13-amd64-advanced-11", OLD),
        ("Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux 6.12.43+deb13-amd64", OLD),
        ("saved\nsaved_entry=1>1", OLD),
        ("saved", NEW),
        ("0\nnext_entry=1>1", OLD),
        ("2", None),
        ("no such entry", None),
    ],
)
def test_next_boot(default: str, kernel: str | None) -> None:
    assert Kernels().process(RAW.format(default=default).splitlines()).next_boot == kernel


def test_without_grub_nothing_is_said_of_the_next_boot() -> None:
    found = Kernels().process(["running=6.18.44", "cmdline=quiet", "modprobe="])
    assert (found.next_boot, found.newest, found.modprobe_changed) == (None, None, 0.0)


def test_versions_sort_by_number() -> None:
    kernels = ["6.12.117+deb13-amd64", "6.12.43+deb13-amd64", "7.0.0-28-generic", "6.8.0-126-generic"]
    assert sorted(kernels, key=version_key) == [
        "6.8.0-126-generic",
        "6.12.43+deb13-amd64",
        "6.12.117+deb13-amd64",
        "7.0.0-28-generic",
    ]
