"""What lies under the root and belongs to no file of the plan: shown, and removed only when that is asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from fetch import ollama
from fetch.plan import Plan
from fetch.record import FOLDER, Record

KEPT = ("hub", "files")
"""Folders under the root that are pulls' own, and all that is in them; whatever else lies there is somebody else's, but
for what the record has of Ollama's folder."""


def strays(plan: Plan) -> dict[Path, int]:
    """Files and links that no declared model needs → bytes that they take."""
    wanted = _wanted(plan)
    found = [path for path in _files(plan.root) if path not in wanted]
    found += ollama.strays(plan.root, Record(plan.root).contents(), wanted)
    return {path: path.lstat().st_size for path in found}


def prune(plan: Plan) -> None:
    """Remove them, and folders that are empty then."""
    gone = strays(plan)
    # Names before what they lead to: whoever asks in between finds a model whole, or not at all.
    for path in sorted(gone, key=lambda path: path.parent.name == "blobs"):
        path.unlink()
    for name in KEPT:
        for folder, _, _ in os.walk(plan.root / name, topdown=False):
            if not any(Path(folder).iterdir()):
                Path(folder).rmdir()
    store = plan.root / ollama.FOLDER
    ollama.empty_folders(plan.root, ours=any(each.content.is_relative_to(store) for each in plan.files))
    if (plan.root / FOLDER).is_dir():
        record = Record(plan.root)
        # What somebody else's model still uses is ours all the same, once that has gone.
        used = {path for path in record.contents() if path.is_relative_to(store) and path.exists()}
        record.forget_all_but({each.content for each in plan.files} | used)


def as_json(plan: Plan) -> str:
    """The strays in words of one syllable: path → bytes."""
    return json.dumps({str(path): size for path, size in sorted(strays(plan).items())}, indent=1)


def _wanted(plan: Plan) -> set[Path]:
    named = {path for each in plan.files for path in (each.content, each.link, each.part) if path is not None}
    return named | set(plan.refs)


def _files(root: Path) -> Iterator[Path]:
    for name in KEPT:
        for folder, _, files in os.walk(root / name):
            yield from (Path(folder) / file for file in files)
