"""A file on its way to its place: hashed, named, and never half there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from fetch.plan import File

_CHUNK = 4 * 2**20


def is_right(path: Path, file: File) -> bool:
    """Whether these bytes are the file's."""
    if file.size is not None and path.stat().st_size != file.size:
        return False
    kind, _, wanted = file.digest.partition(":")
    return hash_of(path, kind) == wanted


def hash_of(path: Path, kind: str) -> str:
    """``kind`` "sha256", or "git": what git names a blob by."""
    digest: Any
    if kind == "git":
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    else:
        digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return str(digest.hexdigest())


def put(file: File) -> None:
    """The whole part becomes the file: on disk before it has its name."""
    descriptor = os.open(file.part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    file.part.chmod(0o644)
    file.part.replace(file.content)
    _sync_folder(file.content.parent)


def write(file: File, aside: Path) -> None:
    """What is known of it becomes the file. ``aside``: where it is written, which has no meaning to anybody else."""
    assert file.text is not None
    file.content.parent.mkdir(parents=True, exist_ok=True)
    with aside.open("wb") as out:
        out.write(file.text.encode())
        out.flush()
        os.fsync(out.fileno())
    aside.chmod(0o644)
    aside.replace(file.content)
    _sync_folder(file.content.parent)


def is_linked(file: File) -> bool:
    """Whether the name beside it, if it has one, leads to it."""
    if file.link is None:
        return True
    return file.link.is_symlink() and str(file.link.readlink()) == _target(file)


def link(file: File) -> None:
    """Have the name lead to it, by a relative path: the whole tree can be moved."""
    if file.link is None or is_linked(file):
        return
    file.link.parent.mkdir(parents=True, exist_ok=True)
    new = file.link.with_name(f".{file.link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(_target(file))
    new.replace(file.link)


def write_ref(path: Path, commit: str) -> None:
    """The Hub's note of what a revision's name meant."""
    if path.is_file() and path.read_text(encoding="utf-8") == commit:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(commit, encoding="utf-8")
    new.replace(path)


def _target(file: File) -> str:
    assert file.link is not None
    return os.path.relpath(file.content, file.link.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
