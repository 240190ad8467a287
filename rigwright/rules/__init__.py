"""What must hold of a declaration beyond its types: pure functions over a Rig and the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from rigwright.catalog import Catalog
from rigwright.rules import (
    access,
    backup,
    base,
    bindings,
    cables,
    clocks,
    containers,
    cuda,
    disks,
    driver,
    fans,
    firewall,
    fit,
    gateway,
    hardware,
    install,
    models,
    ollama,
    packages,
    pcie,
    power,
    rigd,
    runtimes,
    served,
    tuning,
)
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig

__all__ = ["RULES", "Finding", "Rule", "findings"]


class Rule(NamedTuple):
    """One module's rules, and the keys that all of its findings rest on."""

    find: Callable[[Rig, Catalog], Iterator[Finding]]
    rests_on: tuple[str, ...] = ()


RULES = (
    Rule(hardware.find),
    Rule(power.find),
    Rule(cables.find),
    Rule(pcie.find),
    Rule(base.find),
    Rule(disks.find),
    Rule(install.find),
    Rule(packages.find),
    Rule(access.find),
    Rule(firewall.find),
    Rule(driver.find, ("driver.state", "driver.source")),
    Rule(cuda.find),
    Rule(containers.find, ("containers.state",)),
    Rule(tuning.find),
    Rule(rigd.find),
    Rule(clocks.find),
    Rule(fans.find),
    Rule(models.find),
    Rule(runtimes.find, ("runtimes.state",)),
    Rule(served.find, ("runtimes.state",)),
    Rule(bindings.find, ("runtimes.state",)),
    Rule(ollama.find, ("runtimes.state",)),
    Rule(fit.find, ("runtimes.state",)),
    Rule(gateway.find),
    Rule(backup.find),
)


def findings(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Everything that does not hold."""
    for rule in RULES:
        for finding in rule.find(rig, catalog):
            yield replace(finding, rests_on=(*finding.rests_on, *rule.rests_on))
