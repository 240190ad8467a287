"""The planned change of a driver: upgrade, rollback, and the way back of either when something fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ParamSpec, cast

from pyinfra import host
from pyinfra.api.deploy import deploy
from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.catalog.driver import PackageSet
from rigwright.catalog.releases import Release
from rigwright.choice.driver_change import Forward
from rigwright.engine.reasons import after, changes_in
from rigwright.facts.driver_change import Change, Kept, kept_folder
from rigwright.facts.release import Release as ReleaseFact
from rigwright.operations import files, initramfs
from rigwright.operations import reboot as rebooting
from rigwright.operations.driver import card_users, keeping, kernels, loading, packages
from rigwright.spec.rig import Rig
from tasks import driver as layer
from tasks import unfinished
from tasks.containers.gpus import SERVICE as CDI_SERVICE
from tasks.driver.repository import PREFERENCES

KEEP, RECORD, STOP, START = (
    "Keep the packages of the installed driver",
    "Write down what is under way",
    "Stop what uses the cards",
    "Start what was stopped",
)

Arguments = ParamSpec("Arguments")


def _part(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """A deploy of layer `driver`, with the function's own type: pyinfra's is an operation's."""
    return cast("Callable[Arguments, None]", deploy("driver")(function))


@_part
def upgrade(rig: Rig, way: Forward, way_back: bool) -> None:
    """To a driver of the repository: everything fetched and kept first, then the layer itself, in this one version."""
    release = _release()
    wanted = layer.chosen(rig, release)
    if wanted is None:
        return
    exact = replace(wanted, version=way.new)
    offers = layer.to_be_had(rig, release, exact)
    with after(*offers):
        kept = keeping.kept(name=KEEP, preferences=PREFERENCES, some_may_lack=not way_back)
        fetched = packages.fetched(name=f"Fetch the packages of driver {way.new}", wanted=exact)
    stopped = _begun(Change("changing", way.old, way.new), way_back, [kept, fetched])
    layer.put_in_place(rig, release, wanted, offers, exact=exact, kept=kept_folder(way.old))
    _taken_up(rig, wanted.packages, stopped)


@_part
def to_kept(rig: Rig, goal: Kept, way: Forward, way_back: bool) -> None:
    """To a driver that is kept here, on demand. ``rig``: the declaration, as far as it is not about which driver."""
    with after(*unfinished.finished(modules_may_fail=True)):
        kept = keeping.kept(name=KEEP, preferences=PREFERENCES, some_may_lack=not way_back)
    change = Change("changing", way.old, way.new, from_kept=True)
    _exchanged(rig, goal, _begun(change, way_back, [kept]))


@_part
def back(rig: Rig, goal: Kept, change: Change, why: Sequence[str]) -> None:
    """To the driver that a change began with. ``why``: what failed, line by line."""
    going_back = replace(change, step="going back", why=tuple(change.why or why))
    _exchanged(rig, goal, _begun(going_back, False, []))


@_part
def settled(keep: Sequence[str]) -> None:
    """A change has come to a good end; of kept drivers these upstream versions are still needed."""
    keeping.settled(name="End the change", keep=keep)


def _begun(change: Change, way_back: bool, before: Sequence[OperationMeta]) -> OperationMeta:
    """Written down before anything moves; then nothing uses the cards."""
    with after(*before):
        keeping.recorded(name=RECORD, change=change, way_back=way_back)
    return card_users.stopped(name=STOP)


def _exchanged(rig: Rig, goal: Kept, stopped: OperationMeta) -> None:
    """The driver's packages, pin and modules as they are kept."""
    release = _release()
    source = rig.driver.source
    if source == "none":
        raise ValueError("driver.source is 'none': there is no driver to put back")
    known = catalog().driver.package_set(source, release, goal.branch, goal.flavour)
    restored = keeping.restored(name=f"Put driver {goal.upstream} back", goal=goal)
    if goal.preferences is None:
        files.absent(name="Remove the pin that there was not", paths=[PREFERENCES])
    else:
        files.content(name="Put apt's pin back", dest=PREFERENCES, text=goal.preferences)
    with after(restored):
        packages.held(name="Hold the driver's packages")
        built = kernels.modules(name="Have a module for every kernel", packages=known)
        initramfs.current(name=layer.REBUILD)
    with after(restored, built):
        loading.loaded(name="Load the driver", module=known.module)
    _taken_up(rig, known, stopped)


def _taken_up(rig: Rig, known: PackageSet, stopped: OperationMeta) -> None:
    """The driver on disk loaded, by a reboot where it takes one, described to containers, and used again."""
    with after(*changes_in("driver")):
        rebooted = rebooting.if_needed(
            name="Reboot if needed", module=known.module, words=(), allowed=rig.driver.reboot, layers=("driver",)
        )
    with after(stopped, rebooted, *changes_in("driver")):
        card_users.described(
            name="Describe the driver and the GPUs to containers",
            spec=catalog().containers.toolkit.cdi_spec,
            unit=CDI_SERVICE,
        )
        card_users.started(name=START)


def _release() -> Release:
    return catalog().release(host.get_fact(ReleaseFact).codename)
