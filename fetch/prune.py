"""What lies under the root and belongs to no file of the plan: shown, and removed only when that is asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from fetch.plan import Plan
from fetch.record import FOLDER, Record

KEPT = ("hub", "files")
"""Folders under the root that are pulls' own; whatever else lies there is somebody else's."""


def strays(plan: Plan) -> dict[Path, int]:
    """Files and links that no declared model needs → bytes that they take."""
    wanted = {path for each in plan.files for path in (each.content, each.link, each.part)} | set(plan.refs)
    return {path: path.lstat().st_size for path in _files(plan.root) if path not in wanted}


def prune(plan: Plan) -> None:
    """Remove them, and folders that are empty then."""
    for path in strays(plan):
        path.unlink()
    for name in KEPT:
        for folder, _, _ in os.walk(plan.root / name, topdown=False):
            if not any(Path(folder).iterdir()):
                Path(folder).rmdir()
    if (plan.root / FOLDER).is_dir():
        Record(plan.root).forget_all_but({each.content for each in plan.files})


def as_json(plan: Plan) -> str:
    """The strays in words of one syllable: path → bytes."""
    return json.dumps({str(path): size for path, size in sorted(strays(plan).items())}, indent=1)


def _files(root: Path) -> Iterator[Path]:
    for name in KEPT:
        for folder, _, files in os.walk(root / name):
            yield from (Path(folder) / file for file in files)
