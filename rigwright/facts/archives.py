"""Programs that were unpacked from archives: one folder a version, beside one another."""

from __future__ import annotations

import shlex

from pyinfra.api import FactBase

MARK = ".archive-sha256"
"""In each folder: the hash of the archive that it was unpacked from, written last."""


class Unpacked(FactBase[dict[str, str | None]]):
    """Folder's name → the hash of its archive, None: it was not unpacked to its end. Raw lines: ``b6600=<hash>``."""

    def command(self, folder: str) -> str:
        """Look into every folder of one."""
        return (
            f'for f in {shlex.quote(folder)}/*/; do [ -d "$f" ] && '
            f'echo "$(basename "$f")=$(cat "$f{MARK}" 2>/dev/null)"; done; true'
        )

    @staticmethod
    def default() -> dict[str, str | None]:
        """None."""
        return {}

    def process(self, output: list[str]) -> dict[str, str | None]:
        """Read one folder a line."""
        return {name: digest or None for name, _, digest in (line.partition("=") for line in output)}
