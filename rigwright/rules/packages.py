"""The packages of layer `base` leave the other layers, and rig itself, what they need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.choice import access, base
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig

_CLOCKS = tuple(f"base.packages.{name}" for name in base.TIME_DAEMONS)


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Packages that a layer has under a key of its own, in one way or the other."""
    yield from _families(rig, catalog)
    yield from _needed(rig)
    yield from _clocks(rig)


def _families(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    families = {
        "driver": catalog.driver.unattended["never"],
        "containers": catalog.containers.unattended["never"],
    }
    for name in rig.base.packages:
        for layer, patterns in families.items():
            if any(re.match(pattern, name) for pattern in patterns):
                yield Finding(
                    "base.package-of-a-layer",
                    f"base.packages.{name}",
                    rig.base.packages[name],
                    f"no package of layer {layer!r}, which installs, pins and holds it",
                    f"Remove it here, and declare it under {layer!r}.",
                )


def _needed(rig: Rig) -> Iterator[Finding]:
    asked_for = {**access.asked_for(rig.access), **base.asked_for(rig, ())}
    if rig.driver.state == "present" and rig.driver.source != "none":
        asked_for["dkms"] = "driver.state"
    for name, present in rig.base.packages.items():
        if present or not (name in base.TOOLS or name in asked_for):
            continue
        ours = name in base.TOOLS
        yield Finding(
            "base.package-needed",
            f"base.packages.{name}",
            False,
            f"no removal: {'rig itself works with it' if ours else f'{asked_for[name]} installs it'}",
            "Remove it here." if ours else f"Remove it here, or change {asked_for[name]}.",
            rests_on=() if ours else (asked_for[name], "driver.source", *_CLOCKS),
        )


def _clocks(rig: Rig) -> Iterator[Finding]:
    declared = [name for name in base.TIME_DAEMONS if rig.base.packages.get(name)]
    kept = base.time_daemon((), rig.base.packages) if rig.base.time_sync else next(iter(declared), None)
    for name in declared:
        if name != kept:
            yield Finding(
                "base.second-clock",
                f"base.packages.{name}",
                True,
                f"no second package that keeps the clock, which the distribution forbids: {kept} does",
                "Keep one of them." if name in base.TIME_DAEMONS[:2] else "Remove it, or set base.time_sync to False.",
                rests_on=("base.time_sync", *_CLOCKS),
            )
