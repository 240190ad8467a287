"""Layer `driver`: NVIDIA's kernel modules and user space, from one source, for every kernel."""

from __future__ import annotations

from collections.abc import Sequence

from pyinfra import host
from pyinfra.api.deploy import deploy
from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.choice.cards import generations, unknown_cards
from rigwright.choice.driver import Wanted, wanted_driver
from rigwright.choice.flavour import Impossible
from rigwright.engine.reasons import after
from rigwright.facts.gpus import Gpus
from rigwright.facts.modules import RIVALS
from rigwright.facts.release import Release as ReleaseFact
from rigwright.operations import debconf, files, initramfs, refusal, sources
from rigwright.operations.driver import kernels, loading, packages, persistence, secure_boot
from rigwright.spec.rig import Rig
from tasks import archive as archives
from tasks import unfinished
from tasks.driver import repository

INSTALL, UNMIX, PURGE = "Install the driver", "Remove what is left of another source", "Remove the driver"
PACKAGE_STEPS = (INSTALL, UNMIX, PURGE)
"""The operations after which the host may have another driver; later layers wait for them."""
REBUILD = "Rebuild the initial RAM file systems"
BLACKLIST = "/etc/modprobe.d/rigwright-nouveau.conf"
PERSISTENCE = persistence.DROP_IN


@deploy("driver")
def driver(rig: Rig) -> None:
    """Bring the driver to the declared state; with source "none", leave the host as it is."""
    release = catalog().release(host.get_fact(ReleaseFact).codename)
    if rig.driver.state == "absent":
        _absent(rig, release)
    elif rig.driver.source != "none":
        _present(rig, release)


def _present(rig: Rig, release: Release) -> None:
    wanted = chosen(rig, release)
    if wanted is None:
        return
    put_in_place(rig, release, wanted, to_be_had(rig, release, wanted))


def chosen(rig: Rig, release: Release) -> Wanted | None:
    """The declared driver; None, and the host refused, where there can be none."""
    on_bus = host.get_fact(Gpus)
    try:
        return wanted_driver(rig, release, catalog(), generations(rig, catalog(), on_bus))
    except Impossible as impossible:
        refusal.refused(name="Choose the driver", text=str(impossible))
        return None


def to_be_had(rig: Rig, release: Release, wanted: Wanted) -> list[OperationMeta | None]:
    """dpkg in order, sources read, and the driver among what they offer: what its installation waits for."""
    # A driver that cannot be built is replaced further down, or named there.
    finished = unfinished.finished(modules_may_fail=True)
    offers = _sources(rig, release)
    on_bus = host.get_fact(Gpus)
    with after(*offers):
        packages.offered(
            name="Find the driver",
            wanted=wanted,
            unknown=unknown_cards(catalog(), on_bus) if rig.driver.flavour == "auto" else [],
        )
    return [*finished, *offers]


def put_in_place(
    rig: Rig,
    release: Release,
    wanted: Wanted,
    offers: Sequence[OperationMeta | None],
    exact: Wanted | None = None,
    kept: str = "",
) -> None:
    """Pin, packages, modules. ``exact``: in this very version; ``kept``: a folder with the packages of the old one."""
    pin = repository.pinned(wanted)
    if release.id == "debian":
        _answer_about_the_old_module()
    installed, headers, built = _packages(exact or wanted, release, offers, pin, kept)
    if not repository.needed(rig):
        repository.absent()
    _modules_in_use(wanted.packages.module, installed, headers, built)


def _sources(rig: Rig, release: Release) -> list[OperationMeta | None]:
    """The archive whole and, where the driver or a toolkit comes from there, NVIDIA's repository; what is offered."""
    known = sources.known(name="Learn whose archives apt's sources are")
    archive = archives.completed(rig, release, known)
    lists = repository.present(rig, release) if repository.needed(rig) else None
    updated = archives.fetched(archive)
    return [known, archive, lists, updated]


def _answer_about_the_old_module() -> None:
    """The packages ask whether to wait for it, and would stop there while it is loaded; the reboot answers it."""
    debconf.answered(
        name="Tell the packages not to wait for the old module",
        package="nvidia-support",
        question="nvidia-support/check-running-module-version",
        kind="boolean",
        answer="false",
    )


def _packages(
    wanted: Wanted, release: Release, offers: Sequence[OperationMeta | None], pin: OperationMeta, kept: str
) -> tuple[OperationMeta, OperationMeta, OperationMeta]:
    """The declared packages and no others, held, with a module for every kernel: packages, headers, modules."""
    # Not after the pin: what is to be installed does not depend on it, and the plan says what that is.
    with after(*offers):
        installed = packages.installed(name=INSTALL, wanted=wanted, kept=kept)
    with after(*offers, pin, installed):
        headers = kernels.headers(name="Install headers for every kernel", release=release)
    with after(installed):
        unmixed = packages.unmixed(name=UNMIX, wanted=wanted)
    with after(installed, unmixed):
        packages.held(name="Hold the driver's packages")
    with after(installed, headers):
        built = kernels.modules(name="Have a module for every kernel", packages=wanted.packages)
    return installed, headers, built


def _modules_in_use(module: str, installed: OperationMeta, headers: OperationMeta, built: OperationMeta) -> None:
    """The kernel's own drivers off the cards, now and at boot, and ours on them; or what keeps it from them."""
    blacklist = files.template(
        name="Keep the kernel's own drivers off the cards",
        src=f"{BLACKLIST[1:]}.j2",
        dest=BLACKLIST,
        context={"names": RIVALS},
    )
    with after(installed, headers, blacklist):
        initramfs.current(name=REBUILD)
    with after(installed, built, blacklist):
        loaded = loading.loaded(name="Load the driver", module=module)
    with after(installed, built, loaded):
        secure_boot.looked_at(name="Look at Secure Boot", module=module)


def _absent(rig: Rig, release: Release) -> None:
    unfinished.finished(modules_may_fail=True)
    removed = packages.purged(name=PURGE)
    files.absent(name="Take back our files", paths=[BLACKLIST, PERSISTENCE])
    if repository.needed(rig):
        repository.toolkits_only()
    else:
        repository.unpinned()
        repository.absent()
    with after(removed):
        initramfs.current(name=REBUILD)
