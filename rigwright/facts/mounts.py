"""Which file system a path lies on."""

from __future__ import annotations

import shlex

from pyinfra.api import FactBase


class MountPoints(FactBase[dict[str, bool]]):
    """Path → whether something is mounted exactly there.

    Raw lines: ``mounted /data`` or ``not /data``.
    """

    def command(self, paths: list[str]) -> str:
        """Ask for all paths at once; automounts are not triggered."""
        listed = " ".join(shlex.quote(path) for path in paths)
        return f'for p in {listed}; do if mountpoint -q "$p"; then echo "mounted $p"; else echo "not $p"; fi; done'

    @staticmethod
    def default() -> dict[str, bool]:
        """Nothing was asked for."""
        return {}

    def process(self, output: list[str]) -> dict[str, bool]:
        """Read one path a line."""
        return {path: state == "mounted" for state, _, path in (line.partition(" ") for line in output)}
