"""One at a time: a backup of what is just being put back would be of neither."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from save.errors import Trouble
from save.places import LOCK


@contextmanager
def held(wait: bool, path: Path = LOCK) -> Iterator[None]:
    """Hold the lock; where another holds it, wait, or raise `Trouble`."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Trouble("a backup or a restore is going on: wait for its end, then try again") from None
        yield
