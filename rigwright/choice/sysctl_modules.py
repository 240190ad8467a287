"""Kernel settings that are not there before their module is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MODULES: Mapping[str, str] = {
    "/proc/sys/net/bridge/": "br_netfilter",
    "/proc/sys/net/netfilter/nf_conntrack": "nf_conntrack",
    "/proc/sys/net/nf_conntrack": "nf_conntrack",
}
"""Beginning of a setting's path → the module that brings it. Docker and a firewall load them, late or not at all."""


def modules_for(paths: Iterable[str]) -> dict[str, list[str]]:
    """Module → those of ``paths`` that it brings."""
    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        for beginning, module in MODULES.items():
            if path.startswith(beginning):
                found.setdefault(module, []).append(path)
    return found
