"""Simulated cards on a machine's PCI bus: a made tree that the machine itself lays over sysfs when it boots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.gpu import pci
from sim.gpu.model import Gpu

_TREE = "usr/local/lib/rigwright-sim/pci"
_SCRIPT = "usr/local/lib/rigwright-sim/lay-pci"
_UNIT = "rigwright-sim-pci.service"

# What is written to the files lasts until the machine boots again, as in the real ones.
_LAY = f"""#!/bin/sh
set -eu
mkdir -p /run/rigwright-sim-pci
cp -a /{_TREE}/. /run/rigwright-sim-pci/
mount --bind /run/rigwright-sim-pci {pci.DEVICES}
# What udev does for each device that it finds: modules that say they drive it, but for those that are kept out.
cat {pci.DEVICES}/*/modalias | while read -r alias; do modprobe --quiet --use-blacklist "$alias" || true; done
"""

# After udev has found the real devices through the folder that is hidden then.
_SERVICE = f"""[Unit]
Description=Simulated GPUs on the PCI bus
DefaultDependencies=no
After=systemd-udev-trigger.service systemd-tmpfiles-setup.service
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/{_SCRIPT}

[Install]
WantedBy=sysinit.target
"""


def install_cards(root: Path, gpus: Sequence[Gpu]) -> None:
    """Puts the tree, and the unit that lays it, below `root`."""
    pci.write_tree(root / _TREE, gpus)
    script = root / _SCRIPT
    script.write_text(_LAY)
    script.chmod(0o755)
    units = root / "etc/systemd/system"
    (units / _UNIT).write_text(_SERVICE)
    wanted = units / "sysinit.target.wants"
    wanted.mkdir(exist_ok=True)
    (wanted / _UNIT).unlink(missing_ok=True)
    (wanted / _UNIT).symlink_to(f"../{_UNIT}")
