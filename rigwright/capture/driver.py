"""Layer `driver`: whose driver it is, which one, whether it is held to a version."""

from __future__ import annotations

import re
from collections import Counter

from rigwright.capture.part import Part, Values
from rigwright.capture.seen import Seen, key_of
from rigwright.catalog import catalog
from rigwright.catalog.driver import Source
from rigwright.choice.cards import generation_of
from rigwright.choice.flavour import Impossible, flavour_for
from rigwright.facts.driver import DPKG, Place

LAYER = "driver"
_ADDRESS = re.compile(r"^\d* *(https?://\S+)")


def captured(seen: Seen) -> Part:
    """The driver, or that there is none, or that it is nobody's here."""
    part = Part()
    part.values = {LAYER: _of_packages(seen, part) if seen.driver_packages else _without(seen, part)}
    return part


def source_of(seen: Seen) -> Source | None:
    """Where the installed packages come from; None: there are none, or they come from neither place."""
    counted = Counter(found for name in seen.driver_packages if (found := _of(seen, name)) is not None)
    for source in ("nvidia", "distribution"):
        if counted and counted.most_common(1)[0][0] == source:
            return "nvidia" if source == "nvidia" else "distribution"
    return None


def _without(seen: Seen, part: Part) -> Values:
    loaded = seen.modules.running if not seen.system.container else None
    on_disk = [module.version for modules in seen.modules.on_disk.values() for module in modules]
    if seen.hand.installer or loaded or on_disk:
        version = loaded or (on_disk[0] if on_disk else "")
        part.say(LAYER, "by-hand", f"Driver {version} was not installed from packages (NVIDIA's own installer?): it is "
                 "left alone, and a host made from this declaration has none",
                 "To have it declared, take it off (nvidia-uninstall), and set driver.source and .branch")  # fmt: skip
        return {"source": "none"}
    return {"state": "absent"}


def _of_packages(seen: Seen, part: Part) -> Values:
    source = source_of(seen)
    upstream = installed_version(seen)
    if source is None or upstream is None:
        where = ", ".join(sorted({place.line for name in seen.driver_packages for place in _places(seen, name)}))
        part.say(LAYER, "from-elsewhere", f"Driver {upstream or ''} comes from neither the distribution nor NVIDIA's "
                 f"repository ({where or 'no source of apt has it'}): it is left alone")  # fmt: skip
        return {"source": "none"}
    found: Values = {"source": source}
    branch = int(upstream.split(".", maxsplit=1)[0])
    held = {name for name in seen.driver_packages if name in seen.packages.held}
    if source == "distribution":
        if not seen.release.driver_branch:
            found["branch"] = branch
        part.comments[LAYER, "source"] = f"{upstream} was installed: what the archive has is what a new host gets."
    elif held:
        found["version"] = upstream
        part.comments[LAYER, "version"] = f"Held: {len(held)} of {len(seen.driver_packages)} packages."
    else:
        found["branch"] = branch
        part.comments[LAYER, "branch"] = f"{upstream} was installed, and not held; an apply holds it."
    if source == "nvidia":
        found |= _repository(seen, part)
    if (
        seen.release.id == "ubuntu"
        and source == "distribution"
        and not any("-server" in each for each in seen.driver_packages)
    ):
        part.say(
            LAYER,
            "not-server",
            "The driver's packages are not those of Ubuntu's -server series",
            "An apply changes over to those, which are meant for machines like this",
        )
    flavour = _flavour(seen, source, branch)
    if flavour is not None:
        found["flavour"] = flavour
    return found


def installed_version(seen: Seen) -> str | None:
    """NVIDIA's version that most of the installed packages have."""
    counted = Counter(package.upstream for package in seen.driver_packages.values() if package.upstream)
    return counted.most_common(1)[0][0] if counted else None


def _places(seen: Seen, name: str) -> list[Place]:
    offer = seen.offers.get(name)
    version = seen.driver_packages[name].version
    return [place for place in offer.versions.get(version, ()) if place.line != DPKG] if offer else []


def _of(seen: Seen, name: str) -> Source | None:
    places = _places(seen, name)
    if any(_is_nvidias(seen, place) for place in places):
        return "nvidia"
    if any(place.origin.casefold() == seen.release.id for place in places):
        return "distribution"
    if not places and name == "nvidia-driver-cuda":  # NVIDIA's alone, in a version that is no longer to be had
        return "nvidia"
    return None


def _is_nvidias(seen: Seen, place: Place) -> bool:
    own = catalog().driver.nvidia.url(seen.release)
    return own in place.line or "/compute/cuda/repos/" in place.line or place.origin.upper() == "NVIDIA"


def _repository(seen: Seen, part: Part) -> Values:
    """The mirror and its key where it is not NVIDIA's own."""
    own = catalog().driver.nvidia.url(seen.release)
    lines = [place.line for name in seen.driver_packages for place in _places(seen, name) if _is_nvidias(seen, place)]
    address = next((found[1].rstrip("/") for line in lines if (found := _ADDRESS.match(line))), own)
    if address == own:
        return {}
    key = key_of(seen, address)
    if key is None:
        part.say(LAYER, "key", f"Which key apt trusts for {address} could not be told",
                 "Declare driver.repository_fingerprint")  # fmt: skip
    return {"repository_url": address, **({"repository_fingerprint": key} if key else {})}


def _flavour(seen: Seen, source: Source, branch: int) -> str | None:
    """The kernel modules' flavour where it is not the one that would be chosen."""
    built = [module.open for modules in seen.modules.on_disk.values() for module in modules]
    if not built:
        return None
    have = "open" if all(built) else "proprietary"
    generations = {found for card in seen.gpus if (found := generation_of(card, catalog()))}
    try:
        chosen = flavour_for(catalog().driver, source, seen.release, branch, generations, None)
    except Impossible:
        return have
    return None if chosen == have else have
