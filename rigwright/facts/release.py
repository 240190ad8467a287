"""Which system this is: distribution, kernels, boot, firmware."""

from __future__ import annotations

from dataclasses import dataclass

from pyinfra.api import FactBase

_COMMAND = r"""
export LC_ALL=C
. /etc/os-release
echo "id=$ID"
echo "codename=$VERSION_CODENAME"
echo "version_id=$VERSION_ID"
echo "arch=$(dpkg --print-architecture 2>/dev/null)"
echo "kernel_running=$(uname -r)"
for image in /boot/vmlinuz-*; do [ -e "$image" ] && echo "kernel=${image#/boot/vmlinuz-}"; done
echo "virtualization=$(systemd-detect-virt 2>/dev/null)"
echo "container=$(systemd-detect-virt --container 2>/dev/null)"
echo "boot_id=$(cat /proc/sys/kernel/random/boot_id)"
[ -d /run/systemd/system ] && echo systemd=yes
for variable in /sys/firmware/efi/efivars/SecureBoot-*; do
    [ -e "$variable" ] && echo "secure_boot=$(od -An -t u1 -j 4 -N 1 "$variable" | tr -d ' ')"
done
[ -d /sys/firmware/efi ] && echo firmware=uefi
true
"""


@dataclass(frozen=True)
class ReleaseState:
    """What `Release` found.

    ``kernels`` are the installed ones (files /boot/vmlinuz-*), ``container`` names the container technology or is None,
    ``secure_boot`` is None where the firmware has no such variable (BIOS, containers).
    """

    id: str
    codename: str
    version_id: str
    arch: str
    kernel_running: str
    kernels: tuple[str, ...]
    virtualization: str
    container: str | None
    boot_id: str
    systemd: bool
    uefi: bool
    secure_boot: bool | None


class Release(FactBase[ReleaseState]):
    """The system's identity.

    Raw lines such as ``codename=trixie``, ``kernel=6.12.117+deb13-amd64`` (one for each installed kernel).
    """

    def command(self) -> str:
        """Print key=value lines."""
        return _COMMAND

    def process(self, output: list[str]) -> ReleaseState:
        """Read them."""
        pairs = [line.split("=", 1) for line in output if "=" in line]
        values = {name: value for name, value in pairs if name != "kernel"}
        container = values.get("container", "none")
        return ReleaseState(
            id=values["id"],
            codename=values["codename"],
            version_id=values.get("version_id", ""),
            arch=values.get("arch", ""),
            kernel_running=values["kernel_running"],
            kernels=tuple(sorted(value for name, value in pairs if name == "kernel")),
            virtualization=values.get("virtualization", "none"),
            container=None if container in ("", "none") else container,
            boot_id=values["boot_id"],
            systemd=values.get("systemd") == "yes",
            uefi=values.get("firmware") == "uefi",
            secure_boot={"1": True, "0": False}.get(values.get("secure_boot", "")),
        )
