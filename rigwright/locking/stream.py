"""Bytes that arrive, to be read as from a file: forward only."""

from __future__ import annotations

import io
from collections.abc import Iterator

_BUFFER = 1 << 20


class _Chunks(io.RawIOBase):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._left:
            self._left = memoryview(next(self._chunks, b""))
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def stream(chunks: Iterator[bytes]) -> io.BufferedReader:
    """A binary file over chunks, none of which is empty before the end."""
    return io.BufferedReader(_Chunks(chunks), _BUFFER)
