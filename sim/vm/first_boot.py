"""The first boot of an installed system, past a bootloader that is not there yet: GRUB is put on the disk by itself."""

from __future__ import annotations

from sim.vm.hardware import Kernel
from sim.vm.image import Image
from sim.vm.machine import Machine

_INSTALL = """set -e
grub-install --target=i386-pc /dev/vda
grub-install --target=x86_64-efi --efi-directory=/boot/efi --no-nvram --force-extra-removable
update-grub
"""


# Enough to be let in by SSH: what the system serves need not start for this.
_UNITS = ("systemd-networkd.service", "ssh.service", "systemd-user-sessions.service")


def install_bootloader(image: Image) -> None:
    """Boots the image's own disk by its kernel, and installs GRUB for BIOS and UEFI. Raises SimulationError."""
    root_id = (image.folder / "root-uuid").read_text()
    words = [
        f"root=UUID={root_id} ro console=ttyS0",
        "systemd.unit=basic.target",
        *(f"systemd.wants={u}" for u in _UNITS),
    ]
    kernel = Kernel(image.folder / "vmlinuz", image.folder / "initrd.img", " ".join(words))
    with Machine(image, kernel=kernel, in_place=True, resumed=False) as machine:
        machine.run(_INSTALL)
        machine.power_off()
