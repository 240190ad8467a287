"""The cards' persistence mode: set now, and kept at boot by the driver's own daemon."""

from __future__ import annotations

from pyinfra import host

from rigwright.catalog import catalog
from rigwright.engine.reasons import after, changes_in
from rigwright.facts.release import Release
from rigwright.operations import files
from rigwright.operations.driver import persistence
from rigwright.spec.rig import Rig


def mode(rig: Rig) -> None:
    """As declared; of a driver that is not ours (source "none") the daemon is left to its owner, the mode is not."""
    on = rig.tuning.state == "present" and rig.tuning.persistence_mode
    if rig.driver.state == "absent":
        return  # what layer driver takes away takes its daemon along
    ours = rig.driver.source != "none"
    shipped_static = _shipped_static(rig)
    if on and shipped_static:
        drop_in = files.template(
            name="Have the persistence daemon keep persistence mode on",
            src=f"{persistence.DROP_IN[1:]}.j2",
            dest=persistence.DROP_IN,
            context={},
        )
    else:
        drop_in = files.absent(name="Leave the persistence daemon's unit as shipped", paths=[persistence.DROP_IN])
    daemon = None
    # All of them: what is loaded counts, too.
    with after(*changes_in("driver"), drop_in):
        if ours:
            daemon = persistence.daemon(
                name="Run the persistence daemon as declared", on=on, shipped_static=shipped_static
            )
    with after(*changes_in("driver"), daemon):
        persistence.mode(name="Set the cards' persistence mode", on=on)


def _shipped_static(rig: Rig) -> bool:
    if rig.driver.source == "none":
        return False
    release = catalog().release(host.get_fact(Release).codename)
    return catalog().driver.packages[rig.driver.source][release.id].persistence_override
