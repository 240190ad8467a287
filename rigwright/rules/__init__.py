"""What must hold of a declaration beyond its types: pure functions over a Rig and the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from rigwright.catalog import Catalog
from rigwright.rules import (
    access,
    base,
    cables,
    containers,
    cuda,
    driver,
    firewall,
    models,
    packages,
    pcie,
    power,
    tuning,
)
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig

__all__ = ["RULES", "Finding", "Rule", "findings"]


class Rule(NamedTuple):
    """One module's rules, and the parts of the declaration that they read."""

    reads: frozenset[str]
    find: Callable[[Rig, Catalog], Iterator[Finding]]


def _rule(find: Callable[[Rig, Catalog], Iterator[Finding]], *reads: str) -> Rule:
    return Rule(frozenset(reads), find)


RULES = (
    _rule(models.find, "hardware"),
    _rule(power.find, "hardware"),
    _rule(cables.find, "hardware"),
    _rule(pcie.find, "hardware"),
    _rule(base.find, "base", "hardware"),
    _rule(packages.find, "base", "access", "driver"),
    _rule(access.find, "access"),
    _rule(firewall.find, "access"),
    _rule(driver.find, "driver", "hardware", "cuda", "containers"),
    _rule(cuda.find, "cuda", "driver"),
    _rule(containers.find, "containers", "base"),
    _rule(tuning.find, "tuning", "containers"),
)


def findings(rig: Rig, catalog: Catalog, unusable: Collection[str] = ()) -> Iterator[Finding]:
    """Everything that does not hold. Rules that read an ``unusable`` part (its types are wrong) are left out."""
    for rule in RULES:
        if rule.reads.isdisjoint(unusable):
            yield from rule.find(rig, catalog)
