"""How a virtual machine is put together: its command line, its place, what becomes of those nobody ends."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sim.errors import SimulationError
from sim.gpu.models import rtx3090s
from sim.host.record import Process, machine_boot
from sim.vm import pci
from sim.vm import record as records
from sim.vm.hardware import Drive, Hardware, Kernel, arguments
from sim.vm.ports import free_ports
from sim.vm.record import Record
from sim.vm.tools import Tools

TOOLS = Tools(Path("/tools"))


def line(hardware: Hardware, drives: list[Drive], kernel: Kernel | None = None) -> str:
    return " ".join(arguments(TOOLS, hardware, drives, Path("/run/vm"), kernel))


def test_it_boots_from_its_disks_in_their_order_and_knows_them_by_serial() -> None:
    said = line(Hardware(), [Drive(Path("/a.img"), "SYSTEM", "raw"), Drive(Path("/b.qcow2"), "DATA", bus="nvme")])
    assert "id=disk0,file=/machine/a.img,format=raw,cache=unsafe" in said
    assert "virtio-blk-pci,drive=disk0,serial=SYSTEM,bootindex=1" in said
    assert "nvme,drive=disk1,serial=DATA,bootindex=2" in said
    assert "pflash" not in said and "-kernel" not in said


def test_what_is_flushed_to_a_durable_disk_is_on_it() -> None:
    assert "cache=writeback" in line(Hardware(), [Drive(Path("/a"), "A", durable=True)])


def test_firmware_kernel_and_ports() -> None:
    hardware = Hardware(firmware="uefi", forwarded={22: 4022, 443: 4443})
    said = line(hardware, [], Kernel(Path("/boot/k"), Path("/boot/i"), "root=/dev/vda console=ttyS0"))
    assert "if=pflash,format=raw,file=/machine/run/vm/variables.fd" in said
    assert "hostfwd=tcp:127.0.0.1:4022-:22,hostfwd=tcp:127.0.0.1:4443-:443" in said
    assert said.endswith("-kernel /machine/boot/k -initrd /machine/boot/i -append root=/dev/vda console=ttyS0")


def test_a_path_that_qemu_would_split_is_refused() -> None:
    with pytest.raises(SimulationError, match="no comma in a path"):
        line(Hardware(), [Drive(Path("/a,b"), "A")])


def test_ports_are_all_different() -> None:
    assert len(set(free_ports(20))) == 20


@pytest.mark.parametrize(
    ("owner", "abandoned"),
    [
        ({}, False),
        ({"started": 1}, True),
        ({"boot": "another"}, True),
    ],
    ids=["its owner runs", "another process has its number", "before this boot"],
)
def test_a_machine_that_nobody_ends_is_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: dict[str, Any], abandoned: bool
) -> None:
    monkeypatch.setattr(records, "RUN", tmp_path / "run")
    monkeypatch.setattr(records, "disks_dir", lambda: tmp_path / "disks")
    made = Record(tmp_path / "run/vms/basement-1", tmp_path / "disks/basement-1")
    for folder in (made.folder, made.disks, tmp_path / "disks/nobodys"):
        folder.mkdir(parents=True)
    here = Process.of(os.getpid())
    known = {"pid": here.pid, "started": here.started, "boot": machine_boot(), **owner}
    (made.folder / "owner.json").write_text(json.dumps(known))

    assert records.sweep() == (["basement-1"] if abandoned else [])

    assert made.disks.exists() is made.folder.exists() is not abandoned
    assert not (tmp_path / "disks/nobodys").exists()


def test_cards_are_laid_over_the_bus_at_boot(tmp_path: Path) -> None:

    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    pci.install_cards(tmp_path, rtx3090s(2))
    unit = tmp_path / "etc/systemd/system/sysinit.target.wants/rigwright-sim-pci.service"
    assert unit.resolve().is_file()
    script = tmp_path / "usr/local/lib/rigwright-sim/lay-pci"
    assert script.stat().st_mode & 0o111
    assert (tmp_path / "usr/local/lib/rigwright-sim/pci/0000:03:00.0/vendor").read_text() == "0x10de\n"
