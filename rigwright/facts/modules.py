"""NVIDIA's kernel modules: loaded, on disk, kept out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pyinfra.api import FactBase

NAMES = ("nvidia", "nvidia-current", "nvidia-current-open")
"""What the packages call the main module on disk."""

RIVALS = ("nouveau", "nova_core", "nova")
"""Drivers of the kernel's own that would take the cards first."""

_COMMAND = rf"""
export LC_ALL=C
if [ -r /proc/driver/nvidia/version ]; then sed 's/^/proc /' /proc/driver/nvidia/version; fi
for name in nvidia {" ".join(RIVALS)}; do if [ -d "/sys/module/$name" ]; then echo "loaded $name"; fi; done
for image in /boot/vmlinuz-*; do
    [ -e "$image" ] || continue
    for name in {" ".join(NAMES)}; do
        found=$(modinfo -k "${{image#/boot/vmlinuz-}}" "$name" 2>/dev/null) || continue
        echo "module ${{image#/boot/vmlinuz-}} $name"
        echo "$found" | grep -E '^(filename|version|license|signer):'
    done
done
modprobe --showconfig 2>/dev/null | grep '^blacklist ' | sort -u
true
"""


@dataclass(frozen=True)
class Module:
    """A module file for one kernel. ``open``: built from the open sources (its licence says so)."""

    name: str
    file: str
    version: str
    open: bool
    signed: bool

    @property
    def built_here(self) -> bool:
        """Whether DKMS built it, and so signed it with this host's own key."""
        return "/dkms/" in self.file


@dataclass(frozen=True)
class ModulesState:
    """What `Modules` found.

    ``running``: version of the loaded nvidia module, None when none is; ``running_open``: its flavour;
    ``loaded``: those of nvidia and its rivals that are in the kernel; ``on_disk``: kernel → modules;
    ``blacklisted``: names that modprobe will not load by themselves.
    """

    running: str | None = None
    running_open: bool = False
    loaded: frozenset[str] = frozenset()
    on_disk: dict[str, tuple[Module, ...]] = field(default_factory=dict)
    blacklisted: frozenset[str] = frozenset()

    def module(self, kernel: str, name: str) -> Module | None:
        """The module of this name for this kernel."""
        return next((module for module in self.on_disk.get(kernel, ()) if module.name == name), None)


class Modules(FactBase[ModulesState]):
    """Kernel modules in one command.

    Raw lines: ``proc NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01  …``, ``loaded nouveau``,
    ``module <kernel> <name>`` followed by modinfo's lines, ``blacklist nouveau``.
    """

    def command(self) -> str:
        """Ask /proc, modinfo for each installed kernel, and modprobe."""
        return _COMMAND

    def process(self, output: list[str]) -> ModulesState:
        """Put the pieces together."""
        running, running_open = None, False
        loaded: set[str] = set()
        blacklisted: set[str] = set()
        blocks: list[tuple[str, str, dict[str, str]]] = []
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "proc" and (version := re.search(r"Kernel Module\s+(?:for \S+\s+)?(\d+\.[\d.]+)", rest)):
                running, running_open = version[1], "Open Kernel Module" in rest
            elif kind == "loaded":
                loaded.add(rest)
            elif kind == "blacklist":
                blacklisted.add(rest.strip().replace("-", "_"))
            elif kind == "module":
                kernel, name = rest.split()
                blocks.append((kernel, name, {}))
            elif kind.endswith(":") and blocks:
                blocks[-1][2][kind[:-1]] = rest.strip()
        on_disk: dict[str, tuple[Module, ...]] = {}
        for kernel, name, info in blocks:
            module = Module(
                name=name,
                file=info.get("filename", ""),
                version=info.get("version", ""),
                open="GPL" in info.get("license", ""),
                signed="signer" in info,
            )
            on_disk[kernel] = (*on_disk.get(kernel, ()), module)
        return ModulesState(running, running_open, frozenset(loaded), on_disk, frozenset(blacklisted))
