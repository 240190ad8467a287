"""GRUB's configuration: what the next boot will put on the kernel's command line."""

from __future__ import annotations

from dataclasses import dataclass

from pyinfra.api import FactBase

GRUB_CFG = "/boot/grub/grub.cfg"

NORMAL_ENTRIES = r"""awk '
    /^### BEGIN \/etc\/grub.d\/10_linux(_zfs)? ###/ { ours = 1 }
    /^### END \/etc\/grub.d\/10_linux(_zfs)? ###/ { ours = 0 }
    ours && $1 == "linux" && $2 ~ /(^|\/)vmlinuz-/ && !/[ \t](single|recovery)([ \t]|$)/'"""
"""The command that, given a grub.cfg, prints this host's own normal entries: their ``linux`` lines as they stand.

Other scripts write such lines too, which take none of our words: memory tests, systems on other disks, people's own
entries. Recovery entries take none either.
"""

_COMMAND = rf"""
export LC_ALL=C
echo "cmdline $(cat /proc/cmdline)"
command -v update-grub >/dev/null && echo grub
if [ -f {GRUB_CFG} ]; then
    echo "written $(stat -c %.9Y {GRUB_CFG})"
    {NORMAL_ENTRIES} {GRUB_CFG}
fi
true
"""


@dataclass(frozen=True)
class BootLoaderState:
    """What `BootLoader` found.

    ``running``: words that this boot was started with; ``grub``: `update-grub` is there; ``written``: grub.cfg's time
    (seconds since the epoch), None without it; ``entries``: words of each of this host's own normal boot entries.
    """

    running: tuple[str, ...] = ()
    grub: bool = False
    written: float | None = None
    entries: tuple[tuple[str, ...], ...] = ()

    def lacking(self, words: list[str]) -> list[str]:
        """Those of ``words`` that some normal entry does not have."""
        return [word for word in words if not self.entries or any(word not in entry for entry in self.entries)]


class BootLoader(FactBase[BootLoaderState]):
    """Running command line and GRUB's entries in one command.

    Raw lines: ``cmdline BOOT_IMAGE=… quiet``, ``grub``, ``written 1763881200.5``,
    ``linux /boot/vmlinuz-6.12.117 root=UUID=… ro quiet``.
    """

    def command(self) -> str:
        """Read /proc/cmdline and grub.cfg."""
        return _COMMAND

    @staticmethod
    def default() -> BootLoaderState:
        """There is no boot loader."""
        return BootLoaderState()

    def process(self, output: list[str]) -> BootLoaderState:
        """Sort lines by their first word."""
        pairs = [line.partition(" ") for line in output]
        entries = tuple(tuple(words) for kind, *words in (line.split() for line in output if line) if kind == "linux")
        return BootLoaderState(
            running=next((tuple(rest.split()) for kind, _, rest in pairs if kind == "cmdline"), ()),
            grub="grub" in output,
            written=next((float(rest) for kind, _, rest in pairs if kind == "written"), None),
            entries=entries,
        )
