"""Kernels that can have a driver: headers for each, a module for each, and no kernel that never can."""

from __future__ import annotations

import shlex
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.catalog.driver import PackageSet
from rigwright.catalog.releases import Release as KnownRelease
from rigwright.choice.kernels import flavours_followed, unbuildable
from rigwright.engine.reasons import because, refuse
from rigwright.facts.dkms import Dkms, DkmsModule
from rigwright.facts.driver import DriverPackages, Offer, Offers
from rigwright.facts.kernels import Kernels, KernelsState
from rigwright.facts.modules import Modules
from rigwright.facts.packages import Packages
from rigwright.operations.apt import WAITING_APT
from rigwright.operations.driver.scripts import build, transaction


@operation()
def headers(release: KnownRelease) -> Generator[StringCommand, None, None]:
    """Install the headers of every installed kernel, and the metapackages that bring those of the next.

    The archive drops the headers of old kernels. Where even the newest installed kernel's are gone, as on a freshly
    installed host, today's kernel is installed with its headers: the host then boots that one.
    """
    if not host.get_fact(Kernels).installed:
        host.noop("no kernel is installed here")
        return
    wanted, why = missing_headers(release)
    if not wanted:
        host.noop("every kernel has its headers")
        return
    for reason in why:
        because(reason)
    yield transaction(wanted)


def missing_headers(release: KnownRelease) -> tuple[list[str], list[str]]:
    """What apt has to install so that every kernel has its headers, and why. Refuses where there can be none."""
    state, installed = host.get_fact(Kernels), host.get_fact(Packages).installed
    if not state.installed:
        return [], []
    offers, lost = _unbuildable(release, state)
    flavours = flavours_followed(release, installed, state.installed)
    wanted = [
        package
        for kernel, found in state.installed.items()
        if not found.headers and (package := release.headers_of(kernel)) and kernel not in lost
    ]
    wanted += [release.headers[flavour] for flavour in flavours if release.headers[flavour] not in installed]
    why = []
    if state.newest in lost:
        images = [f"linux-image-{flavour}" for flavour in flavours]
        if not images:
            refuse(
                host,
                f"kernel {state.newest} has no headers here and none in any source, so no driver can be built for it; "
                f"install one of {', '.join(release.headers)}",
            )
        why.append(f"kernel {state.newest}: its headers are in no source any more, today's kernel takes its place")
        wanted += [f"{image}={offers[image].candidate}" for image in images if image in offers]
        wanted = [
            f"{name}={offers[name].candidate}" if name in offers and name in release.headers.values() else name
            for name in dict.fromkeys([*wanted, *(release.headers[flavour] for flavour in flavours)])
        ]
    if wanted:
        why.append("; ".join(f"{name.partition('=')[0]}: absent" for name in wanted))
    return wanted, why


@operation()
def unbuildable_removed(release: KnownRelease, module: str) -> Generator[str, None, None]:
    """Remove kernels that can never have a driver: without its ``module``, and their headers in no source any more.

    The running kernel, the newest and the one that the next boot would start are not touched, and none at all unless
    the newest has its headers; nor where apt has not read its sources: then nobody knows what they have.
    """
    state, on_disk = host.get_fact(Kernels), host.get_fact(Modules)
    if not host.get_fact(Packages).lists_current:
        host.noop("apt has not read its sources as they stand: nobody knows what they have")
        return
    _, lost = _unbuildable(release, state)
    newest = state.newest
    kept = (state.running, newest, state.next_boot)
    spare = [kernel for kernel in lost if kernel not in kept and on_disk.module(kernel, module) is None]
    if not spare or newest is None or newest in lost:
        host.noop("no kernel has to go")
        return
    installed = host.get_fact(Packages).installed
    packages = [name for kernel in spare for name in sorted(installed) if _of_kernel(name, kernel)]
    if not packages:
        host.noop(f"{', '.join(spare)}: in no package")
        return
    because(f"kernel {', '.join(spare)}: headers in no source any more, so never a driver; {newest} takes its place")
    yield f"{WAITING_APT} --purge remove {' '.join(map(shlex.quote, packages))}"


@operation()
def modules(packages: PackageSet) -> Generator[StringCommand | str, None, None]:
    """Have the module on disk for every installed kernel that has headers, in the packages' version and flavour."""
    state, on_disk = host.get_fact(Kernels), host.get_fact(Modules)
    driver = host.get_fact(DriverPackages)
    ready_built = [name for kernel in state.installed for name in driver if _ready_built(packages, name, kernel)]
    builds = any(name in driver for name in packages.kernel)
    # Ubuntu's ready-signed modules have their kernel's version: theirs is the user space's.
    leading = [driver[name].upstream for name in (*packages.kernel, *packages.user) if name in driver]
    wanted = leading[0] if leading else None
    steps: list[tuple[str, StringCommand | str]] = []
    for kernel, found in state.installed.items():
        module = on_disk.module(kernel, packages.module)
        right_flavour = module is not None and module.open == (packages.flavour == "open")
        if module is not None and right_flavour and (wanted is None or module.version == wanted):
            continue
        other = "" if right_flavour else " of the other flavour"
        gap = f"kernel {kernel}: {f'module {module.version}{other}' if module else 'no module'}"
        mine = [name for name in ready_built if name.endswith(kernel)]
        if mine:
            why = f"{gap}, wanted {wanted}" if wanted else gap
            steps.append((why, f"{WAITING_APT} --allow-change-held-packages --reinstall install {' '.join(mine)}"))
        elif found.headers and builds and wanted is not None:
            version = _dkms_version(host.get_fact(Dkms).get(packages.dkms, []), wanted)
            steps.append((f"{gap}, wanted {wanted}", build(packages.dkms, version, kernel)))
    if not steps:
        host.noop("every kernel that can has the driver's module")
        return
    because("; ".join(reason for reason, _ in steps))
    for _, command in steps:
        yield command


def _unbuildable(release: KnownRelease, state: KernelsState) -> tuple[dict[str, Offer], list[str]]:
    without = [kernel for kernel, found in state.installed.items() if not found.headers]
    if not without:
        return {}, []
    names = [release.headers_of(kernel) for kernel in without]
    names += [f"linux-image-{flavour}" for flavour in release.headers] + list(release.headers.values())
    offers = host.get_fact(Offers, names=names)
    with_headers = [kernel for kernel in state.installed if kernel not in without]
    return offers, unbuildable(release, state.installed, with_headers, offers)


def _of_kernel(package: str, kernel: str) -> bool:
    return package.startswith(("linux-image-", "linux-modules-", "linux-headers-")) and package.endswith(f"-{kernel}")


def _ready_built(packages: PackageSet, name: str, kernel: str) -> bool:
    return packages.signed is not None and name == packages.signed.format(kernel_flavour=kernel)


def _dkms_version(known: list[DkmsModule], wanted: str) -> str:
    """DKMS's name of the version; the driver's own, unless DKMS knows it with something added."""
    return next((module.version for module in known if module.version.startswith(wanted)), wanted)
