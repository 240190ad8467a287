"""A file server on loopback: ranges or none, a token or none, slow or not, and it counts what it sends."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_CHUNK = 1 << 16


@dataclass
class Shelf:
    """``files``: path → bytes; ``sent``: bytes of bodies so far; ``at_once``: most requests at a time; ``elsewhere``:
    blobs are sent by way of another address, as the Ollama registry does; ``ranges_asked``: what was asked for so."""

    files: dict[str, bytes]
    ranges: bool = True
    token: str | None = None
    bytes_per_s: float | None = None
    elsewhere: bool = False
    sent: int = 0
    asked: list[str] = field(default_factory=list)
    ranges_asked: list[str] = field(default_factory=list)
    at_once: int = 0
    address: str = ""
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"


class _Handler(http.server.BaseHTTPRequestHandler):
    shelf: Shelf

    def do_GET(self) -> None:
        shelf = self.shelf
        with shelf._lock:
            shelf.asked.append(self.path)
            shelf._now += 1
            shelf.at_once = max(shelf.at_once, shelf._now)
        self._counted = True
        try:
            self._answer(shelf)
        except ConnectionError:
            self.close_connection = True  # whoever asked was killed
        finally:
            self._uncounted(shelf)

    def _uncounted(self, shelf: Shelf) -> None:
        with shelf._lock:
            shelf._now -= self._counted
        self._counted = False

    def _answer(self, shelf: Shelf) -> None:
        if shelf.token is not None and self.headers.get("Authorization") != f"Bearer {shelf.token}":
            self._head(401, 0)
            return
        if shelf.elsewhere and "/blobs/" in self.path and "?there" not in self.path:
            self.send_response(307)
            self.send_header("Location", f"{shelf.address}{self.path}?there")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = shelf.files.get(self.path.partition("?")[0].lstrip("/"))
        if data is None:
            self._head(404, 0)
            return
        unit, _, wanted = (self.headers.get("Range") or "").partition("=")
        ranged = unit == "bytes" and shelf.ranges
        if ranged:
            shelf.ranges_asked.append(wanted)
        first, _, last = wanted.partition("-")
        start, end = (int(first), min(int(last or len(data)), len(data) - 1) + 1) if ranged else (0, len(data))
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        for place in range(start, end, _CHUNK):
            chunk = data[place : min(place + _CHUNK, end)]
            if shelf.bytes_per_s:
                time.sleep(len(chunk) / shelf.bytes_per_s)
            if place + _CHUNK >= end:
                self._uncounted(shelf)  # before the last of it is there, and another may be asked for
            self.wfile.write(chunk)
            shelf.sent += len(chunk)

    def _head(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def served(shelf: Shelf) -> Iterator[Shelf]:
    handler = type("Handler", (_Handler,), {"shelf": shelf})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    shelf.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield shelf
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
