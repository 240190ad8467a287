"""Installed kernels: headers, initial RAM file systems, and what the next boot would start."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pyinfra.api import FactBase

_COMMAND = r"""
export LC_ALL=C
echo "running=$(uname -r)"
for image in /boot/vmlinuz-*; do
    [ -e "$image" ] || continue
    kernel=${image#/boot/vmlinuz-}
    headers=no; [ -e "/lib/modules/$kernel/build/Makefile" ] && headers=yes
    echo "kernel=$kernel|$headers|$(stat -c %.9Y "/boot/initrd.img-$kernel" 2>/dev/null)"
done
if command -v update-initramfs >/dev/null; then echo tool=update-initramfs
elif command -v dracut >/dev/null; then echo tool=dracut; fi
echo "modprobe=$(find /etc/modprobe.d -printf '%T@\n' 2>/dev/null | sort -n | tail -n 1)"
echo "cmdline=$(cat /proc/cmdline)"
[ -r /etc/default/grub ] && sh -c '
    for file in /etc/default/grub /etc/default/grub.d/*.cfg; do [ -r "$file" ] && . "$file"; done
    echo "default=$GRUB_DEFAULT"'
command -v grub-editenv >/dev/null && grub-editenv - list 2>/dev/null | grep -E '^(saved|next)_entry='
[ -r /boot/grub/grub.cfg ] && awk '
    /^[[:space:]]*(menuentry|submenu) / {
        depth = match($0, /[^[:space:]]/) > 1 ? 1 : 0
        title = $0; sub(/^[^\047"]*[\047"]/, "", title); sub(/[\047"].*$/, "", title)
        id = ""
        if ($0 ~ /menuentry_id_option/) {
            id = $0; sub(/.*menuentry_id_option[[:space:]]*[\047"]/, "", id); sub(/[\047"].*/, "", id)
        }
        print "entry=" ($1 == "submenu" ? "submenu" : "kernel") "|" depth "|" id "|" title
    }
    /^[[:space:]]*linux[[:space:]]/ { image = $2; sub(/.*\/vmlinuz-/, "", image); print "starts=" image }
' /boot/grub/grub.cfg
true
"""


@dataclass(frozen=True)
class Kernel:
    """One installed kernel. ``initrd``: its initial RAM file system's time (seconds since the epoch), None without."""

    headers: bool
    initrd: float | None


@dataclass(frozen=True)
class KernelsState:
    """What `Kernels` found.

    ``installed``: by version, oldest first; ``initrd_tool``: "update-initramfs", "dracut" or None;
    ``modprobe_changed``: when anything in /etc/modprobe.d last changed (seconds since the epoch);
    ``cmdline``: words of the running kernel's command line; ``next_boot``: the version that GRUB would start, None
    without GRUB or where that is open.
    """

    running: str
    installed: dict[str, Kernel] = field(default_factory=dict)
    initrd_tool: str | None = None
    modprobe_changed: float = 0.0
    cmdline: tuple[str, ...] = ()
    next_boot: str | None = None

    @property
    def newest(self) -> str | None:
        """The installed kernel with the highest version."""
        return next(reversed(self.installed), None)


@dataclass
class _Entry:
    index: str
    id: str
    title: str
    kernel: str | None = None


class Kernels(FactBase[KernelsState]):
    """Kernels and boot loader in one command.

    Raw lines: ``running=6.12.117+deb13-amd64``, ``kernel=6.12.117+deb13-amd64|yes|1763881200.5`` (headers, initrd's
    time), ``tool=update-initramfs``, ``cmdline=…``, ``default=0`` (GRUB_DEFAULT), ``saved_entry=…``, and in
    the order of grub.cfg ``entry=kernel|0|<id>|<title>``, ``starts=<version>``.
    """

    def command(self) -> str:
        """Print one fact a line."""
        return _COMMAND

    def process(self, output: list[str]) -> KernelsState:
        """Sort kernels by version and follow GRUB's choice."""
        pairs = [line.split("=", 1) for line in output if "=" in line]
        values = dict(reversed([pair for pair in pairs if pair[0] != "kernel"]))
        installed: dict[str, Kernel] = {}
        for name, value in pairs:
            if name == "kernel":
                version, headers, initrd = value.split("|")
                installed[version] = Kernel(headers=headers == "yes", initrd=float(initrd) if initrd else None)
        return KernelsState(
            running=values.get("running", ""),
            installed={version: installed[version] for version in sorted(installed, key=version_key)},
            initrd_tool=values.get("tool"),
            modprobe_changed=float(values.get("modprobe") or 0),
            cmdline=tuple(values.get("cmdline", "").split()),
            next_boot=_next_boot(pairs, values),
        )


def version_key(kernel: str) -> tuple[tuple[int, str], ...]:
    """Sorts kernel versions as dpkg would: digits as numbers ("6.12.9" < "6.12.117")."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", kernel))


def _next_boot(pairs: list[list[str]], values: dict[str, str]) -> str | None:
    entries = _entries(pairs)
    if not entries:
        return None
    wanted = values.get("next_entry") or values.get("default") or "0"
    if wanted == "saved":
        wanted = values.get("saved_entry") or "0"
    for entry in entries:
        if wanted in (entry.index, entry.id, entry.title):
            return entry.kernel
    return None


def _entries(pairs: list[list[str]]) -> list[_Entry]:
    entries: list[_Entry] = []
    top = inner = -1
    parent = ("", "")
    for name, value in pairs:
        if name == "entry":
            kind, depth, entry_id, title = value.split("|", 3)
            if depth == "0":
                top, inner = top + 1, -1
                parent = (entry_id, title) if kind == "submenu" else ("", "")
            else:
                inner += 1
            if kind == "kernel":
                nested = depth != "0"
                entries.append(
                    _Entry(
                        index=f"{top}>{inner}" if nested else str(top),
                        id=f"{parent[0]}>{entry_id}" if nested else entry_id,
                        title=f"{parent[1]}>{title}" if nested else title,
                    )
                )
        elif name == "starts" and entries and entries[-1].kernel is None:
            entries[-1].kernel = value
    return entries
