"""Rules over the base system: names, swap, upgrades; its disks are in `disks`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from rigwright.catalog import Catalog
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.rig import Rig

_NOT_IN_APT = re.compile(r'["%#\x00-\x1f\x7f]')
"""What ends a text in apt.conf, begins an escape or a directive there, or is no text."""


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What does not hold of layer `base`."""
    yield from _timezone(rig)
    yield from _swap(rig)
    yield from _never(rig)
    if rig.base.ntp_servers and not rig.base.time_sync:
        yield Finding(
            "base.ntp-unused",
            "base.ntp_servers",
            rig.base.ntp_servers,
            "no servers while base.time_sync is False",
            "Set time_sync to True, or remove the servers.",
        )


def _never(rig: Rig) -> Iterator[Finding]:
    for index, pattern in enumerate(rig.base.unattended_upgrades.never):
        key = f"base.unattended_upgrades.never.{index}"
        if unwritable := _NOT_IN_APT.search(pattern):
            yield Finding(
                "base.never-unwritable",
                key,
                pattern,
                f"no {unwritable[0]!r}: apt's configuration cannot hold it as it stands",
                "Remove it: no package has such a name.",
            )
            continue
        try:
            re.compile(pattern)
        except re.error as error:
            yield Finding(
                "base.never-pattern", key, pattern, f"a Python regular expression: {error}", "Correct the pattern."
            )


def _timezone(rig: Rig) -> Iterator[Finding]:
    zone = rig.base.timezone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, IsADirectoryError):
        known = available_timezones()
        if known:  # a machine without a time zone database cannot tell; the host then does
            yield Finding(
                "base.timezone",
                "base.timezone",
                zone,
                "the IANA name of a time zone, e.g. 'Europe/Berlin'",
                "Correct the name.",
                nearest(zone, known),
            )


def _swap(rig: Rig) -> Iterator[Finding]:
    swap, ram = rig.base.swap, rig.hardware.ram_gib
    if swap.kind in {"zram", "file"} and swap.size_gib is None:
        yield Finding(
            "base.swap-size",
            "base.swap.size_gib",
            None,
            f"a size in GiB, which swap of kind {swap.kind!r} needs",
            "Add size_gib.",
            rests_on=("base.swap.kind",),
        )
    if swap.kind in {"none", "keep"} and swap.size_gib is not None:
        yield Finding(
            "base.swap-size",
            "base.swap.size_gib",
            swap.size_gib,
            f"no size: swap of kind {swap.kind!r} has none",
            "Remove it, or choose kind 'zram' or 'file'.",
            rests_on=("base.swap.kind",),
        )
    if swap.kind == "zram" and ram is not None and (swap.size_gib or 0) > 2 * ram:
        yield Finding(
            "base.swap-zram",
            "base.swap.size_gib",
            swap.size_gib,
            f"at most {2 * ram} GiB: compressed memory gains no more than twice the {ram} GiB that there are",
            "Make it smaller, or use a file.",
        )
