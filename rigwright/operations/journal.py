"""The journal on disk."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because
from rigwright.facts.files import Files

FLUSHED = "/run/systemd/journal/flushed"
"""There once systemd-journald writes to disk; without it, it waits for /var to be mounted, as early in a boot."""


@operation()
def on_disk() -> Generator[str, None, None]:
    """Have journald write to disk now, where it was told to since it last started."""
    if host.get_fact(Files, paths=[FLUSHED])[FLUSHED]:
        host.noop("the journal is written to disk")
        return
    because("the journal is only in memory")
    yield "journalctl --flush"
