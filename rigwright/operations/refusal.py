"""Saying no: a host that cannot be what it was declared to be fails, and no other with it."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import refuse


@operation()
def refused(text: str) -> Generator[str, None, None]:
    """Fail this host with ``text``, before anything that comes after it."""
    refuse(host, text)
    yield ""  # what makes it an operation
