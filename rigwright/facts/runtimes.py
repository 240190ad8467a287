"""Runtimes that are on a host by our hand."""

from __future__ import annotations

import shlex

from pyinfra.api import FactBase

from rigwright.choice.runtimes.service import FOLDER


class SystemUsers(FactBase[dict[str, int]]):
    """Users → their numbers, as far as there are such. Raw lines: of /etc/passwd."""

    def command(self, names: list[str]) -> str:
        """Ask for all of them at once."""
        return f"getent passwd {' '.join(map(shlex.quote, names))} || true"

    @staticmethod
    def default() -> dict[str, int]:
        """None."""
        return {}

    def process(self, output: list[str]) -> dict[str, int]:
        """Read one user a line."""
        fields = (line.split(":") for line in output if line.count(":") >= 6)
        return {each[0]: int(each[2]) for each in fields}


class OwnRuntimes(FactBase[frozenset[str]]):
    """Their names. Raw lines: a name each."""

    def command(self) -> str:
        """Each has a folder, or at least a unit where its removal was interrupted."""
        return (
            f'{{ for f in {FOLDER}/*/; do [ -d "$f" ] && basename "$f"; done; '
            "for f in /etc/systemd/system/rig-*.service /etc/containers/systemd/rig-*.container; do "
            '[ -e "$f" ] && basename "$f" | sed -E "s/^rig-//; s/[.](service|container)$//"; done; } | sort -u'
        )

    @staticmethod
    def default() -> frozenset[str]:
        """None."""
        return frozenset()

    def process(self, output: list[str]) -> frozenset[str]:
        """Read one name a line."""
        return frozenset(line.strip() for line in output if line.strip())
