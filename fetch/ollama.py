"""The folder that is a store of Ollama's: others may pull into it, too, and nothing of theirs is ours to remove."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

FOLDER = "ollama"
_NAMES = ("manifests", "manifests-v2")
"""Where a model's name leads to its manifest; the second as links, from later versions on."""
_BLOBS = "blobs"
_DIGEST = re.compile(rb"sha256[:-]([0-9a-f]{64})")
_MOST_BYTES = 2**20
"""A manifest has a few hundred; what is larger is weights, and names no blobs."""


def strays(root: Path, recorded: Collection[Path], wanted: Collection[Path]) -> Iterator[Path]:
    """Of ``recorded`` files, and of their parts, those under the store that neither ``wanted`` ones are, nor in use by
    a manifest that stays: whoever it is that pulled it."""
    store = root / FOLDER
    ours = {path for path in recorded if path.is_relative_to(store)} - set(wanted)
    used = _used(store, ours)
    for path in sorted(ours):
        part = path.with_name(f"{path.name}.incomplete")
        yield from (each for each in (path, part) if each.is_file() and each not in wanted and path not in used)


def empty_folders(root: Path, *, ours: bool) -> None:
    """Remove those in which nothing is left. ``ours``: models of ours are to lie there: then the first ones stay, which
    Ollama looks for; otherwise it may make its own. The store itself stays, for it may be looked into."""
    store = root / FOLDER
    for name in (_BLOBS, *_NAMES):
        for folder, _, _ in os.walk(store / name, topdown=False):
            if not any(Path(folder).iterdir()) and not (ours and Path(folder).parent == store):
                Path(folder).rmdir()


def _used(store: Path, going: Collection[Path]) -> set[Path]:
    """Blobs that manifests which stay name, at whatever place in them; and manifests that those name."""
    todo = [path for path in _manifests(store) if path not in going]
    used: set[Path] = set()
    while todo:
        named = {store / _BLOBS / f"sha256-{digest}" for digest in _digests(todo.pop())} - used
        used |= named
        todo += named
    return used


def _manifests(store: Path) -> Iterator[Path]:
    for name in _NAMES:
        for folder, _, files in os.walk(store / name):
            yield from (Path(folder) / file for file in files)


def _digests(path: Path) -> set[str]:
    """Those that stand in a file, and in the place that it leads to where it is a link."""
    found = os.fsencode(path.readlink()) if path.is_symlink() else b""
    if path.is_file() and path.stat().st_size <= _MOST_BYTES:
        found += b"\0" + path.read_bytes()
    return {each.decode() for each in _DIGEST.findall(found)}
