"""What a change of the driver has to know of a host before anything is decided; nothing on the host is changed."""

from __future__ import annotations

import posixpath
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pyinfra.api import StringCommand
from pyinfra.api.exceptions import PyinfraError

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.choice.cards import generations
from rigwright.choice.driver import Wanted, names_of_interest, version_order, wanted_driver
from rigwright.choice.driver_change import Look, installed_version
from rigwright.choice.flavour import Impossible
from rigwright.choice.kernels import flavours_followed
from rigwright.facts.driver import DriverPackages, Offer, Offers, upstream_version
from rigwright.facts.driver_change import ChangeUnderWay, KeptDrivers
from rigwright.facts.files import Files
from rigwright.facts.gpus import Gpus
from rigwright.facts.modules import Modules
from rigwright.facts.packages import OTHERS, STAMPS, Packages
from rigwright.facts.release import Release as ReleaseFact
from rigwright.operations import apt
from rigwright.spec.rig import Rig
from tasks.driver.repository import SOURCE

if TYPE_CHECKING:
    from pyinfra.api.host import Host


class ListsNotRead(PyinfraError):
    """apt could not read what the driver's source offers."""


def wanted(host: Host, rig: Rig) -> Wanted:
    """The declared driver on this host. Raises `Impossible`."""
    on_bus = host.get_fact(Gpus)
    return wanted_driver(rig, release(host), catalog(), generations(rig, catalog(), on_bus))


def release(host: Host) -> Release:
    """The host's release, as the catalogue has it."""
    return catalog().release(host.get_fact(ReleaseFact).codename)


def lists_read(host: Host, rig: Rig) -> None:
    """Have apt read what the driver's source offers today. Raises `ListsNotRead`."""
    ours = rig.driver.source == "nvidia" and host.get_fact(Files, paths=[SOURCE])[SOURCE] is not None
    succeeded, output = host.run_shell_command(
        StringCommand(apt.read_command(SOURCE if ours else None)), _sudo=bool(host.data.get("_sudo"))
    )
    if not succeeded:
        raise ListsNotRead(output.stderr.strip() or output.stdout.strip() or "apt-get update failed without a word")


def asked(host: Host, rig: Rig) -> tuple[Wanted, Look]:
    """The declared driver, and the host with what is offered today. Raises `Impossible` and `ListsNotRead`.

    While a change is under way it is decided where to, and nothing is read anew.
    """
    declared = wanted(host, rig)
    if host.get_fact(ChangeUnderWay) is None:
        lists_read(host, rig)
    return declared, look(host, declared)


def look(host: Host, wanted: Wanted | None) -> Look:
    """The host as it is, and what is offered of the wanted driver, if any is."""
    found, packages = host.get_fact(ReleaseFact), host.get_fact(DriverPackages)
    metas = flavours_followed(release(host), host.get_fact(Packages).installed, found.kernels)
    names = names_of_interest(wanted, packages, found.kernels, metas) if wanted is not None else sorted(packages)
    offers = host.get_fact(Offers, names=names)
    kept = host.get_fact(KeptDrivers)
    return Look(
        packages=packages,
        offers=offers,
        modules=host.get_fact(Modules),
        kernels=found.kernels,
        metas=metas,
        container=found.container is not None,
        kept=kept,
        change=host.get_fact(ChangeUnderWay),
    )


def told(host: Host, rig: Rig) -> dict[str, Any]:
    """What `rig driver status --json` says of a host: plain data."""
    found, packages, state = host.get_fact(ReleaseFact), host.get_fact(DriverPackages), host.get_fact(Packages)
    modules, kept = host.get_fact(Modules), host.get_fact(KeptDrivers)
    driver, installed = rig.driver, installed_version(packages)
    change = host.get_fact(ChangeUnderWay)
    stamp = f"{STAMPS}/{posixpath.basename(SOURCE) if driver.source == 'nvidia' else OTHERS}"
    read = host.get_fact(Files, paths=[stamp])[stamp]
    return {
        "declared": {name: getattr(driver, name) for name in ("state", "source", "branch", "version", "flavour")},
        "installed": installed,
        "packages": {name: each.version for name, each in sorted(packages.items())},
        "loaded": modules.running,
        "modules": {
            kernel: next((each.version for each in modules.on_disk.get(kernel, ())), None) for kernel in found.kernels
        },
        "held": sorted(set(packages) & state.held),
        "loose": sorted(set(packages) - state.held),
        "offered": _offered(host, rig),
        "lists_read_at": read.mtime if read else None,
        "kept": [
            {"version": each.upstream, "whole": not each.missing, "missing": list(each.missing)}
            for each in kept.values()
            if each.upstream != installed
        ],
        "change": None if change is None else asdict(change),
    }


def _offered(host: Host, rig: Rig) -> dict[str, str]:
    """Branch → the newest version of it that the driver's source has, newest branch first."""
    if rig.driver.state == "absent" or rig.driver.source == "none":
        return {}
    names = catalog().driver.packages[rig.driver.source][release(host).id]
    leading = {names.user[0], *([names.from_590.user[0]] if names.from_590 else [])}
    found: dict[str, Offer] = host.get_fact(Offers, names=[_word(name) for name in sorted(leading)])
    try:
        declared = wanted(host, rig)
    except Impossible:
        return {}
    versions = {upstream_version(each) for offer in found.values() for each in declared.offers_from_source(offer)}
    ordered = sorted((each for each in versions if each is not None), key=version_order)
    newest = {each.partition(".")[0]: each for each in ordered}
    return dict(sorted(newest.items(), reverse=True))


def _word(name: str) -> str:
    """A package name for `Offers`; one that has the branch in it becomes all of that form, for the shell to fill in."""
    if "{branch}" not in name:
        return name
    form = name.replace("{branch}", "[0-9]+").replace("{open}", "(-open)?")
    return f"$(apt-cache pkgnames {name.partition('{')[0]} | grep -xE '{form}')"
