"""The distribution's archive: several layers need its components and lists; the first of them in the run sees to it."""

from __future__ import annotations

from pyinfra.api.operation import OperationMeta

from rigwright.catalog.releases import Release
from rigwright.choice.base import components
from rigwright.engine.reasons import after, changes_in
from rigwright.operations import apt, sources
from rigwright.spec.rig import Rig

IN_BASE, LISTS_IN_BASE = "Add archive components to the mirror in use", "Fetch the package lists"
"""What layer `base` calls its part."""


def completed(rig: Rig, release: Release, known: OperationMeta) -> OperationMeta:
    """Add what is missing still when this is reached; ``known``: whose archives apt's sources are has been learnt."""
    with after(known, *changes_in("base", IN_BASE)):
        added: OperationMeta = sources.components(name="Add the archive's components", wanted=components(rig, release))
    return added


def fetched(added: OperationMeta) -> OperationMeta:
    """Fetch the lists that are not current still when this is reached. ``added``: components."""
    with after(added, *changes_in("base", LISTS_IN_BASE)):
        lists: OperationMeta = apt.updated(name="Fetch the archive's lists")
    return lists
