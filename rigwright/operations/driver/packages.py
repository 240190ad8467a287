"""The driver's packages: one source, one version, held; or none."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Mapping, Sequence

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.catalog import catalog
from rigwright.choice.driver import Target, Wanted, misplaced_packages, names_of_interest, target
from rigwright.choice.flavour import Impossible
from rigwright.choice.kernels import flavours_followed
from rigwright.choice.pins import driver_pins, preferences
from rigwright.engine.reasons import because, refuse, remark
from rigwright.facts.driver import DriverPackages, DriverRemains, Offer, Offers
from rigwright.facts.packages import Packages
from rigwright.facts.release import Release
from rigwright.operations.apt import WAITING_APT
from rigwright.operations.driver.kernels import missing_headers
from rigwright.operations.driver.scripts import download, transaction


@operation()
def offered(wanted: Wanted, unknown: Sequence[str] = ()) -> Generator[str, None, None]:
    """Refuse what the source does not offer, before anything is changed for its sake.

    ``unknown``: cards whose generation nobody here knows; that the flavour was chosen without them is remarked.
    """
    if unknown:
        remark(
            f"card {', '.join(unknown)}: its generation is not known here, and the {wanted.flavour} kernel modules are "
            "chosen without it; if they do not drive it, declare driver.flavour"
        )
    host.noop(f"driver {_target(wanted).upstream} is to be had")
    yield from ()


@operation()
def installed(wanted: Wanted, kept: str = "") -> Generator[StringCommand, None, None]:
    """Have the driver's packages from the wanted source, all of one version, and none of another source.

    One transaction: a package of another source is replaced, or removed where the wanted source has nothing in its
    place. Kernels' missing headers come along: installed by themselves, they would have DKMS build the driver that is
    to go. A kernel module that does not build puts everything back and fails with the compiler's words.
    Refuses what the source does not offer. ``kept``: a folder with the packages that are to be put back.
    """
    goal = _target(wanted)
    if not goal.gaps and not goal.removals:
        host.noop(f"driver {goal.upstream} is installed")
        return
    because(f"driver {goal.upstream}: {_grouped(goal.gaps) or 'as it should be, but not alone'}")
    if goal.removals:
        because(f"{_grouped(goal.removals)}, wanted absent: drivers do not mix")
    headers, why = missing_headers(wanted.release) if goal.gaps else ([], [])
    for reason in why:
        because(reason)
    removals = [f"{name}-" for name in goal.removals]
    yield transaction([*headers, *_missing(goal), *removals], _held_of_driver(), _pins(wanted, goal), kept)


@operation()
def fetched(wanted: Wanted) -> Generator[StringCommand, None, None]:
    """Have in apt's cache what `installed` would install, so that nothing has to come over the network in the midst."""
    goal = _target(wanted)
    if not goal.gaps:
        host.noop(f"driver {goal.upstream} is installed")
        return
    because(f"driver {goal.upstream}: {_grouped(goal.gaps)}")
    removals = [f"{name}-" for name in goal.removals]
    yield download([*_missing(goal), *removals], _pins(wanted, goal))


@operation()
def unmixed(wanted: Wanted) -> Generator[StringCommand, None, None]:
    """Remove what is left of another source, branch or flavour once the wanted driver is there."""
    packages = host.get_fact(DriverPackages)
    misplaced = misplaced_packages(wanted, packages, _offers(wanted))
    if not misplaced:
        host.noop("all of the driver's packages belong together")
        return
    because(f"{_grouped(misplaced)}, wanted absent: drivers do not mix")
    yield transaction((f"{name}-" for name in misplaced), _held_of_driver(), _pins(wanted, _target(wanted)))


@operation()
def held() -> Generator[str, None, None]:
    """Hold every package of the driver where it is: they move together, when told to."""
    packages = host.get_fact(DriverPackages)
    loose = sorted(set(packages) - host.get_fact(Packages).held)
    if not loose:
        host.noop("every package of the driver is held")
        return
    because(f"not held: {', '.join(loose)}")
    yield f"apt-mark hold {' '.join(map(shlex.quote, loose))}"


@operation()
def purged() -> Generator[str, None, None]:
    """Remove every package of the driver, of any source, with what came along for it alone, and their configuration."""
    there = host.get_fact(DriverRemains)
    if not there:
        host.noop("no package of the driver is installed")
        return
    because(f"installed, wanted absent: {', '.join(sorted(there))}")
    yield f"{WAITING_APT} --allow-change-held-packages --purge remove {' '.join(map(shlex.quote, sorted(there)))}"


def _held_of_driver() -> list[str]:
    packages = host.get_fact(DriverPackages)
    return sorted(set(packages) & host.get_fact(Packages).held)


def _pins(wanted: Wanted, goal: Target) -> str:
    """Whatever comes along by dependence comes in the driver's version, though the branch has a newer one."""
    return preferences(driver_pins(wanted, catalog().driver.nvidia, goal.upstream))


def _missing(goal: Target) -> list[str]:
    packages = host.get_fact(DriverPackages)
    wanted = {name: version for name, version in goal.versions.items() if name in goal.gaps}
    # One that a cut has left half installed is there for apt, if it is of the wanted version.
    halves = any(name in packages and packages[name].version == version for name, version in wanted.items())
    return [*(["--reinstall"] if halves else []), *(f"{name}={version}" for name, version in wanted.items())]


def _grouped(gaps: Mapping[str, str]) -> str:
    """What is wrong, said once for all packages that share it."""
    names: dict[str, list[str]] = {}
    for name, gap in gaps.items():
        names.setdefault(gap, []).append(name)
    return "; ".join(f"{', '.join(sharing)} {gap}" for gap, sharing in names.items())


def _offers(wanted: Wanted) -> dict[str, Offer]:
    packages, kernels = host.get_fact(DriverPackages), host.get_fact(Release).kernels
    names = names_of_interest(wanted, packages, kernels, _flavours(wanted))
    found: dict[str, Offer] = host.get_fact(Offers, names=names)
    return found


def _flavours(wanted: Wanted) -> list[str]:
    return flavours_followed(wanted.release, host.get_fact(Packages).installed, host.get_fact(Release).kernels)


def _target(wanted: Wanted) -> Target:
    packages, kernels = host.get_fact(DriverPackages), host.get_fact(Release).kernels
    try:
        return target(wanted, packages, _offers(wanted), kernels, _flavours(wanted))
    except Impossible as impossible:
        refuse(host, str(impossible))
