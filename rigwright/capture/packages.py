"""`base.packages`: what somebody has asked for that no layer brings, as far as the distribution's archive has it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rigwright.capture.part import Part, Values
from rigwright.capture.seen import Seen
from rigwright.catalog import catalog
from rigwright.choice import access, base
from rigwright.choice.toolkits import parts_among, toolkits_among
from rigwright.facts.driver import DPKG
from rigwright.spec.base import DEFAULT_PACKAGES
from rigwright.spec.rig import Rig

LAYER = "base"
_INSTALLERS = re.compile(
    r"^(grub-|grub2-|shim-|efibootmgr$|os-prober$|initramfs-tools|dracut|installation-report$|task-|tasksel|laptop-detect$"
    r"|discover|popularity-contest$|linux-base$|ubuntu-(minimal|standard|server|desktop)|cloud-init|netplan|ifupdown$"
    r"|dbus$|systemd-|libpam-|python3$|dkms$|lsb-release$|console-setup|keyboard-configuration|language-pack|dialog$"
    r"|busybox|whiptail$|zstd$|debconf-i18n$|init$|locales$|sudo$|gpgv?$|gnupg|libnss-|ssl-cert$|rigwright)"
)
"""What installers bring for the machine or for themselves."""


def captured(seen: Seen, rig: Rig) -> Part:
    """``rig``: what the other layers come to."""
    part = Part()
    found: Values = {}
    brought = _brought(seen, rig)
    foreign: list[str] = []
    for name in seen.chosen.chosen:
        if name in brought or _of_a_layer(name) or _INSTALLERS.match(name):
            continue
        if ":" in name:
            part.say(LAYER, "package-of-another-architecture", f"Package {name} is of another architecture")
        elif _in_the_archive(seen, name):
            found[name] = True
        else:
            foreign.append(name)
    if foreign:
        part.say(LAYER, "packages-from-elsewhere", f"Packages that the distribution's archive does not have: "
                 f"{', '.join(foreign)}", "Install them by hand, or add their source")  # fmt: skip
    left_out = {name: None for name in DEFAULT_PACKAGES if name not in seen.packages.installed}
    if left_out:
        part.comments[LAYER, "packages", next(iter(left_out))] = (
            "None: neither installed nor removed; it stands among the defaults, and the host did not have it."
        )
    part.values = {LAYER: {"packages": {**left_out, **found}}}
    return part


def _brought(seen: Seen, rig: Rig) -> set[str]:
    """Packages that layers install by themselves."""
    names = {*access.asked_for(rig.access), *base.asked_for(rig, seen.packages.installed), *base.TOOLS}
    names -= {name for name in base.TIME_DAEMONS if name != "systemd-timesyncd"}
    names -= set(DEFAULT_PACKAGES)
    if rig.containers.state == "present":
        known = catalog().containers
        names |= set(known.engine_packages(rig.containers.engine, rig.containers.source, seen.release.codename))
    toolkits = toolkits_among(seen.packages.installed)
    return names | toolkits | parts_among(seen.packages.installed, toolkits)


def _of_a_layer(name: str) -> bool:
    known = catalog()
    patterns: Iterable[str] = (
        *base.KERNEL_PACKAGES, *known.driver.unattended["never"], *known.containers.unattended["never"],
    )  # fmt: skip
    return any(re.match(pattern, name) for pattern in patterns) or name in known.containers.toolkit.packages


def _in_the_archive(seen: Seen, name: str) -> bool:
    offer = seen.offers.get(name)
    if offer is None:
        return False
    places = (place for where in offer.versions.values() for place in where if place.line != DPKG)
    return any(place.origin.casefold() in (seen.release.id, f"{seen.release.id} backports") for place in places)
