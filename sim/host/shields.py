"""What a host sees in place of the machine's own kernel files: sysctls and a governor of its own, and its devices.

The host shares the machine's kernel and may not write to it. Plain files with the machine's values stand there instead:
they keep what is written until the host boots again, and check nothing. Of /proc/sys, `net` is the kernel's own, since
the host has a network namespace of its own.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from sim.cache import remove_tree
from sim.gpu import pci
from sim.gpu.model import Gpu

STAGE = "/run/rigwright-sim/stage"
"""Where the host finds the folder that `prepare` made, before its init starts."""

_LAID = "/run/rigwright-sim/kernel"

INIT = "usr/local/lib/rigwright-sim/init"

_PROCESSORS = Path("/sys/devices/system/cpu")
_FREQUENCY = {
    "affected_cpus": "{cpu}",
    "cpuinfo_max_freq": "3300000",
    "cpuinfo_min_freq": "1200000",
    "scaling_available_governors": "conservative ondemand userspace powersave performance schedutil",
    "scaling_cur_freq": "1200000",
    "scaling_driver": "intel_cpufreq",
    "scaling_governor": "schedutil",
    "scaling_max_freq": "3300000",
    "scaling_min_freq": "1200000",
}

_SYSCTLS = ("dev", "fs", "kernel", "vm")
_LIVE = ("random", "hostname", "domainname")  # of kernel: namespaced, or new at every reading

_INIT_TEXT = f"""#!/bin/sh
# PID 1 of a throw-away host until its own init takes over: lays the simulation's files over the kernel's.
set -e
# On a tmpfs, where `.` and `..` come first in a folder as they do in /proc: `sysctl -a` counts on it.
cp -a {STAGE} {_LAID}
for name in {" ".join(_LIVE)}; do
    [ ! -e "{_LAID}/sysctl/kernel/$name" ] || mount --rbind "/proc/sys/kernel/$name" "{_LAID}/sysctl/kernel/$name"
done
for folder in {_LAID}/sysctl/*; do
    mount --rbind "$folder" "/proc/sys/${{folder##*/}}"
done
mount --bind {_LAID}/cpu {_PROCESSORS}
[ ! -d {_LAID}/pci ] || mount --bind {_LAID}/pci {pci.DEVICES}
exec /sbin/init
"""


def install_init(root: Path) -> None:
    """Puts the program below `root` that lays the prepared files over the kernel's and becomes the host's init."""
    file = root / INIT
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_INIT_TEXT)
    file.chmod(0o755)


def prepare(stage: Path, gpus: Iterable[Gpu]) -> None:
    """Makes the files for one boot in the folder `stage`, new ones: what was written in a boot before is gone."""
    remove_tree(stage)
    stage.mkdir(parents=True)
    for name in _SYSCTLS:
        _copy_values(Path("/proc/sys") / name, stage / "sysctl" / name)
    _write_processors(stage / "cpu")
    cards = list(gpus)
    if cards:
        pci.write_tree(stage / "pci", cards)


def _write_processors(target: Path) -> None:
    """The machine's processors, each with a frequency policy of its own, which a virtual machine's lack."""
    target.mkdir()
    for entry in sorted(_PROCESSORS.iterdir()):
        if entry.is_file():
            _copy_value(entry, target / entry.name)
        elif number := re.fullmatch(r"cpu(\d+)", entry.name):
            _copy_values(entry / "topology", target / entry.name / "topology")
            if (entry / "online").exists():
                _copy_value(entry / "online", target / entry.name / "online")
            policy = target / "cpufreq" / f"policy{number[1]}"
            policy.mkdir(parents=True)
            for name, text in _FREQUENCY.items():
                (policy / name).write_text(text.format(cpu=number[1]) + "\n")
            (target / entry.name / "cpufreq").symlink_to(f"../cpufreq/{policy.name}")


def _copy_values(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir() if source.is_dir() else ():
        if entry.is_dir():
            _copy_values(entry, target / entry.name)
        else:
            _copy_value(entry, target / entry.name)


def _copy_value(source: Path, target: Path) -> None:
    try:
        target.write_bytes(source.read_bytes())
    except OSError:
        target.touch()  # one that is only ever written to
    shutil.copymode(source, target)
