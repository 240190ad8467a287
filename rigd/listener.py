"""Answers Prometheus on the loopback, between ticks: no thread, no server library."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable

_ANSWER_S = 0.5
_REQUEST = 4096


class Listener:
    """One socket; whoever asks for /metrics gets the text, everybody else a 404."""

    def __init__(self, address: tuple[str, int], text: Callable[[], str]) -> None:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = socket.create_server(address, family=family, backlog=8)
        self._socket.setblocking(False)
        self._text = text

    def serve(self, wait_s: float) -> None:
        """Wait for so long at most, and answer one who asks."""
        ready, _, _ = select.select([self._socket], [], [], max(0.0, wait_s))
        if not ready:
            return
        try:
            peer, _ = self._socket.accept()
        except OSError:
            return  # gone again
        with peer:
            peer.settimeout(_ANSWER_S)
            try:
                line = peer.recv(_REQUEST).split(b"\r\n", 1)[0].split()
                peer.sendall(self._answer(line[1] if len(line) > 1 else b""))
            except OSError:
                return  # whoever asks slowly gets nothing: cards come first

    def _answer(self, path: bytes) -> bytes:
        found = path in (b"/metrics", b"/")
        body = self._text().encode() if found else b"only /metrics is here\n"
        status = b"200 OK" if found else b"404 Not Found"
        head = b"HTTP/1.0 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
        return head % (status, len(body)) + body

    def close(self) -> None:
        """Answer nobody any more."""
        self._socket.close()
