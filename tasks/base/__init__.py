"""Layer `base`: the distribution itself, before anything about GPUs."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api import deploy

from rigwright.catalog import catalog
from rigwright.choice import base as choice
from rigwright.engine.reasons import after
from rigwright.facts.packages import Packages
from rigwright.facts.release import Release
from rigwright.operations import apt, refusal, sources
from rigwright.spec.rig import Rig
from tasks import archive, containers, unfinished
from tasks.base.disks import disks
from tasks.base.services import journal, ntp_servers, smart, time
from tasks.base.settings import settings
from tasks.base.swap import compressed, swap
from tasks.base.upgrades import restarts, timers, upgrades
from tasks.driver import repository


@deploy("base")
def base(rig: Rig) -> None:
    """Archive, packages, clock, names, journal, upgrades, drives' health, swap, data disks."""
    release = catalog().release(host.get_fact(Release).codename)
    finished = apt.repaired(name=unfinished.NAME)
    removed = [repository.others_removed(rig, release)] if repository.needed(rig) else []
    removed += containers.others_removed(rig, release)
    known = sources.known(name="Learn whose archives apt's sources are")
    with after(known):
        more = sources.components(name=archive.IN_BASE, wanted=choice.components(rig, release))
    with after(*removed, known, more):
        apt.updated(name=archive.LISTS_IN_BASE)
    apt.remove(name="Remove packages declared absent", names=choice.removed(rig))
    there = host.get_fact(Packages).installed
    if others := choice.other_clocks(rig, there):
        refusal.refused(
            name="Choose what keeps the clock",
            text=f"{others[0]} keeps this host's clock, and installing {choice.time_daemon(there, rig.base.packages)} "
            f"would remove it. Declare base.packages.{others[0]} = False, which does, or base.time_sync = False, which "
            "leaves the clock to it",
        )
        return
    # Before the packages: a service starts as soon as its package is installed, and with what it finds.
    named = ntp_servers(rig)
    upgrades(rig, release)
    restarts(rig)
    compressed(rig)
    with after(finished):
        installed = apt.install(name="Install the base packages", packages=choice.packages(rig, there))
    settings(rig, installed)
    time(rig, installed, named)
    journal(rig)
    timers(rig, installed)
    smart(rig, installed)
    swap(rig, installed)
    disks(rig, installed)
