"""The Debian releases a throw-away host can be, and the apt sources that an installation of each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.errors import SimulationError
from sim.host.mirror import Mirror


@dataclass(frozen=True)
class Release:
    """A Debian release: `number` as in its version, `deb822` whether its installer writes debian.sources."""

    codename: str
    number: int
    deb822: bool

    def sources(self, mirror: Mirror) -> tuple[str, str]:
        """The path below the root, and the text, of the apt sources that the release's own installer would write."""
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        if self.deb822:
            return "etc/apt/sources.list.d/debian.sources", (
                f"Types: deb\nURIs: {mirror.archive}\nSuites: {self.codename} {self.codename}-updates\n"
                f"Components: main\nSigned-By: {keyring}\n\n"
                f"Types: deb\nURIs: {mirror.security}\nSuites: {self.codename}-security\n"
                f"Components: main\nSigned-By: {keyring}\n"
            )
        return "etc/apt/sources.list", (
            f"deb {mirror.archive} {self.codename} main\n\n"
            f"deb {mirror.security} {self.codename}-security main\n\n"
            f"# {self.codename}-updates, to get updates before a point release is made\n"
            f"deb {mirror.archive} {self.codename}-updates main\n"
        )


RELEASES: Mapping[str, Release] = {
    "bookworm": Release("bookworm", 12, deb822=False),
    "trixie": Release("trixie", 13, deb822=True),
}


def release(codename: str) -> Release:
    """The release of that name. Raises SimulationError, naming those there are."""
    try:
        return RELEASES[codename]
    except KeyError:
        raise SimulationError(f"no release {codename!r}: there are {', '.join(RELEASES)}") from None
