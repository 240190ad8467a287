"""Which files have been hashed and found right, so that tens of gigabytes are not read again at each look.

What is trusted is size and time of change: who writes into a file changes them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from fetch.plan import File

FOLDER = ".rigwright"


class Record:
    """``.rigwright/verified.json`` under the root: a file's place → digest, size, time of change in ns; [] of one that
    has only begun to come."""

    def __init__(self, root: Path) -> None:
        """Read it; one that cannot be read counts as empty: everything is hashed again."""
        self._root = root
        self._path = root / FOLDER / "verified.json"
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        self._entries: dict[str, list[object]] = found if isinstance(found, dict) else {}

    def holds(self, file: File) -> bool:
        """Whether the file is there as it was when its hash was found right."""
        entry = self._entries.get(self._name(file.content))
        return bool(entry) and entry == self._entry(file)

    def add(self, file: File) -> None:
        """Its hash is right, as it lies there now."""
        self._entries[self._name(file.content)] = self._entry(file) or []
        self._write()

    def begin(self, files: Sequence[File]) -> None:
        """They are about to come: what there will be of them, whole or in part, is ours."""
        for file in files:
            self._entries.setdefault(self._name(file.content), [])
        self._write()

    def contents(self) -> set[Path]:
        """Every file that has come or begun to, or was found right."""
        return {self._root / name for name in self._entries}

    def forget_all_but(self, contents: set[Path]) -> None:
        """Drop entries of files that are gone."""
        kept = {self._name(path) for path in contents}
        self._entries = {name: entry for name, entry in self._entries.items() if name in kept}
        self._write()

    def _name(self, content: Path) -> str:
        return os.path.relpath(content, self._root)

    def _entry(self, file: File) -> list[object] | None:
        try:
            found = file.content.stat()
        except OSError:
            return None
        return [file.digest, found.st_size, found.st_mtime_ns]

    def _write(self) -> None:
        new = self._path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as out:
            json.dump(self._entries, out, indent=1, sort_keys=True)
            out.flush()
            os.fsync(out.fileno())
        new.replace(self._path)
