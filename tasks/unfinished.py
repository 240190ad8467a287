"""What an interrupted dpkg left: finished before a layer installs anything, whichever layers the run has."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.operation import OperationMeta

from rigwright.engine.layers import layers_of
from rigwright.engine.reasons import changes_in
from rigwright.operations import apt

NAME = "Finish what dpkg left half done"


def finished(modules_may_fail: bool = False) -> list[OperationMeta]:
    """Finish it, unless layer `base` is in the run and has done so. ``modules_may_fail``: as for `apt.repaired`.

    What comes back tells whether packages change by it: what installs some waits for that.
    """
    if "base" in layers_of(host):
        return changes_in("base", NAME)
    return [apt.repaired(name=NAME, modules_may_fail=modules_may_fail)]
