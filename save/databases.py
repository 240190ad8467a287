"""SQLite databases, copied while they are in use by SQLite's own backup: their files alone may be of no one moment."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from save.errors import Trouble

ENDINGS = (".db", ".sqlite", ".sqlite3", ".db3")
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite itself keeps beside a database; of another moment than the database it would spoil it."""
_MAGIC = b"SQLite format 3\x00"
_OK, _DONE = 0, 101  # SQLITE_OK, SQLITE_DONE
BUSY_S = 60.0
"""How long a lock on a database is waited for."""


def found_in(paths: Sequence[str], left_out: Sequence[str]) -> list[Path]:
    """Every database at or under these paths, but not under ``left_out``."""
    return sorted({path for each in paths for path in _files(Path(each), left_out) if is_database(path)})


def is_database(path: Path) -> bool:
    """Whether it is one: by its name's ending, and by its first bytes."""
    if path.suffix not in ENDINGS or path.is_symlink():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def copied(database: Path, stage: Path) -> Path:
    """Copy it under ``stage``, with its owner, mode and time of change. Raises `Trouble`."""
    copy = stage / database.relative_to("/")
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    seen = database.stat()
    when_ns = changed_ns(str(database))
    try:
        with (
            closing(sqlite3.connect(f"file:{_quoted(database)}?mode=rw", uri=True, timeout=BUSY_S)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target, progress=_patience(database))
    except sqlite3.Error as error:
        raise Trouble(f"{database}: SQLite cannot copy it: {error}") from error
    shutil.copymode(database, copy)
    os.chown(copy, seen.st_uid, seen.st_gid)
    os.utime(copy, ns=(when_ns, when_ns))
    return copy


def changed_ns(database: str) -> int:
    """When it was changed last, ns since the epoch, also by what is not in its own file yet; 0: it is not there."""
    seen = [path.stat() for path in (Path(database), Path(f"{database}-wal")) if path.exists()]
    # A reader, too, makes an empty one.
    return max((each.st_mtime_ns for number, each in enumerate(seen) if not number or each.st_size), default=0)


def trouble_in(copy: Path) -> str:
    """What SQLite finds broken in a copy; empty: nothing."""
    try:
        with closing(sqlite3.connect(f"file:{_quoted(copy)}?immutable=1", uri=True)) as connection:
            found = [str(line) for (line,) in connection.execute("PRAGMA quick_check(1)")]
    except sqlite3.Error as error:
        return str(error)
    return "" if found == ["ok"] else "; ".join(found)


def beside(database: str) -> list[str]:
    """The files that SQLite may keep beside it."""
    return [f"{database}{ending}" for ending in BESIDE]


def _patience(database: Path) -> Callable[[int, int, int], None]:
    """SQLite's backup goes on asking for as long as another has locked the database; this ends it."""
    end = time.monotonic() + BUSY_S

    def looked(status: int, remaining: int, total: int) -> None:
        if status not in (_OK, _DONE) and time.monotonic() > end:
            raise Trouble(f"{database}: SQLite cannot copy it: locked for {BUSY_S} s")

    return looked


def _files(path: Path, left_out: Sequence[str]) -> Iterator[Path]:
    if path.is_file():
        yield path
    for folder, folders, files in os.walk(path):
        folders[:] = [name for name in folders if f"{folder}/{name}" not in left_out]
        yield from (Path(folder, name) for name in files)


def _quoted(path: Path) -> str:
    """A path in an address of SQLite's."""
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
