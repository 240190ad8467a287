"""What all that is asked has in common: patience, what is said when it fails, and files read from their beginning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader

import httpx2

from rigwright.locking.stream import stream

TIMEOUT_S = 30


class CannotLock(Exception):
    """A model could not be looked at, or is not one; the text says why, and holds no secret."""


def said(error: Exception) -> str:
    """An error in one line."""
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def reading(url: str, headers: Mapping[str, str]) -> Iterator[BufferedReader]:
    """A file from its beginning; what is not read of it is not sent. Raises what httpx2 does."""
    with httpx2.stream("GET", url, headers=dict(headers), follow_redirects=True, timeout=TIMEOUT_S) as response:
        response.raise_for_status()
        yield stream(response.iter_bytes(1 << 16))
