"""The way back of a change of the driver: the old packages kept, the change written down, the old ones put back."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Generator, Iterable

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.choice.driver_change import kept_of
from rigwright.engine.reasons import because, refuse
from rigwright.facts.driver import DPKG, DriverPackages, Offers
from rigwright.facts.driver_change import CHANGE, MANIFEST, CachedPackages, Change, ChangeUnderWay, Kept, KeptDrivers
from rigwright.facts.files import Contents
from rigwright.facts.modules import Modules
from rigwright.facts.packages import Packages
from rigwright.operations.driver.card_users import running
from rigwright.operations.driver.scripts import back, keep
from rigwright.operations.files import written


@operation()
def kept(preferences: str, some_may_lack: bool = False) -> Generator[StringCommand, None, None]:
    """Keep the packages of the installed driver, every one proved to be the very build that is installed.

    ``preferences``: the path of apt's pin, whose text is kept along. ``some_may_lack``: packages that are to be had
    nowhere are no error (there is no whole way back then). Refuses where one is known to be nowhere. Once a change is
    under way nothing is kept: what is installed then may be half of either driver.
    """
    if host.get_fact(ChangeUnderWay) is not None:
        host.noop("what the change began with is kept, or is not to be had")
        return
    pin = host.get_fact(Contents, paths=[preferences])[preferences]
    packages = host.get_fact(DriverPackages)
    installed = kept_of(packages, host.get_fact(Modules), pin)
    if installed is None:
        host.noop("no driver is installed")
        return
    halves = sorted(f"{name} ({each.status})" for name, each in packages.items() if each.status[1:2] != "i")
    if halves:
        refuse(host, f"left unfinished: {', '.join(halves)}: `rig apply --layer driver` mends it; nothing was changed")
    there = host.get_fact(KeptDrivers).get(installed.upstream)
    lacking = _lacking(installed, there)
    if there is not None and there.text() == installed.text() and (some_may_lack or not lacking):
        host.noop(f"driver {installed.upstream} is kept")
        return
    nowhere = _nowhere(installed, lacking)
    if nowhere and not some_may_lack:
        refuse(
            host,
            f"installed, and to be had nowhere any more: {_named(installed, nowhere)}; there would be no way back, so "
            "nothing was changed (--without-way-back does it all the same)",
        )
    because(f"driver {installed.upstream}: {len(lacking)} of {len(installed.packages)} packages are not kept yet")
    yield keep(installed.folder, sorted(installed.packages), some_may_lack)
    yield written(f"{installed.folder}/{MANIFEST}", installed.text().encode(), "644", "root", "root", None)


@operation()
def recorded(change: Change, way_back: bool = True) -> Generator[StringCommand, None, None]:
    """Write down the change that begins here, or that it goes back from here on; with the units that ran before.

    ``way_back``: refuse to begin unless the old packages are all kept.
    """
    known = host.get_fact(ChangeUnderWay)
    if known is not None and (known.step, known.old, known.new) == (change.step, change.old, change.new):
        host.noop(f"it is written down that the driver is {change.step}")
        return
    old = host.get_fact(KeptDrivers).get(change.old)
    if change.step == "changing" and way_back and (old is None or old.missing):
        lack = ", ".join(old.missing) if old else "all"
        refuse(host, f"driver {change.old} is not kept whole ({lack} missing): there would be no way back")
    because(f"the driver is {change.step}: {change.old} → {change.new}")
    stopped = known.stopped if known is not None else tuple(running())
    told = Change(change.step, change.old, change.new, change.from_kept, stopped, change.why)
    yield written(CHANGE, told.text().encode(), "644", "root", "root", None)


@operation()
def settled(keep: Collection[str]) -> Generator[str, None, None]:
    """Nothing is under way any more, and of the kept drivers only these upstream versions are needed."""
    spare = [each.folder for name, each in host.get_fact(KeptDrivers).items() if name not in keep]
    under_way = host.get_fact(ChangeUnderWay)
    if under_way is None and not spare:
        host.noop("nothing is under way")
        return
    because(f"the change of the driver from {under_way.old} has ended" if under_way else "older drivers are kept")
    # The record goes last: cut off before, the next run ends it.
    removed = f"rm -rf -- {' '.join(map(shlex.quote, spare))} && " if spare else ""
    yield f"{removed}sync && rm -f {CHANGE}"


@operation()
def restored(goal: Kept) -> Generator[StringCommand, None, None]:
    """Have the driver's packages just as they are kept: one transaction, from their files, without a network.

    Refuses, with nothing done, where a package that is needed is not kept.
    """
    packages = host.get_fact(DriverPackages)
    gaps = [name for name, version in goal.packages.items() if not _is(packages.get(name), version)]
    strange = sorted(set(packages) - set(goal.packages))
    if not gaps and not strange and not host.get_fact(Packages).audit:
        host.noop(f"driver {goal.upstream} is installed")
        return
    lost = [name for name in gaps if name not in goal.files]
    if lost:
        refuse(host, f"driver {goal.upstream} cannot be put back: not kept: {_named(goal, lost)}")
    because(f"driver {goal.upstream}: {len(gaps)} of {len(goal.packages)} packages are not as they were")
    if strange:
        because(f"{', '.join(strange)}: not of driver {goal.upstream}, wanted absent")
    yield back([*_files(goal, gaps), *(f"{name}-" for name in strange)])


def _named(driver: Kept, names: Iterable[str]) -> str:
    return ", ".join(f"{name} {driver.packages[name]}" for name in names)


def _files(goal: Kept, names: Iterable[str]) -> list[str]:
    return [path for name in names for path in goal.files[name]]


def _is(package: object, version: str) -> bool:
    return getattr(package, "version", None) == version and getattr(package, "status", "")[1:2] == "i"


def _lacking(installed: Kept, there: Kept | None) -> list[str]:
    if there is None:
        return sorted(installed.packages)
    return [name for name, version in installed.packages.items()
            if there.packages.get(name) != version or name not in there.files]  # fmt: skip


def _nowhere(installed: Kept, lacking: list[str]) -> list[str]:
    """Of these packages those that are in no source, and not in apt's cache."""
    if not lacking:
        return []
    offers, cached = host.get_fact(Offers, names=sorted(installed.packages)), host.get_fact(CachedPackages)
    found = []
    for name in lacking:
        version = installed.packages[name]
        offer = offers.get(name)
        places = offer.versions.get(version, ()) if offer else ()
        if (name, version) not in cached and not any(place.line != DPKG for place in places):
            found.append(name)
    return found
