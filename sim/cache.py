"""Where built things are kept, and how one is built once although several processes ask for it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_dir() -> Path:
    """`$XDG_CACHE_HOME/rigwright`, by default `~/.cache/rigwright`. Made when it is not there."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = Path(base) / "rigwright"
    path.mkdir(parents=True, exist_ok=True)
    return path


def key_of(inputs: object) -> str:
    """Twelve hexadecimal digits that stand for `inputs` (anything that JSON can write)."""
    text = json.dumps(inputs, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def sources_text(folder: Path, *patterns: str) -> str:
    """The text of a folder's files that match: part of a key, so that a changed source builds anew."""
    files = sorted({file for pattern in patterns for file in folder.rglob(pattern) if file.is_file()})
    return "\0".join(f"{file.relative_to(folder)}\0{file.read_text()}" for file in files)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on the file `path`, which stays behind: removing it would let two holders in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def built_once(target: Path, build: Callable[[Path], None]) -> Path:
    """The folder `target`, built by `build(folder)` if it is not there yet.

    It is built aside and renamed, so that `target` is whole or absent whenever the build ends; a second process waits
    for the first and takes what that one made.
    """
    if target.exists():
        return target
    with locked(target.with_name(f".{target.name}.lock")):
        if target.exists():
            return target
        aside = target.with_name(f".{target.name}.building")
        remove_tree(aside)
        aside.mkdir(parents=True)
        try:
            build(aside)
        except BaseException:
            remove_tree(aside)
            raise
        aside.rename(target)
    return target


def remove_tree(path: Path) -> None:
    """Removes a folder and what is in it; nothing happens when it is not there. Never crosses into a mount."""
    if not path.is_symlink() and not path.exists():
        return
    for mount in mounts():
        if mount.is_relative_to(path.resolve()):
            raise OSError(f"{mount} is still mounted: not removing {path}")
    shutil.rmtree(path)


def mounts() -> list[Path]:
    """Where file systems are mounted, as this process sees it."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    # The kernel writes blanks and backslashes in octal.
    return [Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), line.split()[4])) for line in lines]
