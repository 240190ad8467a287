"""Whether a machine's file system is sound, by the file system's own checker."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from sim.errors import SimulationError
from sim.vm.image import ROOT_AT_MIB, ROOT_MIB
from sim.vm.machine import Machine
from sim.vm.tools import tools

_MIB = 1024 * 1024


def what_is_unsound(machine: Machine) -> str:
    """What e2fsck says of the root file system of a machine that is off; empty: nothing has to be mended.

    Raises SimulationError while it is on: its disk is in flux then.
    """
    if machine.running:
        raise SimulationError(f"machine {machine.name} is on: its file system cannot be checked")
    with tempfile.TemporaryDirectory(dir=machine.record.disks) as scratch:
        copy = Path(scratch) / "root"
        layer = f"file.driver=qcow2,file.file.filename={tools().at(machine.record.disks / 'system.qcow2')}"
        part = f"driver=raw,offset={ROOT_AT_MIB * _MIB},size={ROOT_MIB * _MIB},{layer}"
        target = f"{tools().at(Path(scratch))}/root"
        tools().run(["qemu-img", "convert", "-O", "raw", "--image-opts", part, target])
        done = subprocess.run(
            tools().argv(["e2fsck", "-f", "-n", tools().at(copy)]), capture_output=True, text=True, check=False
        )
    return "" if done.returncode == 0 else done.stdout + done.stderr
