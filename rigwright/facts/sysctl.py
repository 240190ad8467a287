"""sysctl's configuration as the next boot will read it."""

from __future__ import annotations

import re

from pyinfra.api import FactBase

_FILE = re.compile(r"^# (/\S+\.conf)$")


class SysctlFiles(FactBase[list[tuple[str, str, str]]]):
    """(file, name, value) of every setting, in the order in which they are applied: a later one wins.

    Raw: output of ``systemd-analyze cat-config sysctl.d``: each file after a line ``# /etc/sysctl.d/60-x.conf``.
    """

    def command(self) -> str:
        """Ask systemd, which knows the order and what hides what."""
        return "LC_ALL=C systemd-analyze --no-pager cat-config sysctl.d 2>/dev/null || true"

    @staticmethod
    def default() -> list[tuple[str, str, str]]:
        """Nothing is set."""
        return []

    def process(self, output: list[str]) -> list[tuple[str, str, str]]:
        """Names with dots, whichever way they are spelled."""
        settings, file = [], ""
        for line in output:
            header = _FILE.match(line)
            name, separator, value = line.partition("=")
            if header:
                file = header[1]
            elif separator and not line.lstrip().startswith(("#", ";")):
                settings.append((file, _dotted(name.strip().lstrip("-")), " ".join(value.split())))
        return settings


def _dotted(name: str) -> str:
    first = next((character for character in name if character in "./"), ".")
    return name if first == "." else name.translate(str.maketrans("/.", "./"))
