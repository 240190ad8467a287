"""Puts simulated GPUs into a host's root file system, beside what packages own and never over it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from sim import programs
from sim.gpu.build import COMMAND, LIBRARY, STEERING, built
from sim.gpu.model import INSTALLED, STATE, Gpu, configuration

LIBRARY_FOLDER = "usr/local/lib/rigwright-sim"
COMMAND_FOLDER = "usr/local/bin"
CONFIGURATION = "etc/rigwright-sim/gpus.conf"

# Whoever looks first makes the cards' state there, root or not.
_FOLDERS = "usr/lib/tmpfiles.d/rigwright-sim.conf"

# rigd's sandbox leaves it the driver's device nodes, and these cards have a file in their place.
_SANDBOX = "usr/lib/systemd/system/rigd.service.d/50-rigwright-sim.conf"

# The first of the files there: where two folders hold a library of one name, the loader takes the earlier folder's.
_LOADER = "etc/ld.so.conf.d/000-rigwright-sim.conf"


def install(root: Path, gpus: Sequence[Gpu], *, driver_version: str = INSTALLED) -> None:
    """Installs the library, the command and their configuration below `root`; the host need not run."""
    programs_folder = built()
    parts = ((LIBRARY, LIBRARY_FOLDER, 0o644), (COMMAND, COMMAND_FOLDER, 0o755), (STEERING, COMMAND_FOLDER, 0o755))
    for name, folder, mode in parts:
        target = root / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(programs_folder / name, target)
        target.chmod(mode)
    (root / _LOADER).write_text(f"/{LIBRARY_FOLDER}\n")
    folder = str(Path(STATE).parent)
    (root / _FOLDERS).write_text(f"d {Path(folder).parent} 0755\nd {folder} 0777\n")
    sandbox = root / _SANDBOX
    sandbox.parent.mkdir(parents=True, exist_ok=True)
    sandbox.write_text(f"[Service]\nReadWritePaths={Path(folder).parent}\n")
    configure(root, gpus, driver_version=driver_version)
    programs.run(["chroot", str(root), "/sbin/ldconfig"])


def configure(root: Path, gpus: Sequence[Gpu], *, driver_version: str = INSTALLED) -> None:
    """Writes the configuration alone; programs see it when they open the library the next time."""
    file = root / CONFIGURATION
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(configuration(gpus, driver_version=driver_version))
