"""What a change of the driver comes to on a host as it was found: forward, back, nothing, or a refusal with its reason.

A change that was cut off is ended by the next `rig driver upgrade` or `rig driver rollback`: on, if that asks for where
it was going; back, if it was going back already, or going back is what is asked for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rigwright.choice.driver import Wanted, target, version_order
from rigwright.choice.flavour import Impossible
from rigwright.facts.driver import DriverPackage, Offer
from rigwright.facts.driver_change import Change, Kept
from rigwright.facts.modules import ModulesState

OVERLOOKED = (
    "cuda.driver-too-old",
    "driver.branch-too-old",
    "driver.branch-dropped-card",
    "driver.flavour-unfit",
    "driver.open-broken",
    "driver.no-common-flavour",
)
"""Faults that keep no host from going back to what it had, whatever else is declared by now."""


class Refused(ValueError):
    """Nothing is changed, and the text says why and what to do instead."""


@dataclass(frozen=True)
class Look:
    """A host as it was found. ``kernels``: the installed ones; ``metas``: kernel flavours that it follows."""

    packages: Mapping[str, DriverPackage]
    offers: Mapping[str, Offer]
    modules: ModulesState
    kernels: Sequence[str]
    metas: Sequence[str]
    container: bool
    kept: Mapping[str, Kept]
    change: Change | None

    @property
    def installed(self) -> str | None:
        """The driver's version, as most of its packages have it; None: there is no driver."""
        return installed_version(self.packages)

    @property
    def previous(self) -> Kept | None:
        """The driver that a rollback would go to: the one that was kept last, of those that are not installed."""
        return next((each for each in reversed(list(self.kept.values())) if each.upstream != self.installed), None)


@dataclass(frozen=True)
class Forward:
    """Go from driver ``old`` to ``new``. ``resumed``: this was begun before; ``kept``: the new one is kept here."""

    old: str
    new: str
    resumed: bool = False
    kept: Kept | None = None


@dataclass(frozen=True)
class Back:
    """Go back from what ``change`` has begun. ``kept``: to where, None: nobody knows any more."""

    change: Change
    kept: Kept | None


@dataclass(frozen=True)
class Nothing:
    """There is nothing to do, and why."""

    said: str


def upgrade_step(look: Look, wanted: Wanted, may_reboot: bool) -> Forward | Back | Nothing:
    """What `rig driver upgrade` does. Raises `Refused`, and `Impossible` where the source has no such driver."""
    change = look.change
    if change is not None:
        if change.step == "going back":
            return Back(change, look.kept.get(change.old))
        if change.from_kept or not wanted.fits(change.new):
            raise Refused(
                f"a change from driver {change.old} to {change.new} was cut off, and {wanted.said} is asked for now: "
                f"{_end(change)}"
            )
        return Forward(change.old, change.new, resumed=True)
    installed = _there(look)
    foreign = sorted(name for name, each in look.packages.items() if wanted.foreign(each, look.offers.get(name)))
    if foreign:
        raise Refused(
            f"{', '.join(foreign)} {look.packages[foreign[0]].version} came from another source than driver.source "
            f"{wanted.source!r}: an upgrade stays with one source; `rig apply --layer driver` changes it"
        )
    new = target(wanted, {}, look.offers, look.kernels, look.metas).upstream
    newest = "" if wanted.version else f", the newest that there is of {wanted.said}"
    if new == installed:
        return Nothing(f"driver {installed} is installed{newest}")
    if wanted.version is None and wanted.fits(installed) and version_order(new) < version_order(installed):
        return Nothing(f"driver {installed} is installed, and newer than {new}{newest}")
    _reboot_allowed(look, may_reboot)
    return Forward(installed, new)


def rollback_step(look: Look, may_reboot: bool) -> Forward | Back:
    """What `rig driver rollback` does. Raises `Refused`."""
    change = look.change
    if change is not None and change.from_kept and change.step == "changing":
        return Forward(change.old, change.new, resumed=True, kept=_whole(look.kept.get(change.new), change.new))
    if change is not None:
        return Back(change, look.kept.get(change.old))
    installed = _there(look)
    if look.previous is None:
        raise Refused(
            f"no driver but the installed {installed} is kept here: only `rig driver upgrade` keeps the one that it "
            "replaces; `rig driver upgrade --to VERSION` goes to any that the repository has"
        )
    kept = _whole(look.previous, look.previous.upstream)
    _reboot_allowed(look, may_reboot)
    return Forward(installed, kept.upstream, kept=kept)


def kept_of(packages: Mapping[str, DriverPackage], modules: ModulesState, preferences: str | None) -> Kept | None:
    """What has to be known of the installed driver to have it again; None: there is none.

    ``preferences``: apt's pin, which tells whether a version was declared or a branch alone.
    """
    upstream = installed_version(packages)
    if upstream is None:
        return None
    pinned = re.search(rf"^Pin: version {re.escape(upstream)}[*]", preferences or "", re.MULTILINE)
    on_disk = [module for found in modules.on_disk.values() for module in found]
    is_open = on_disk[0].open if on_disk else any("-open" in name for name in packages)
    return Kept(
        upstream=upstream,
        packages={name: each.version for name, each in packages.items() if each.status[1:2] == "i"},
        branch=int(upstream.partition(".")[0]),
        version=upstream if pinned else None,
        flavour="open" if is_open else "proprietary",
        preferences=preferences,
    )


def installed_version(packages: Mapping[str, DriverPackage]) -> str | None:
    """The upstream version that most packages of the driver have."""
    counted = Counter(each.upstream for each in packages.values() if each.upstream is not None)
    return max(counted, key=lambda version: (counted[version], version_order(version)), default=None)


def overrides_of(kept: Kept) -> tuple[str, ...]:
    """What makes the declaration one of this driver, as `--set` takes it."""
    return (
        f"driver.branch={kept.branch}",
        f"driver.version={kept.version or 'null'}",
        f"driver.flavour={kept.flavour}",
    )


def _there(look: Look) -> str:
    if look.installed is None:
        raise Refused("no driver is installed: `rig apply` installs the declared one")
    return look.installed


def _whole(kept: Kept | None, upstream: str) -> Kept:
    if kept is None:
        raise Refused(f"driver {upstream} is not kept here any more")
    if kept.missing:
        raise Refused(f"driver {upstream} is kept in {kept.folder}, but not whole: {', '.join(kept.missing)} missing")
    return kept


def _reboot_allowed(look: Look, may_reboot: bool) -> None:
    if look.modules.running is not None and not look.container and not may_reboot:
        raise Refused(
            f"driver {look.modules.running} is loaded, and only a reboot loads another, which is not allowed "
            "(driver.reboot, --no-reboot): until then no program could use the cards"
        )


def _end(change: Change) -> str:
    if change.from_kept:
        return "`rig driver rollback` goes on with it"
    return f"`rig driver upgrade --to {change.new}` goes on with it, `rig driver rollback` goes back"


__all__ = [
    "OVERLOOKED",
    "Back",
    "Forward",
    "Impossible",
    "Look",
    "Nothing",
    "Refused",
    "installed_version",
    "kept_of",
    "overrides_of",
    "rollback_step",
    "upgrade_step",
]
