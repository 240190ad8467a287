"""What an interrupted dpkg left: finished before a layer installs anything, whichever layers the run has."""

from __future__ import annotations

from pyinfra import host

from rigwright.engine.layers import layers_of
from rigwright.operations import apt

NAME = "Finish what dpkg left half done"


def finished(modules_may_fail: bool = False) -> None:
    """Finish it, unless layer `base` is in the run and has done so. ``modules_may_fail``: as for `apt.repaired`."""
    if "base" not in layers_of(host):
        apt.repaired(name=NAME, modules_may_fail=modules_may_fail)
