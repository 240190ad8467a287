"""The system disk's partitions, as every way of installing reads them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rigwright.choice.install.layout import DiskLayout, layout_of, sfdisk_script, system_serial
from rigwright.spec.rig import Rig

GIB = 1024**3


def rig(section: dict[str, Any] | None = None, **parts: Any) -> Rig:
    install = {"release": "trixie", "disk": {"serial": "S1"}, **(section or {})}
    return Rig.model_validate({"name": "x", "driver": {"branch": 580}, "install": install, **parts})


def rows(layout: DiskLayout) -> list[tuple[object, ...]]:
    return [(each.number, each.name, each.size_mib, each.fs, each.mount) for each in layout.partitions]


def test_uefi() -> None:
    layout = layout_of(rig())
    assert rows(layout) == [(1, "esp", 512, "vfat", "/boot/efi"), (2, "root", None, "ext4", "/")]
    assert layout.least_bytes == 8 * GIB + 514 * 1024**2
    assert layout.root.number == 2
    assert layout.at("/boot") is None


def test_bios_with_everything() -> None:
    layout = layout_of(rig({"firmware": "bios", "layout": {"boot_mib": 1024, "swap_gib": 8, "root_gib": 100}}))
    assert rows(layout) == [
        (1, "bios-boot", 1, None, None),
        (2, "boot", 1024, "ext4", "/boot"),
        (3, "swap", 8192, "swap", None),
        (4, "root", 102400, "ext4", "/"),
    ]
    assert layout.least_bytes == 109 * GIB + 3 * 1024**2


def test_the_serial_number_stands_in_one_place() -> None:
    storage = {"system": {"model": "m", "size_gb": 2000, "serial": "S7"}}
    by_name = rig({"disk": {"drive": "system"}}, hardware={"storage": storage})
    assert system_serial(by_name) == layout_of(by_name).serial == "S7"
    assert system_serial(rig({"disk": {"drive": "system"}})) is None
    assert system_serial(Rig.model_validate({"name": "x"})) is None


needs_sfdisk = pytest.mark.skipif(shutil.which("sfdisk") is None, reason="sfdisk is not installed")


@needs_sfdisk
@pytest.mark.parametrize("firmware", ["uefi", "bios"])
def test_sfdisk_makes_it(tmp_path: Path, firmware: str) -> None:
    layout = layout_of(rig({"firmware": firmware, "layout": {"boot_mib": 512, "swap_gib": 1, "root_gib": 8}}))
    disk = tmp_path / "disk"
    with disk.open("wb") as image:
        image.truncate(layout.least_bytes)
    done = subprocess.run(
        ["sfdisk", "--quiet", str(disk)], input=sfdisk_script(layout), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    dump = subprocess.run(["sfdisk", "--dump", str(disk)], capture_output=True, text=True, check=True).stdout
    made = [line for line in dump.splitlines() if line.startswith(str(disk))]
    assert [line.split("type=")[1].split(",")[0] for line in made] == [each.type_guid for each in layout.partitions]
    sizes = [int(line.split("size=")[1].split(",")[0]) * 512 // 1024**2 for line in made]
    assert sizes == [each.size_mib for each in layout.partitions], "the smallest disk holds all of it"
