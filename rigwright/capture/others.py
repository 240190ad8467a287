"""What no layer has a key for: foreign sources of packages, pins, cron, units and files made by hand, changed files."""

from __future__ import annotations

import re

from rigwright.capture.part import Part
from rigwright.capture.seen import Seen
from rigwright.catalog import catalog
from rigwright.facts.sources import entries

LAYER = "others"
_OURS = re.compile(r"rigwright|/rig-|/rigd[./]")
_ADDRESS = re.compile(r"(https?://)(?:[^/@\s]*@)?([^\s\]]+)")
_OFF = re.compile(r"^Enabled:\s*no\s*$", re.IGNORECASE | re.MULTILINE)
_EXPRESSED = (
    "/etc/sysctl", "/etc/modprobe.d/", "/etc/default/grub", "/etc/security/limits", "/etc/udev/rules.d/",
    "/etc/ssh/sshd_config", "/etc/docker/daemon.json", "/etc/apt/sources.list", "/etc/locale.gen",
    "/etc/default/locale", "/etc/hosts",
)  # fmt: skip
"""Places that other modules have read."""
_APT = ("/etc/apt/apt.conf.d/", "/etc/apt/apt.conf")
_MOST = 12


def captured(seen: Seen) -> Part:
    """Notes alone."""
    part = Part()
    _sources(seen, part)
    _named(part, "pins", "apt's preferences", [path for path in seen.hand.files if "/apt/preferences" in path])
    _named(part, "apt", "apt's configuration", [path for path in seen.hand.files if path.startswith(_APT)])
    _named(part, "cron", "Jobs of cron", [path for path in seen.hand.files if path.startswith("/etc/cron.")])
    for user, count in seen.hand.crontabs.items():
        if count:
            part.say(LAYER, "crontab", f"{user}'s crontab has {count} line{'s' if count > 1 else ''}, not read",
                     f"Look with: crontab -l -u {user}")  # fmt: skip
    _named(part, "units", "Units and drop-ins", [path for path in seen.hand.files if path.startswith("/etc/systemd/")])
    _named(part, "masked", "Units that are masked", list(seen.hand.masked))
    _named(part, "sudoers", "Rules of sudo", [
        path for path in seen.hand.files
        if path.startswith("/etc/sudoers.d/") and path.rpartition("/")[2] not in seen.accounts
    ])  # fmt: skip
    _named(part, "network", "The network's own configuration", [
        path for path in seen.hand.files if path.startswith(("/etc/network/", "/etc/netplan/", "/etc/NetworkManager/"))
    ])  # fmt: skip
    _named(part, "programs", "Programs", [path for path in seen.hand.files if path.startswith("/usr/local/")])
    _named(part, "files", "Files", [
        path for path in seen.hand.files
        if path.startswith(("/etc/profile.d/", "/etc/modules-load.d/", "/etc/ld.so.conf.d/", "/etc/X11/",
                            "/etc/containers/", "/etc/nftables.conf", "/etc/rc.local"))
    ])  # fmt: skip
    changed = [path for path in seen.hand.changed if not path.startswith(_EXPRESSED)]
    _named(part, "changed", "Packages' configuration files that were changed", changed)
    if seen.hand.snaps:
        part.say(LAYER, "snaps", f"Snaps: {', '.join(seen.hand.snaps)}")
    if seen.packages.audit or seen.packages.unfinished:
        part.say(LAYER, "dpkg", "dpkg has something unfinished here", "dpkg --audit names it; it is to be mended first")
    return part


def _sources(seen: Seen, part: Part) -> None:
    known, release = catalog(), seen.release
    toolkit = known.containers.toolkit
    nvidias = (known.driver.nvidia.url(release), "/compute/cuda/repos/", toolkit.url, *toolkit.old_places)
    own = (*nvidias, release.docker_vendor.url)
    for path, file in seen.sources.files.items():
        if _OURS.search(path):
            continue
        read = [
            entry for entry in entries(path, file.text) if seen.sources.belongs(entry, release.codename) is not False
        ]
        distribution = {uri for entry in read for uri in entry.uris}
        for stanza in re.split(r"\n\s*\n" if path.endswith(".sources") else r"\n", file.text):
            lines = "\n".join(line for line in stanza.splitlines() if not line.lstrip().startswith("#"))
            if _OFF.search(lines):
                continue
            for scheme, rest in _ADDRESS.findall(lines):
                address = f"{scheme}{rest}"
                if address not in distribution and not any(place in address for place in own):
                    part.say(
                        LAYER,
                        "source",
                        f"apt reads {address} ({path}), a source that no key declares",
                        "Packages from there are not declared either",
                    )


def _named(part: Part, id: str, what: str, paths: list[str]) -> None:
    mine = [path for path in paths if not _OURS.search(path)]
    if mine:
        more = f" and {len(mine) - _MOST} more" if len(mine) > _MOST else ""
        part.say(LAYER, id, f"{what}: {', '.join(mine[:_MOST])}{more}")
