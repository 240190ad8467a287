"""Models on the disk: what is there, what of it was hashed and found right, and what the disk has room for."""

from __future__ import annotations

import base64
import json
import posixpath
import shlex
from dataclasses import dataclass, field
from typing import Any

from pyinfra.api import FactBase

RECORD = ".rigwright/verified.json"
"""Under models.root; fetch writes it (fetch/record.py)."""


@dataclass(frozen=True)
class FileSeen:
    """One file: its size, None where it is not there; whether it is as it was when its hash was found right.

    ``digest``: that hash, None: it was never hashed, or has changed since; ``linked``: its other name leads to it;
    ``part``: bytes that an interrupted pull left of it.
    """

    size: int | None = None
    digest: str | None = None
    linked: bool = False
    part: int = 0


@dataclass(frozen=True)
class ModelsState:
    """All of them by the paths of their contents. ``free``: bytes free on the disk that they lie on, or will lie on."""

    files: dict[str, FileSeen] = field(default_factory=dict)
    free: int = 0


_SCRIPT = r"""export LC_ALL=C
root=@ROOT@
[ -f "$root/@RECORD@" ] && echo "record $(base64 -w0 < "$root/@RECORD@")"
there=$root; while [ ! -d "$there" ]; do there=$(dirname "$there"); done
echo "free $(( $(stat -f -c '%a * %S' "$there") ))"
see() {
    [ -f "$1" ] || { part=$(stat -c %s "$1.incomplete" 2>/dev/null); echo "absent ${part:-0} $1"; return; }
    linked=0; [ "$2" = - ] || { [ "$2" -ef "$1" ] && linked=1; }
    echo "there $(stat -c '%s %.9Y' "$1") $linked $1"
}
"""


class ModelFiles(FactBase[ModelsState]):
    """Raw lines: ``record <base64>``, ``free <bytes>``, ``absent <bytes of its part> <path>`` and
    ``there <bytes> <time of change, s> <0 or 1: linked> <path>``."""

    def command(self, root: str, files: list[tuple[str, str | None]]) -> str:
        """Look at all of them in one go. ``files``: content, and the other name where it has one."""
        script = _SCRIPT.replace("@ROOT@", shlex.quote(root)).replace("@RECORD@", RECORD)
        seen = "\n".join(f"see {shlex.quote(content)} {shlex.quote(link or '-')}" for content, link in files)
        # The root and the names are told with the answer, so that reading it needs no arguments.
        return f"{script}echo root {shlex.quote(root)}\n{seen}"

    @staticmethod
    def default() -> ModelsState:
        """Nothing was asked for."""
        return ModelsState()

    def process(self, output: list[str]) -> ModelsState:
        """Read one line a file."""
        record: dict[str, Any] = {}
        free, root = 0, ""
        files: dict[str, FileSeen] = {}
        for line in output:
            what, _, rest = line.partition(" ")
            if what == "record":
                record = _record(rest)
            elif what == "free":
                free = int(rest)
            elif what == "root":
                root = rest
            elif what == "absent":
                part, _, path = rest.partition(" ")
                files[path] = FileSeen(part=int(part))
            elif what == "there":
                size, changed, linked, path = rest.split(" ", 3)
                entry = record.get(posixpath.relpath(path, root))
                digest, *then = entry or (None,)
                as_hashed = then == [int(size), int(changed.replace(".", ""))]
                files[path] = FileSeen(int(size), digest if as_hashed else None, linked == "1")
        return ModelsState(files, free)


def _record(encoded: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.b64decode(encoded))
    except ValueError:
        return {}
    return {name: entry for name, entry in found.items() if isinstance(entry, list) and len(entry) == 3}
