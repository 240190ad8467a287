"""Packages that somebody has chosen: asked for by name, and needed by no other."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyinfra.api import FactBase

_COMMAND = r"""
export LC_ALL=C
apt-mark showmanual 2>/dev/null | sed 's/^/M /'
dpkg-query -W -f 'P ${db:Status-Abbrev}|${binary:Package}|${Priority}|${Essential}|${Pre-Depends}, ${Depends}\n' \
    2>/dev/null
true
"""


@dataclass(frozen=True)
class ChosenState:
    """``chosen``: optional packages that were asked for by name and that no other installed package depends on."""

    chosen: tuple[str, ...] = ()


class ChosenPackages(FactBase[ChosenState]):
    """What apt takes for asked for, without what every installation has.

    Installers and debootstrap mark all that they install, so that this mark alone says little: left out is what the
    distribution calls required, important or standard, and what others depend on.

    Raw lines: ``M htop``, ``P ii |htop|optional|no|libc6 (>= 2.38), libncursesw6 (>= 6)``.
    """

    def command(self) -> str:
        """Ask apt and dpkg."""
        return _COMMAND

    @staticmethod
    def default() -> ChosenState:
        """None."""
        return ChosenState()

    def process(self, output: list[str]) -> ChosenState:
        """Keep the leaves."""
        manual = {line[2:].strip() for line in output if line.startswith("M ")}
        optional: set[str] = set()
        needed: set[str] = set()
        for line in output:
            if not line.startswith("P "):
                continue
            status, name, priority, essential, depends = line[2:].split("|", 4)
            if status[1:2] != "i":
                continue
            if priority not in ("required", "important", "standard") and essential != "yes":
                optional.add(name)
            needed |= {word for word in _names(depends) if word != name.partition(":")[0]}
        return ChosenState(tuple(sorted(name for name in manual & optional if name.partition(":")[0] not in needed)))


def _names(depends: str) -> list[str]:
    """Names in a field of dependences: ``libc6 (>= 2.38), default-mta | mail-transport-agent``."""
    parts = (part.strip() for part in re.split(r"[,|]", depends))
    return [re.split(r"[ :(\[]", part, maxsplit=1)[0] for part in parts if part]
