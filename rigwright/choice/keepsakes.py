"""What all layers have that is worth keeping. Each says it in its own module; here it is only collected."""

from __future__ import annotations

from rigwright.catalog import Catalog
from rigwright.choice import access, gateway, runtimes, secure_boot
from rigwright.choice.keepsake import Keepsake
from rigwright.spec.rig import Rig

OWN = "backup.paths"
"""The name of what the owner adds."""


def keepsakes(rig: Rig, catalog: Catalog) -> list[Keepsake]:
    """In the order of the layers, and at the end what the owner adds."""
    return [
        *access.keepsakes(rig),
        *secure_boot.keepsakes(rig),
        *runtimes.keepsakes(rig, catalog),
        *gateway.keepsakes(rig),
        *([Keepsake(OWN, paths=list(rig.backup.paths))] if rig.backup.paths else []),
    ]
