"""Components of the distribution's archive: asked for by several layers, added by the first of them in the run."""

from __future__ import annotations

from pyinfra.api.operation import OperationMeta

from rigwright.catalog.releases import Release
from rigwright.choice.base import components
from rigwright.engine.reasons import after, changes_in
from rigwright.operations import sources
from rigwright.spec.rig import Rig

IN_BASE = "Add archive components to the mirror in use"
"""What layer `base` calls it."""


def completed(rig: Rig, release: Release, known: OperationMeta) -> OperationMeta:
    """Add what is missing still when this is reached; ``known``: whose archives apt's sources are has been learnt."""
    with after(known, *changes_in("base", IN_BASE)):
        added: OperationMeta = sources.components(name="Add the archive's components", wanted=components(rig, release))
    return added
