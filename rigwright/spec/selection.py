"""Which hosts: the names, groups and patterns of a command line against the inventory, before anything is merged."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from fnmatch import fnmatch

from rigwright.spec.inventory import Host, Inventory


class NoSuchHostError(Exception):
    """What was asked for meets no host; the text says which hosts there are."""


def chosen(inventory: Inventory, names: Sequence[str] | None, limits: Sequence[str] = ()) -> list[Host]:
    """The hosts of these names and groups (None: all) that one of the limits lets through, in the inventory's order.

    A limit is a name, a group, or a pattern such as 'lab-*'. Raises NoSuchHostError for a name or a limit that meets no
    host: whoever asks for one must not be told that none of them needs anything.
    """
    wanted = list(inventory.hosts) if names is None else [host for name in names for host in _named(inventory, name)]
    if limits:
        met = {host for limit in limits for host in _met(inventory, wanted, limit)}
        wanted = [name for name in wanted if name in met]
    return [host for name, host in inventory.hosts.items() if name in wanted]


def _named(inventory: Inventory, name: str) -> Sequence[str]:
    if name in inventory.hosts:
        return (name,)
    if name not in inventory.groups:
        known = [*inventory.hosts, *inventory.groups]
        there = ", ".join(known)
        raise NoSuchHostError(f"no host or group {name!r} in the inventory.{_hint(name, known)} There are: {there}.")
    group = inventory.groups[name]
    if not group.hosts:
        raise NoSuchHostError(f"group {name!r} [{group.origin}] has no hosts. There are: {', '.join(inventory.hosts)}.")
    return group.hosts


def _met(inventory: Inventory, names: Sequence[str], limit: str) -> list[str]:
    group = inventory.groups[limit].hosts if limit in inventory.groups else ()
    met = [name for name in names if name in group or fnmatch(name, limit)]
    if not met:
        hint = _hint(limit, [*names, *inventory.groups])
        raise NoSuchHostError(f"--limit {limit!r} meets no host.{hint} There are: {', '.join(names)}.")
    return met


def _hint(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f" Did you mean {near[0]!r}?" if near else ""
