"""The process that serves stand-in repositories, and takes them down with itself when its owner ends.

Started as `python -m sim.repository.server FOLDER`, in a session of its own.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import select
import signal
import sys
import threading
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from urllib.parse import unquote, urlsplit

from sim.registry.server import Registry
from sim.registry.shelf import FOLDER
from sim.repository.archive import OTHER
from sim.repository.network import PORT
from sim.repository.record import Record, load, read_answers

_SIGNED = ("InRelease", "Release.gpg")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers from the folder `www` of the server's record, as its file of answers says at that moment."""

    protocol_version = "HTTP/1.1"
    # apt asks for several files in one breath; each answer must leave at once.
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Sends a file."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Sends what is known of a file."""
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        folder = self.server.record.folder
        answers = read_answers(folder)
        if answers.hang:
            while read_answers(folder).hang and not self.server.ending.wait(0.2):
                continue
            self.close_connection = True
            return
        if answers.status is not None:
            self._refuse(answers.status)
            return
        file = self._file(other=answers.other_key)
        if file is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        self._send(file, body=body)

    def _file(self, *, other: bool) -> Path | None:
        """The file that was asked for; None when there is none. `..` leads nowhere."""
        parts = [part for part in unquote(urlsplit(self.path).path).split("/") if part not in ("", ".")]
        if ".." in parts or OTHER in parts:
            return None
        if other and parts and parts[-1] in _SIGNED:
            parts.insert(-1, OTHER)
        file = self.server.record.folder.joinpath("www", *parts)
        return file if file.is_file() else None

    def _send(self, file: Path, *, body: bool) -> None:
        size = file.stat().st_size
        start = self._offset(size)
        self.send_response(HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(size - start))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if not body:
            return
        with file.open("rb") as source:
            self.connection.sendfile(source, start)

    def _offset(self, size: int) -> int:
        """Where apt wants to go on with what an interrupted download left."""
        unit, _, given = self.headers.get("Range", "").partition("=")
        start = given.rstrip("-")
        return int(start) if unit == "bytes" and start.isdigit() and int(start) < size else 0

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """One line a request, into the server's log."""
        sys.stderr.write(f"{self.address_string()} {format % args}\n")
        sys.stderr.flush()


class Server(http.server.ThreadingHTTPServer):
    """`ending` is set when the server ends: what hangs is let go then."""

    daemon_threads = True

    def __init__(self, record: Record) -> None:
        super().__init__((record.network.address, PORT), Handler)
        self.record = record
        self.ending = threading.Event()


class _Stopped(Exception):
    pass


def serve(folder: Path) -> None:
    """Serves until SIGTERM or until the owner ends; then all of it is taken down."""
    record = load(folder)
    waiting = select.poll()
    if record.owner is not None and record.owner.alive:
        waiting.register(os.pidfd_open(record.owner.pid), select.POLLIN)
    server = Server(record)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if (folder / FOLDER).is_dir():
        registry = Registry(folder / FOLDER, record.network.address)
        threading.Thread(target=registry.serve_forever, daemon=True).start()
    (folder / "ready").touch()
    with contextlib.suppress(_Stopped):
        waiting.poll()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server.ending.set()
    server.shutdown()
    server.server_close()
    record.tear_down()


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    serve(Path(sys.argv[1]))
