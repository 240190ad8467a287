"""The Debian mirror of this machine, and what its apt needs to reach it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from sim import programs
from sim.errors import SimulationError

_DEBIAN_SUITE = re.compile(r"^(bullseye|bookworm|trixie|forky|sid|stable|testing|unstable)(-security|-updates)?$")


@dataclass(frozen=True)
class Mirror:
    """Two addresses without a trailing slash: the archive's, and its security suites'."""

    archive: str
    security: str


def machine_mirror() -> Mirror:
    """The mirror in this machine's apt sources, or `RIGWRIGHT_DEBIAN_MIRROR` (archive, then security, by a blank).

    Raises SimulationError when the sources hold no Debian archive, as on an Ubuntu machine.
    """
    given = os.environ.get("RIGWRIGHT_DEBIAN_MIRROR", "").split()
    if given:
        archive = given[0].rstrip("/")
        return Mirror(archive, given[1].rstrip("/") if len(given) > 1 else f"{archive}-security")
    # apt itself reads both formats of its sources; our own reader would miss an option or a comment.
    listed = programs.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"])
    return mirror_in(listed)


def mirror_in(listed: str) -> Mirror:
    """The mirror in lines of `ADDRESS SUITE COMPONENT`, the first found for each kind of suite."""
    archive = security = ""
    for line in listed.splitlines():
        address, suite, component = line.split()[:3]
        if component != "main" or not _DEBIAN_SUITE.match(suite):
            continue
        if "security" in suite:
            security = security or address.rstrip("/")
        else:
            archive = archive or address.rstrip("/")
    if not archive:
        raise SimulationError(
            "this machine's apt sources name no Debian archive: set RIGWRIGHT_DEBIAN_MIRROR to the address of one, "
            "as in RIGWRIGHT_DEBIAN_MIRROR=http://MIRROR/debian make try"
        )
    return Mirror(archive, security or f"{archive}-security")


def apt_settings() -> dict[str, str]:
    """Name → text of this machine's apt settings that a host needs too in order to reach the mirror.

    They are the administrator's own files, `99*`; the others belong to packages, which a host has itself.
    """
    folder = Path("/etc/apt/apt.conf.d")
    return {file.name: file.read_text() for file in sorted(folder.glob("99*")) if file.is_file()}
